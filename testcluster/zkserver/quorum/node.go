package quorum

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// ErrClosed says that the node was closed.
var ErrClosed = errors.New("the ensemble's node is closed")

// Node is one server's part in an ensemble: a core, and what moves it.
type Node struct {
	o        Options
	writer   *txnlog.Writer
	election *transport.ElectionPort

	ctx  context.Context // ends when the node does
	stop context.CancelFunc
	done sync.WaitGroup // all goroutines but the log's

	persisted uint64 // disk operations done; the log's goroutine has it

	mu    sync.Mutex
	core  *zab.Core
	end   error // why the core is given nothing any more
	role  zab.Role
	story *story
	links map[zab.LinkID]*link
	last  zab.LinkID
	port  *port     // while leading
	dial  *dialling // the newest, while it is under way
	batch []*zab.Packet

	closing sync.Once
	closed  error

	pausing sync.Mutex
	paused  bool

	hurry chan struct{} // one token: serving has ended, the clock is to tick finely
}

// Start takes part in the ensemble: it listens on the election port and looks for a leader.
func Start(o Options) (*Node, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	core, err := zab.New(o.Core, o.Durable)
	if err != nil {
		return nil, fmt.Errorf("start an ensemble's node: %w", err)
	}
	n := &Node{o: o, core: core, story: newStory(&o), links: map[zab.LinkID]*link{}, hurry: make(chan struct{}, 1)}
	n.ctx, n.stop = context.WithCancel(context.Background())
	// The election's callbacks wait until all is there.
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.election, err = n.listenElection(); err != nil {
		n.stop()
		return nil, err
	}
	n.openLog()
	n.role = core.Status().Role
	n.dispatch()
	if n.end == nil {
		n.done.Go(n.tick)
	}
	return n, nil
}

func (n *Node) listenElection() (*transport.ElectionPort, error) {
	peers := map[zab.ServerID][]string{}
	for id, addrs := range n.o.Election {
		if id != n.o.Core.ID {
			peers[id] = addrs
		}
	}
	return transport.ListenElection(n.ctx, transport.ElectionOptions{
		ID: n.o.Core.ID, Listen: n.o.ElectionAddr, Advertise: n.o.Advertise, Peers: peers,
		Network: n.o.Network, Cuts: n.o.Cuts,
		ConnectTimeout: n.o.ConnectTimeout, HandshakeTimeout: n.o.HandshakeTimeout, Logger: n.o.Logger,
		Received: func(m zab.Notification) {
			if n.enter() {
				n.story.hears(&m)
				n.core.Notified(m)
				n.leave()
			}
		},
		Reachable: func(id zab.ServerID, up bool) {
			if n.enter() {
				n.core.Reachable(id, up)
				n.leave()
			}
		},
	})
}

// enter takes the lock for news of the core. False says that there is no use for them any
// more, and the lock is not held.
func (n *Node) enter() bool {
	n.mu.Lock()
	if n.end == nil {
		return true
	}
	n.mu.Unlock()
	return false
}

// leave does what has come of the news, and gives the lock back.
func (n *Node) leave() {
	n.dispatch()
	n.mu.Unlock()
}

// Propose begins a transaction of a leader that serves. build is called once, under the
// node's lock, with the transaction's zxid; the bytes that it returns are copied. App.Commit
// has them once a quorum of logs has them. zab.ErrNotLeading and zab.ErrRollover say that
// this server does not lead, or no longer.
func (n *Node) Propose(build func(zab.Zxid) []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.end != nil {
		return n.end
	}
	err := n.core.Propose(build)
	n.dispatch()
	return err
}

// Send sends a packet that the core does not know: REQUEST, REVALIDATE, SYNC. It goes behind
// what the core has sent so far. A link that has gone takes nothing.
func (n *Node) Send(l zab.LinkID, p *zab.Packet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k := n.links[l]; k != nil {
		k.Send(p)
	}
}

// Confirm asks for proof that this server still leads, given by App.Confirmed with the token.
// The error is zab.ErrNotLeading if it does not.
func (n *Node) Confirm(token uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.end != nil {
		return n.end
	}
	err := n.core.Confirm(token)
	n.dispatch()
	return err
}

// Status tells of the core.
func (n *Node) Status() zab.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.core.Status()
}

// Roll ends the log file, so that old ones can be purged after a snapshot. It does not wait.
func (n *Node) Roll() error { return n.writer.Roll() }

// Pause stops the node where it is, as SIGSTOP stops a process: no tick passes, what arrives is
// not looked at, nothing is said any more, and whoever calls the node waits. What it has said
// before may still leave. Resume or Close ends it.
func (n *Node) Pause() {
	n.pausing.Lock()
	defer n.pausing.Unlock()
	if !n.paused {
		n.mu.Lock()
		n.paused = true
	}
}

// Resume lets a paused node go on. Its clock has stood still.
func (n *Node) Resume() {
	n.pausing.Lock()
	defer n.pausing.Unlock()
	if n.paused {
		n.paused = false
		n.mu.Unlock()
	}
}

// Close leaves the ensemble and waits for all goroutines, ports and the log. It reports why
// the node had failed, if it had.
func (n *Node) Close() error {
	n.closing.Do(func() {
		n.pausing.Lock()
		if !n.paused {
			n.mu.Lock()
		}
		n.paused = false
		n.finish(ErrClosed)
		reason := n.end
		n.mu.Unlock()
		n.pausing.Unlock()
		n.done.Wait()
		n.closed = n.writer.Close()
		if reason != ErrClosed {
			n.closed = reason // closing a failed log only says so again
		}
	})
	return n.closed
}

// fail ends the node's part in the ensemble: a disk that has failed can vouch for nothing.
func (n *Node) fail(err error) {
	if n.end != nil {
		return
	}
	n.o.Logger.Error("the server leaves the ensemble", "err", err)
	n.finish(err)
	n.o.App.Failed(err)
}

// finish ends all that runs, without waiting. The lock is held.
func (n *Node) finish(reason error) {
	if n.end != nil {
		return
	}
	n.end = reason
	n.stop() // dials, the quorum port, the ticker
	for id := range n.links {
		n.drop(id)
	}
	n.done.Go(func() { _ = n.election.Close() }) // its goroutines may be waiting for the lock
}
