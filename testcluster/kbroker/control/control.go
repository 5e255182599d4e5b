package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Control is a broker's part in the control of the cluster. Its methods are safe for concurrent use.
//
// One goroutine, run, has all of its state. Others hand it functions, and never wait for it: it may itself wait for
// ZooKeeper, and so for the goroutine that hands out ZooKeeper's events.
type Control struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // run and the peers
	wake   chan struct{}  // has room for one

	mu struct {
		sync.Mutex
		commands []func()
		closed   bool
	}

	// What follows is run's.
	registered bool
	departing  bool      // it has begun to leave
	vacant     time.Time // since when a departing broker has seen nobody in office that can be
	office     *office   // nil: another broker is the controller, or nobody
	last       *office   // the office at the end
	// dead and leaving are brokers by id, with the epoch of their registration.
	dead, leaving map[int32]int64
	peers         map[int32]*peer
	ids           map[int64]kproto.UUID // of topics by czxid, as far as they were seen
	shutdowns     []*shutdown           // wait for the plan to have nothing due
	drops         drops
	retry         *time.Timer
	rebalanceAt   time.Time
}

// office is what makes a controller one.
type office struct {
	epoch   int32
	version int32 // of /controller_epoch: the fence
}

// New starts a Control. It does nothing before the first Registered.
func New(o Options) *Control {
	o = o.withDefaults()
	c := &Control{o: o, wake: make(chan struct{}, 1), dead: make(map[int32]int64), leaving: make(map[int32]int64),
		peers: make(map[int32]*peer), ids: make(map[int64]kproto.UUID), drops: make(drops),
		retry: time.NewTimer(time.Hour)}
	c.retry.Stop()
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.wg.Go(c.run)
	return c
}

// Rows are the requests that a controller answers: ControlledShutdown, ElectLeaders, AlterPartitionReassignments and
// ListPartitionReassignments.
func (c *Control) Rows() []wire.Row {
	return []wire.Row{
		{Key: 7, Min: 0, Max: 3, Handle: c.handleShutdown},
		{Key: 43, Min: 0, Max: 2, Handle: c.handleElect},
		{Key: 45, Min: 0, Max: 0, Handle: c.handleReassign},
		{Key: 46, Min: 0, Max: 0, Handle: c.handleListReassignments},
	}
}

// Registered says that the broker stands in /brokers/ids, with the epoch (czxid) given, in the session that is.
func (c *Control) Registered(epoch int64) {
	c.post(func() {
		c.o.Logger.Debug("registered: may be elected", "brokerEpoch", epoch)
		c.registered = true
	})
}

// SessionLost says that the session has ended: a controller is one no longer.
func (c *Control) SessionLost() {
	c.post(func() {
		c.registered = false
		c.resign("the session has ended")
	})
}

// Close ends the Control. A controller gives up its office, so that another broker need not wait for its session's end.
func (c *Control) Close() error {
	c.Abandon()
	c.abdicate()
	return nil
}

// Abandon ends the Control as the end of the process would: ZooKeeper is told nothing.
func (c *Control) Abandon() {
	c.cancel()
	c.wg.Wait()
}

// post has run call f. It says no when run has ended.
func (c *Control) post(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return false
	}
	c.mu.commands = append(c.mu.commands, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return true
}

// drain calls what was posted until now. What comes meanwhile waits for the next turn, so that no flood of requests keeps
// the controller from its work.
func (c *Control) drain() {
	c.mu.Lock()
	commands := c.mu.commands
	c.mu.commands = nil
	c.mu.Unlock()
	for _, f := range commands {
		f()
	}
}

func (c *Control) run() {
	defer c.end()
	for {
		c.drain()
		if c.ctx.Err() != nil {
			return
		}
		image := c.o.Mirror.Image()
		if c.step(image) {
			continue
		}
		select {
		case <-c.ctx.Done():
		case <-c.wake:
		case <-c.retry.C:
		case <-c.o.Mirror.Changed(image):
		}
	}
}

// retryIn makes run go on after d, though nothing may have changed.
func (c *Control) retryIn(d time.Duration) { c.retry.Reset(d) }

// end answers who still waits. What is left of the state is for the one who ends the Control.
func (c *Control) end() {
	c.retry.Stop()
	for _, p := range c.peers {
		p.stop()
	}
	c.last, c.office = c.office, nil
	c.mu.Lock()
	c.mu.closed = true
	commands := c.mu.commands
	c.mu.commands = nil
	c.mu.Unlock()
	for _, f := range commands {
		f()
	}
	c.answerShutdowns()
}

func (c *Control) log() *slog.Logger {
	if c.office == nil {
		return c.o.Logger
	}
	return c.o.Logger.With("controllerEpoch", c.office.epoch)
}
