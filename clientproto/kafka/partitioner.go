package kafka

import (
	"math"

	"github.com/twmb/franz-go/pkg/kgo"
)

// chooser lets a record choose its partition, and else asks a partitioner.
type chooser struct{ kgo.Partitioner }

// ForTopic is for franz-go.
func (c chooser) ForTopic(topic string) kgo.TopicPartitioner {
	return &topicChooser{c.Partitioner.ForTopic(topic)}
}

// topicChooser passes on what the partitioner below it can do: it chooses by how much is under way.
type topicChooser struct{ kgo.TopicPartitioner }

// chosen is the partition that a record has chosen of n. One that is not there is noted: franz-go fails the record.
func chosen(r *kgo.Record, n int) (int, bool) {
	e, ok := r.Context.(*entry)
	if !ok || e.partition < 0 {
		return 0, false
	}
	if int(e.partition) >= n {
		e.beyond = n
	}
	return int(e.partition), true
}

// RequiresConsistency is true where only one partition will do, whether it can be written to or not.
func (t *topicChooser) RequiresConsistency(r *kgo.Record) bool {
	if _, ok := chosen(r, math.MaxInt); ok {
		return true
	}
	return t.TopicPartitioner.RequiresConsistency(r)
}

// Partition is for records with a key or a partition.
func (t *topicChooser) Partition(r *kgo.Record, n int) int {
	if p, ok := chosen(r, n); ok {
		return p
	}
	return t.TopicPartitioner.Partition(r, n)
}

// PartitionByBackup is for all others.
func (t *topicChooser) PartitionByBackup(r *kgo.Record, n int, backup kgo.TopicBackupIter) int {
	if p, ok := chosen(r, n); ok {
		return p
	}
	if by, ok := t.TopicPartitioner.(kgo.TopicBackupPartitioner); ok {
		return by.PartitionByBackup(r, n, backup)
	}
	return t.TopicPartitioner.Partition(r, n)
}

// OnNewBatch tells the partitioner below that a batch was full.
func (t *topicChooser) OnNewBatch() {
	if on, ok := t.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		on.OnNewBatch()
	}
}
