package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Options are what a [Mirror] works with.
type Options struct {
	ZK     *zkclient.Client // not closed by the mirror
	Logger *slog.Logger     // nil: none
}

// Mirror has the newest image of the cluster. All methods may be called from any goroutine.
//
// One goroutine reads, in passes: all that was reported since the last one, or everything where the
// connection has changed since. What is reported meanwhile is for the next pass, so that a burst of
// changes costs few passes, and each image shows every znode as it was once, never older than the
// image before.
type Mirror struct {
	zk     *zkclient.Client
	log    *slog.Logger
	ctx    context.Context // ends run
	cancel context.CancelFunc
	done   chan struct{} // closed when run has ended
	wake   chan struct{} // one token: there is something to do

	// The reading goroutine's own.
	builder    *kzk.Builder
	connection int64             // on which everything was read last; 0: none
	session    zkproto.SessionID // whose watches are set
	watched    int               // of roots, from the first

	mu struct {
		sync.Mutex
		image   *kzk.Image
		changed chan struct{}       // closed when image is replaced
		dirty   map[string]struct{} // reported since the last pass began
		waiting []chan struct{}     // of Fresh: closed by the end of a pass that began later
	}
}

// roots are the znodes that are watched, with all below them.
var roots = []string{"/brokers", kzk.ConfigPath, "/admin", kzk.ControllerPath, kzk.ControllerEpochPath, kzk.ClusterPath}

// Start returns after the first full load. It fails where ctx ends first, the client is closed or its session over, or
// ZooKeeper refuses the watches, as releases before 3.6 do.
func Start(ctx context.Context, o Options) (*Mirror, error) {
	m := &Mirror{zk: o.ZK, log: o.Logger, done: make(chan struct{}), wake: make(chan struct{}, 1), builder: kzk.NewBuilder()}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.mu.changed = make(chan struct{})
	m.mu.dirty = map[string]struct{}{}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	for wait := shortest; ; wait = min(2*wait, longest) {
		err := m.pass(ctx)
		if err == nil {
			break
		}
		if !transient(err) || pause(ctx, wait) != nil {
			m.cancel()
			return nil, fmt.Errorf("reading the cluster from ZooKeeper: %w", err)
		}
	}
	go m.run()
	return m, nil
}

// transient errors end with the connection, or with a session that the client renews.
func transient(err error) bool {
	return errors.Is(err, zkproto.ConnectionLoss) || errors.Is(err, zkproto.SessionExpired) || errors.Is(err, zkproto.SessionMoved)
}

// The bounds of the time between a pass that failed and the next.
const (
	shortest = 20 * time.Millisecond
	longest  = time.Second
)

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Mirror) run() {
	defer close(m.done)
	wait := shortest
	for {
		select {
		case <-m.wake:
		case <-m.ctx.Done():
			return
		}
		for {
			err := m.pass(m.ctx)
			if err == nil {
				wait = shortest
				break
			}
			if m.ctx.Err() != nil {
				return
			}
			if !transient(err) {
				m.log.Warn("the cluster could not be read from ZooKeeper, which is tried again", "error", err)
			}
			if pause(m.ctx, wait) != nil {
				return
			}
			wait = min(2*wait, longest)
		}
	}
}

// HandleEvent takes the events of the session, those of [zkclient.Config.OnEvent]: with a new connection everything is
// read again. Events from before the end of Start need not be handed on.
func (m *Mirror) HandleEvent(ev zkproto.WatchedEvent) {
	if ev.Type == zkproto.EventNone {
		m.kick()
	}
}

// onChange is the watch of all roots.
func (m *Mirror) onChange(ev zkproto.WatchedEvent) {
	if ev.Type == zkproto.EventNone {
		m.kick() // the session's end
		return
	}
	if !kzk.InImage(ev.Path) {
		return
	}
	m.mu.Lock()
	m.mu.dirty[ev.Path] = struct{}{}
	m.mu.Unlock()
	m.kick()
}

func (m *Mirror) kick() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Image is the newest image.
func (m *Mirror) Image() *kzk.Image {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.image
}

// Changed returns a channel that is closed as soon as Image is another one than after.
func (m *Mirror) Changed(after *kzk.Image) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.image != after {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return m.mu.changed
}

// publish makes the builder's image the newest.
func (m *Mirror) publish() {
	image := m.builder.Image()
	m.mu.Lock()
	defer m.mu.Unlock()
	if image != m.mu.image {
		m.mu.image = image
		close(m.mu.changed)
		m.mu.changed = make(chan struct{})
	}
}

// Close ends the mirror's work and waits for it. The watches stay set until the client's session ends, to no effect.
func (m *Mirror) Close() {
	m.cancel()
	<-m.done
}
