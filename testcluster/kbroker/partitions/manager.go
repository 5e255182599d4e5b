package partitions

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Manager has the replicas of one broker.
type Manager struct {
	o            Options
	onLeadership []func(topic string, partition int32, epoch int32, leads bool)
}

// New returns a Manager that knows of no partition yet: see [Manager.Apply].
func New(o Options) *Manager { return &Manager{o: o.withDefaults()} }

// Apply makes the replicas on this broker what img says: call it with each new image, in order, from one goroutine. It
// creates, truncates and deletes folders, but does not wait for the network. A folder is deleted only if its topic is gone
// from the image, or is another one of that name.
func (m *Manager) Apply(img *kzk.Image) {}

// Rows are the APIs that the Manager answers.
func (m *Manager) Rows() []wire.Row { return nil }

// Append appends a batch of this broker's own to a partition that it leads, and calls done once, from any goroutine, when
// all replicas in sync have it, or after timeout, or when it cannot be. The error is a kproto.Error. The batch is taken over.
func (m *Manager) Append(topic string, partition int32, batch []byte, timeout time.Duration, done func(base int64, err error)) {
	done(-1, kproto.NotLeaderOrFollower)
}

// ReadLocal returns whole batches from an offset on of a partition that this broker leads, max bytes or one batch, up to
// the log's end: a coordinator reads what it wrote before it was exposed. hw is the high watermark. There are none at the end.
func (m *Manager) ReadLocal(topic string, partition int32, from int64, max int) (batches []byte, hw int64, err error) {
	return nil, 0, kproto.NotLeaderOrFollower
}

// Leads says whether this broker leads a partition, and since which leader epoch.
func (m *Manager) Leads(topic string, partition int32) (epoch int32, ok bool) { return 0, false }

// OnLeadership has fn told when this broker becomes a partition's leader, leads it in another epoch, or ceases to. Call it
// before the first Apply; fn must not block. A fence is not told.
func (m *Manager) OnLeadership(fn func(topic string, partition int32, epoch int32, leads bool)) {
	m.onLeadership = append(m.onLeadership, fn)
}

// Fence says that the session with ZooKeeper is lost, or there again. As long as it is lost the Manager answers as if it
// led nothing, with NOT_LEADER_OR_FOLLOWER: somebody else may lead by now.
func (m *Manager) Fence(lost bool) {}

// Close ends all goroutines of the Manager and answers what waits. The logs stay open.
func (m *Manager) Close() error { return nil }
