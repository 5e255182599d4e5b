package kbroker

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// Broker is one running broker. Its methods are safe for concurrent use.
type Broker struct {
	o         Options
	log       *slog.Logger
	id        int32
	clusterID string

	links     *links
	listeners []listener
	session   *session
	former    *formerSessions
	zk        *zkclient.Client
	mirror    *mirror.Mirror
	dirs      []*klog.Dir
	// offlineDirs are the paths of the log folders that could not be opened.
	offlineDirs []string
	parts       *partitions.Manager
	groups      *groups.Coordinator
	control     *control.Control
	admin       *admin.Admin
	server      *wire.Server
	creator     *creator
	producers   *producerIDs
	allTopics   metadataCache
	applied     *applied
	applying    sync.Once // applyImages begins with the first registration
	// registeredIn counts the sessions that had ended before the one that the broker is registered in. It belongs to Start,
	// then to watchSession.
	registeredIn int
	firstEpoch   int64 // of the first registration, 0 before it; belongs to the same

	ctx    context.Context // of the broker's own goroutines
	cancel context.CancelFunc
	wg     sync.WaitGroup

	ending sync.Once
	done   chan struct{}
	mu     struct {
		sync.Mutex
		ending bool  // Close or Kill has begun
		err    error // why it could not go on
	}
}

// ID is broker.id, or the one that ZooKeeper gave out.
func (b *Broker) ID() int32 { return b.id }

// ClusterID is the id in /cluster/id.
func (b *Broker) ClusterID() string { return b.clusterID }

// Addr is where the listener of that name listens; "" is the first one. It is nil where there is none.
func (b *Broker) Addr(name string) net.Addr {
	for _, l := range b.listeners {
		if l.name == name || name == "" {
			return l.Addr()
		}
	}
	return nil
}

// Await waits until the cluster, as this broker sees it and acts on it, fulfils cond. The image is not to be changed.
// The error is that of ctx, or says that the broker has ended.
func (b *Broker) Await(ctx context.Context, cond func(*kzk.Image) bool) error {
	return b.applied.wait(ctx, cond)
}

// Done is closed when the broker cannot go on, and when Close or Kill have ended it; Err says why.
func (b *Broker) Done() <-chan struct{} { return b.done }

// Err is why the broker could not go on; nil before that, and where it was ended. A broker that has ended by itself is
// still to be closed.
func (b *Broker) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.err
}

// fail says that the broker cannot go on. Whoever started it closes it. What fails while it is being ended is no reason.
func (b *Broker) fail(err error) {
	b.mu.Lock()
	first := b.mu.err == nil && !b.mu.ending
	if first {
		b.mu.err = err
	}
	b.mu.Unlock()
	if first {
		b.log.Error("the broker cannot go on", "err", err)
		b.finish()
	}
}

// end does what ends the broker, once.
func (b *Broker) end(how func()) {
	b.ending.Do(func() {
		b.mu.Lock()
		b.mu.ending = true
		b.mu.Unlock()
		how()
		b.finish()
	})
}

// finish closes done, once.
func (b *Broker) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.done:
	default:
		close(b.done)
	}
}

// run starts a goroutine that Close and Kill wait for.
func (b *Broker) run(f func(context.Context)) {
	b.wg.Go(func() { f(b.ctx) })
}
