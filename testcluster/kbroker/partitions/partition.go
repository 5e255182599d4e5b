package partitions

import (
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// topic is what the partitions of one incarnation of a topic have in common.
type topic struct {
	name  string
	czxid int64
	id    kproto.UUID          // zero: none yet
	parts map[int32]*partition // of this table; never changed

	shared *topicShared
}

// topicShared outlives the tables that a topic is in.
type topicShared struct{ conf atomic.Pointer[topicConf] }

// topicConf is a topic's configuration as it was after an Apply.
type topicConf struct {
	kconf.Topic
	applied int64
}

// table is all replicas that this broker has, by name. It is replaced, never changed.
type table struct {
	topics map[string]*topic
	img    *kzk.Image
}

var noTable = &table{topics: map[string]*topic{}, img: &kzk.Image{}}

// find returns nil where this broker has no such replica.
func (t *table) find(name []byte, id int32) *partition {
	if topic := t.topics[string(name)]; topic != nil {
		return topic.parts[id]
	}
	return nil
}

// findKey is find by a name that is a string already.
func (t *table) findKey(key partitionKey) *partition {
	if topic := t.topics[key.topic]; topic != nil {
		return topic.parts[key.partition]
	}
	return nil
}

// name is a topic's name as a string, for known ones without a copy.
func (t *table) name(name []byte) string {
	if topic := t.topics[string(name)]; topic != nil {
		return topic.name
	}
	return string(name)
}

// missing is the error for a partition that this broker has no replica of.
func (t *table) missing(name string, id int32) kproto.Error {
	if t.img.Partition(name, id) == nil {
		return kproto.UnknownTopicOrPartition
	}
	return kproto.NotLeaderOrFollower
}

// partition is one replica on this broker, in one incarnation of its topic.
type partition struct {
	m      *Manager
	topic  string
	id     int32
	shared *topicShared

	mu sync.Mutex // orders everything that changes what follows, and the log
	// log is nil until the first leader is known, and again when the replica is gone.
	log *klog.Log
	dir *klog.Dir
	// offline is set where the log's folder has failed.
	offline bool
	// lead is there while this broker leads, follow while it follows. Both are nil where there is no leader.
	lead   *replica.Leader
	follow *replica.Follower
	// epoch is that of the last state that was applied, -1 before.
	epoch           int32
	controllerEpoch int32
	// parked requests: produces wait for the high watermark, in the order of the offsets they need; readers for it too;
	// followers for the log's end; deletions for the low watermark.
	produces  queue[produceWait]
	readers   queue[fetchItem]
	followers queue[fetchItem]
	deletions queue[deletion]
	// moves counts all that a fetch may find new: an append, a high watermark, a log start, another role or epoch. It is
	// changed under the lock, and is never 0.
	moves atomic.Int64
	// proposing is set while the change of the ISR is with the writer.
	proposing bool
	// stateMzxid is that of the newest state that this broker leads by.
	stateMzxid int64
	// isrFailures counts the writes of the ISR that have failed one after another.
	isrFailures int
}

// leader is nil unless this broker leads the partition, and may say so. The caller holds the lock.
func (p *partition) leader() *replica.Leader {
	if p.m.fenced.Load() {
		return nil
	}
	return p.lead
}

// check is leader, with the leader epoch of a request compared.
func (p *partition) check(epoch int32) (*replica.Leader, error) {
	l := p.leader()
	if l == nil {
		return nil, p.notLeader()
	}
	if err := replica.CheckEpoch(epoch, l.Epoch()); err != nil {
		return nil, err
	}
	return l, nil
}

// notLeader is what a client is told that asks a replica which does not lead. The caller holds the lock.
func (p *partition) notLeader() kproto.Error {
	if p.offline {
		return kproto.KafkaStorageError
	}
	return kproto.NotLeaderOrFollower
}

// conf is the topic's configuration now.
func (p *partition) conf() *topicConf {
	applied := p.m.applied.Load()
	if c := p.shared.conf.Load(); c != nil && c.applied == applied {
		return c
	}
	c := &topicConf{Topic: p.m.o.TopicConfig(p.topic), applied: applied}
	p.shared.conf.Store(c)
	return c
}

// wakes is what has come true under a partition's lock, and is finished after it.
type wakes struct {
	produces  []*produceWait
	fetches   []*fetch
	deletions []*deletion
	propose   *partition
}

// run finishes it. No lock is held.
func (w *wakes) run() {
	for _, p := range w.produces {
		p.op.settled(p)
	}
	for _, f := range w.fetches {
		f.wake()
	}
	for _, d := range w.deletions {
		d.check()
	}
	if w.propose != nil {
		w.propose.m.isr.push(w.propose)
	}
}

// moved takes over a new high watermark, and collects who waits for it. The caller holds the lock.
func (p *partition) moved(w *wakes) {
	hw := p.lead.HighWatermark()
	p.log.SetHighWatermark(hw)
	p.moves.Add(1)
	for n := p.produces.first; n != nil && n.value.need <= hw; n = p.produces.first {
		n.remove()
		if !p.lead.Enough(n.value.minISR) {
			n.value.err = kproto.NotEnoughReplicasAfterAppend
		}
		w.produces = append(w.produces, n.value)
	}
	for it := p.readers.pop(); it != nil; it = p.readers.pop() {
		w.fetches = append(w.fetches, it.f)
	}
}

// due collects a change of the ISR. The caller holds the lock.
func (p *partition) due(w *wakes) {
	if p.proposing {
		return
	}
	if _, unsettled := p.lead.Unsettled(); !unsettled && !p.lead.Due(p.m.o.Now()) {
		return
	}
	p.proposing = true
	w.propose = p
}

// wakeFollowers collects the parked fetches of followers: the log has an append, or another start. The caller holds the lock.
func (p *partition) wakeFollowers(w *wakes) {
	p.moves.Add(1)
	for it := p.followers.pop(); it != nil; it = p.followers.pop() {
		w.fetches = append(w.fetches, it.f)
	}
}

// refuse collects everything that is parked: this broker does not lead any more, or not in the same epoch. The caller holds
// the lock.
func (p *partition) refuse(w *wakes) {
	for n := p.produces.first; n != nil; n = p.produces.first {
		n.remove()
		n.value.err = kproto.NotLeaderOrFollower
		w.produces = append(w.produces, n.value)
	}
	for it := p.readers.pop(); it != nil; it = p.readers.pop() {
		w.fetches = append(w.fetches, it.f)
	}
	p.wakeFollowers(w)
	for d := p.deletions.pop(); d != nil; d = p.deletions.pop() {
		w.deletions = append(w.deletions, d)
	}
}
