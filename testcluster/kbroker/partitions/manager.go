package partitions

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Manager has the replicas of one broker.
type Manager struct {
	o        Options
	table    atomic.Pointer[table]
	applied  atomic.Int64 // how many images
	fenced   atomic.Bool
	timers   timers
	isr      isrWriter
	resigner resigner
	fetchers fetchers
	sessions *sessionCache
	refusals refusals
	parked   atomic.Int64 // items of parked fetches
	// rooms are *[]fetchItem, scratches are *scratch.
	rooms, scratches sync.Pool
	wanted           wantedDirs
	dirFailed        chan struct{}

	// What follows is of the goroutine that applies images: how many partitions were made; the image that is being applied;
	// the cluster of the first one; topics some logs of which could not be made; the ISRs to leave; who is told of
	// leadership, and of what.
	made         int64
	img          *kzk.Image
	cluster      string
	unfinished   map[string]bool
	resigning    []resignation
	onLeadership []func(topic string, partition int32, epoch int32, leads bool)
	told         map[partitionKey]led

	cancel context.CancelFunc
	wg     sync.WaitGroup
	closed sync.Once
}

// New returns a Manager that knows of no partition yet: see [Manager.Apply]. It is to be closed.
func New(o Options) *Manager {
	m := &Manager{o: o.withDefaults(), told: make(map[partitionKey]led), unfinished: make(map[string]bool)}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.table.Store(noTable)
	m.timers.wake = make(chan struct{}, 1)
	m.isr = isrWriter{m: m, wake: make(chan struct{}, 1)}
	m.resigner = resigner{m: m, wake: make(chan struct{}, 1)}
	m.dirFailed = make(chan struct{}, 1)
	m.fetchers = fetchers{m: m, ctx: ctx, byLeader: make(map[int32]*fetcher)}
	m.refusals.now = m.o.Now
	m.sessions = newSessionCache(m.o.FetchSessions, m.lag())
	m.wg.Go(func() { m.timers.run(ctx.Done()) })
	m.wg.Go(func() { m.isr.run(ctx) })
	m.wg.Go(func() { m.resigner.run(ctx) })
	for _, d := range m.o.Dirs {
		m.wg.Go(func() { m.watchDir(ctx, d) })
	}
	m.wg.Go(func() { m.watchLag(ctx) })
	return m
}

// Rows are the APIs that the Manager answers.
func (m *Manager) Rows() []wire.Row {
	return []wire.Row{
		{Key: int16(kmsg.Produce), Max: codec.ProduceMax, Handle: m.produce},
		{Key: int16(kmsg.Fetch), Max: codec.FetchMax, Handle: m.fetch},
		{Key: int16(kmsg.ListOffsets), Max: 7, Handle: m.listOffsets},
		{Key: int16(kmsg.DeleteRecords), Max: 2, Handle: m.deleteRecords},
		{Key: int16(kmsg.OffsetForLeaderEpoch), Max: 4, Handle: m.offsetForLeaderEpoch},
		{Key: int16(kmsg.AlterReplicaLogDirs), Max: 2, Handle: m.alterReplicaLogDirs},
		{Key: int16(kmsg.DescribeLogDirs), Max: 4, Handle: m.describeLogDirs},
	}
}

// Fence says that the session with ZooKeeper is lost, or there again. As long as it is lost the Manager answers as if it
// led nothing, with NOT_LEADER_OR_FOLLOWER: somebody else may lead by now.
func (m *Manager) Fence(lost bool) {
	m.fenced.Store(lost)
	m.each(func(p *partition) {
		if lost {
			p.giveUp()
		} else {
			p.lookForLag()
		}
	})
}

// giveUp ends what waits for this broker as a leader. It goes on leading, as far as it knows.
func (p *partition) giveUp() {
	var w wakes
	p.mu.Lock()
	p.refuse(&w)
	p.mu.Unlock()
	w.run()
}

func (m *Manager) each(fn func(*partition)) {
	for _, t := range m.table.Load().topics {
		for _, p := range t.parts {
			fn(p)
		}
	}
}

// StopFollowing ends the copying of other brokers' partitions, for good: before a shutdown, so that their leaders do not
// take this broker back into the ISRs that it has just left.
func (m *Manager) StopFollowing() { m.fetchers.stop() }

// Close ends all goroutines of the Manager, and answers what waits as a broker that leads nothing. The logs stay open.
func (m *Manager) Close() error {
	m.closed.Do(func() {
		m.Fence(true)
		m.cancel()
		m.fetchers.stop()
		m.wg.Wait()
	})
	return nil
}

func (m *Manager) lag() time.Duration { return time.Duration(m.o.ReplicaLagMs) * time.Millisecond }
