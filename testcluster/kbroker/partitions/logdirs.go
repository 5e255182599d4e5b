package partitions

import (
	"path/filepath"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// describeLogDirs lists the folders with their logs.
func (m *Manager) describeLogDirs(req *wire.Request) {
	q := kmsg.NewPtrDescribeLogDirsRequest()
	if req.Decode(q) != nil {
		return
	}
	resp := q.ResponseKind().(*kmsg.DescribeLogDirsResponse)
	for _, d := range m.o.Dirs {
		dir := kmsg.NewDescribeLogDirsResponseDir()
		dir.Dir = d.Path()
		if d.Err() != nil {
			dir.ErrorCode = int16(kproto.KafkaStorageError)
			resp.Dirs = append(resp.Dirs, dir)
			continue
		}
		dir.Topics = logsOf(d, q)
		dir.TotalBytes, dir.UsableBytes = diskSpace(d.Path())
		resp.Dirs = append(resp.Dirs, dir)
	}
	for _, path := range m.o.OfflineDirs {
		dir := kmsg.NewDescribeLogDirsResponseDir()
		dir.Dir, dir.ErrorCode = path, int16(kproto.KafkaStorageError)
		resp.Dirs = append(resp.Dirs, dir)
	}
	req.Reply(resp)
}

// logsOf are the logs of a folder that a request asks for, by topic and partition.
func logsOf(d *klog.Dir, q *kmsg.DescribeLogDirsRequest) []kmsg.DescribeLogDirsResponseDirTopic {
	byTopic := make(map[string][]kmsg.DescribeLogDirsResponseDirTopicPartition)
	for _, log := range d.Logs() {
		if !asksFor(q, log.Topic(), log.Partition()) {
			continue
		}
		p := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
		p.Partition, p.Size = log.Partition(), log.Size()
		byTopic[log.Topic()] = append(byTopic[log.Topic()], p)
	}
	var topics []kmsg.DescribeLogDirsResponseDirTopic
	for name, parts := range byTopic {
		slices.SortFunc(parts, func(a, b kmsg.DescribeLogDirsResponseDirTopicPartition) int { return int(a.Partition - b.Partition) })
		t := kmsg.NewDescribeLogDirsResponseDirTopic()
		t.Topic, t.Partitions = name, parts
		topics = append(topics, t)
	}
	slices.SortFunc(topics, func(a, b kmsg.DescribeLogDirsResponseDirTopic) int {
		if a.Topic < b.Topic {
			return -1
		}
		return 1
	})
	return topics
}

// asksFor says whether a request is about a log; null topics are all.
func asksFor(q *kmsg.DescribeLogDirsRequest, topic string, partition int32) bool {
	if q.Topics == nil {
		return true
	}
	for _, t := range q.Topics {
		if t.Topic == topic && slices.Contains(t.Partitions, partition) {
			return true
		}
	}
	return false
}

// wantedDirs remembers in which folder a replica shall be made that is not there yet: kafka-reassign-partitions says so
// before it moves the partition to this broker.
type wantedDirs struct {
	mu    sync.Mutex
	byKey map[partitionKey]*klog.Dir
}

// maxWanted bounds what is remembered.
const maxWanted = 100_000

func (w *wantedDirs) put(key partitionKey, d *klog.Dir) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byKey == nil {
		w.byKey = make(map[partitionKey]*klog.Dir)
	}
	if len(w.byKey) < maxWanted {
		w.byKey[key] = d
	}
}

func (w *wantedDirs) take(key partitionKey) *klog.Dir {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.byKey[key]
	delete(w.byKey, key)
	return d
}

// alterReplicaLogDirs says in which folders replicas shall be. One that is not on this broker gets REPLICA_NOT_AVAILABLE, and
// is put there if it comes; one that is there already is done. A replica is not moved between folders while it is in use:
// that is UNSUPPORTED_VERSION.
func (m *Manager) alterReplicaLogDirs(req *wire.Request) {
	q := kmsg.NewPtrAlterReplicaLogDirsRequest()
	if req.Decode(q) != nil {
		return
	}
	resp := q.ResponseKind().(*kmsg.AlterReplicaLogDirsResponse)
	for _, dir := range q.Dirs {
		for _, topic := range dir.Topics {
			out := kmsg.NewAlterReplicaLogDirsResponseTopic()
			out.Topic = topic.Topic
			for _, id := range topic.Partitions {
				p := kmsg.NewAlterReplicaLogDirsResponseTopicPartition()
				p.Partition, p.ErrorCode = id, int16(m.putInto(dir.Dir, partitionKey{topic.Topic, id}))
				out.Partitions = append(out.Partitions, p)
			}
			resp.Topics = append(resp.Topics, out)
		}
	}
	req.Reply(resp)
}

func (m *Manager) dir(path string) *klog.Dir {
	for _, d := range m.o.Dirs {
		if filepath.Clean(d.Path()) == filepath.Clean(path) {
			return d
		}
	}
	return nil
}

func (m *Manager) putInto(path string, key partitionKey) kproto.Error {
	d := m.dir(path)
	switch {
	case d != nil && d.Err() != nil, slices.Contains(m.o.OfflineDirs, path):
		return kproto.KafkaStorageError
	case d == nil:
		return kproto.LogDirNotFound
	case d.Log(key.topic, key.partition) != nil:
		return kproto.NoError
	case m.findLog(key.topic, key.partition) == nil:
		m.wanted.put(key, d)
		return kproto.ReplicaNotAvailable
	}
	return kproto.UnsupportedVersion
}
