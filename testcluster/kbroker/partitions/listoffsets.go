package partitions

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Timestamps of ListOffsets that are questions of their own.
const (
	latestTimestamp   = -1
	earliestTimestamp = -2
	maxTimestamp      = -3
)

func (m *Manager) listOffsets(req *wire.Request) {
	q := kmsg.NewPtrListOffsetsRequest()
	if req.Decode(q) != nil {
		return
	}
	resp := q.ResponseKind().(*kmsg.ListOffsetsResponse)
	t := m.table.Load()
	for _, topic := range q.Topics {
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = topic.Topic
		for i := range topic.Partitions {
			out.Partitions = append(out.Partitions, listOffset(t, req.Version, q.ReplicaID, topic.Topic, &topic.Partitions[i]))
		}
		resp.Topics = append(resp.Topics, out)
	}
	req.Reply(resp)
}

// position in time or log, as ListOffsets answers it: -1 is none.
type listed struct {
	offset, timestamp int64
	epoch             int32
}

func listOffset(t *table, version int16, replica int32, topic string, q *kmsg.ListOffsetsRequestTopicPartition) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition = q.Partition
	p := t.findKey(partitionKey{topic, q.Partition})
	if p == nil {
		out.ErrorCode = int16(t.missing(topic, q.Partition))
		return out
	}
	epoch := q.CurrentLeaderEpoch
	if version < 4 {
		epoch = -1
	}
	at, err := p.listOffset(epoch, replica, q.Timestamp)
	if err == kproto.OffsetNotAvailable && version < 5 {
		err = kproto.LeaderNotAvailable
	}
	if err != nil {
		out.ErrorCode = int16(codeOf(err))
		return out
	}
	out.Offset, out.Timestamp, out.LeaderEpoch = at.offset, at.timestamp, at.epoch
	if version == 0 && at.offset >= 0 && q.MaxNumOffsets > 0 {
		out.OldStyleOffsets = []int64{at.offset}
	}
	return out
}

// listOffset answers one question. Clients see what is below the high watermark; followers all of the log.
func (p *partition) listOffset(epoch, replica int32, timestamp int64) (listed, error) {
	p.mu.Lock()
	l, err := p.check(epoch)
	if err != nil {
		p.mu.Unlock()
		return listed{}, err
	}
	log, end, led, settled := p.log, p.bound(replica), l.Epoch(), replica >= 0 || l.HighWatermark() >= l.EpochStart()
	p.mu.Unlock()

	none := listed{-1, -1, -1}
	switch timestamp {
	case latestTimestamp:
		if !settled {
			// The leader before may have shown more than this one knows to be safe.
			return none, kproto.OffsetNotAvailable
		}
		return listed{end, -1, led}, nil
	case earliestTimestamp:
		start := log.StartOffset()
		return listed{start, -1, epochAt(log, start)}, nil
	}
	var found listed
	if timestamp == maxTimestamp {
		found.offset, found.timestamp, found.epoch, err = log.MaxTimestamp()
	} else {
		found.offset, found.timestamp, found.epoch, err = log.OffsetForTime(timestamp)
	}
	switch {
	case err != nil:
		return none, err
	case found.offset >= 0 && found.offset < end:
		return found, nil
	case !settled:
		return none, kproto.OffsetNotAvailable
	}
	return none, nil
}

// epochs is what a log knows of leader epochs.
type epochs interface {
	LatestEpoch() int32
	EndOffsetForEpoch(epoch int32) (int32, int64)
}

// epochAt is the leader epoch of the record at offset, -1 if there is none yet: the lowest one that ends behind it.
func epochAt(log epochs, offset int64) int32 {
	low, high := int32(0), log.LatestEpoch()
	if high < 0 {
		return -1
	}
	for low < high {
		middle := low + (high-low)/2
		if _, end := log.EndOffsetForEpoch(middle); end > offset {
			high = middle
		} else {
			low = middle + 1
		}
	}
	epoch, _ := log.EndOffsetForEpoch(low)
	return epoch
}
