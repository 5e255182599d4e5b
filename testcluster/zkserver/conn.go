package zkserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zkserver/sasl"
)

// conn is one client's connection. One goroutine reads it and serves what it can; see the
// package comment for who else touches it.
type conn struct {
	s     *Server
	nc    net.Conn
	peer  string    // the client's address without the port
	since time.Time // when it was accepted

	// The connection's goroutine's own, set before the session is established:
	session zkproto.SessionID
	timeout int32 // negotiated, in milliseconds
	old     bool  // the client knows no read-only byte
	ready   chan struct{}
	in      inbuf
	arrived int64    // when what is in the buffer was read, by sessions.clock
	batch   []*write // of the chunk, to be submitted

	// Of the term in which the session is served; set with mu held, once.
	term  *term // nil: a standalone server
	flow  *flow
	ended <-chan struct{} // closed when the term ends; nil: never

	told uint64 // guarded by the tree's write lock: the last event's serial number

	// The applier's own:
	touched bool // it is in the list of connections to kick
	drain   bool // it is in the list of connections whose reads may go on

	mu   sync.Mutex
	wake sync.Cond // of mu: something that the connection's goroutine may wait for
	// Guarded by mu:
	out       []byte
	unasked   int // bytes of events in out
	flushing  bool
	hangup    bool         // close once out is written
	overflow  bool         // the client does not read: close
	closed    bool         // the goroutine is on its way out: nobody writes any more
	ids       []zkproto.ID // replaced, never changed: writes under way share it
	submitted uint64       // writes
	answered  uint64       // of those
	queue     []queued     // reads behind an unanswered write
	pending   []*write     // forwarded writes, to be answered when their commits come
	floor     zkproto.Zxid // what came before of the session is of earlier connections
	syncs     int          // unanswered ones, of an ensemble's
	held      bool         // a write behind one of those is not read yet
	sasl      *sasl.Exchange
	reader    jute.Reader // of the read being served
	stats     connStats
}

// queued is a read that waits for the connection's first `after` writes to be answered.
type queued struct {
	after   uint64
	arrived int64
	frame   []byte // a copy
}

const (
	// lastWords is how long a connection that the server closes may take for its last reply.
	lastWords = 2 * time.Second
	// maxQueued is how many reads may wait behind writes before a connection is not read on.
	maxQueued = 32
	// maxInflightBytes is how much of requests may be under way in the whole server before
	// those wait who have a part in it.
	maxInflightBytes = 64 << 20
	// chunkFrames and chunkBytes bound what is served in one go, under the tree's read lock,
	// and chunkBytes what may wait for the socket before a connection's own requests wait.
	chunkFrames = 128
	chunkBytes  = 128 << 10
)

func newConn(s *Server, nc net.Conn, peer string) *conn {
	c := &conn{s: s, nc: nc, peer: peer, since: s.cfg.Now(), ready: make(chan struct{})}
	c.wake.L = &c.mu
	c.ids = []zkproto.ID{{Scheme: "ip", ID: peer}}
	c.stats.reset()
	return c
}

// run serves the connection until it ends, for whatever reason.
func (c *conn) run() {
	err := c.handshake()
	if err == nil {
		err = c.loop()
	}
	c.report(err)
	c.leave()
}

// errHangup ends a connection for a reason that has been logged, or needs no line.
var errHangup = errors.New("connection is done")

func (c *conn) report(err error) {
	c.mu.Lock()
	overflow, hangup := c.overflow, c.hangup
	c.mu.Unlock()
	log := c.s.log.With("client", c.nc.RemoteAddr(), "session", c.session)
	switch {
	case overflow:
		log.Warn("closed a connection whose client does not read", "unsent_over", c.s.cfg.MaxOutbound)
	case hangup, errors.Is(err, errHangup), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		log.Debug("connection ended")
	default:
		var op *net.OpError
		if errors.As(err, &op) {
			log.Info("connection lost", "err", err)
			return
		}
		log.Warn("closed a connection", "err", err)
	}
}

// leave undoes what the server knows of the connection. The session stays.
func (c *conn) leave() {
	c.mu.Lock()
	if c.hangup && c.flushing {
		// The last reply says why; a client that does not take it has had its chance.
		c.mu.Unlock()
		_ = c.nc.SetWriteDeadline(time.Now().Add(lastWords))
		c.mu.Lock()
		for c.flushing {
			c.wake.Wait()
		}
	}
	c.closed = true
	c.mu.Unlock()
	_ = c.nc.Close() // a second close does no harm
	c.mu.Lock()
	for c.flushing {
		c.wake.Wait()
	}
	finish(c.pending) // nobody is there to be answered
	c.out, c.queue, c.pending = nil, nil, nil
	c.mu.Unlock()
	c.s.sessions.detach(c.session, c)
	c.s.treeMu.RLock()
	c.s.watches.forget(c)
	c.s.treeMu.RUnlock()
	c.s.dropConn(c)
	if c.term != nil {
		c.term.left()
	}
}

// loop serves an established session.
func (c *conn) loop() error {
	for {
		more, err := c.serveChunk()
		if len(c.batch) > 0 {
			c.s.submit(c.term, c.flow, c.batch)
			clear(c.batch)
			c.batch = c.batch[:0]
		}
		c.flush()
		if err != nil {
			return err
		}
		if err := c.waitForRoom(); err != nil {
			return err
		}
		if more {
			continue
		}
		if err := c.in.fill(c.nc); err != nil {
			return err
		}
		c.arrived = c.s.sessions.clock()
		c.s.sessions.touch(c.session, c.timeout)
	}
}

// serveChunk handles the frames received, up to a bound. more says that it may not have been
// all.
func (c *conn) serveChunk() (more bool, err error) {
	g := chunk{c: c}
	c.mu.Lock()
	defer g.unlock()
	c.held = false
	for range chunkFrames {
		if c.hangup || c.overflow {
			return false, errHangup
		}
		if len(c.out) > chunkBytes || len(c.queue) >= maxQueued {
			return true, nil
		}
		frame, err := c.in.next(int32(c.s.cfg.JuteMaxBuffer))
		if frame == nil {
			return false, err
		}
		if c.syncs > 0 && g.overtakes(frame) {
			c.held = true
			c.in.unread(frame)
			return true, nil
		}
		if err := g.request(frame); err != nil {
			return false, err
		}
	}
	return true, nil
}

// chunk is a run of requests that are handled under one take of the locks.
type chunk struct {
	c    *conn
	tree bool // the tree's read lock is held
}

// lockTree takes the tree's read lock for the rest of the chunk. The connection's lock comes
// after it, so that one is let go for a moment.
func (g *chunk) lockTree() {
	if !g.tree {
		g.tree = true
		g.c.mu.Unlock()
		g.c.s.treeMu.RLock()
		g.c.mu.Lock()
	}
}

func (g *chunk) unlock() {
	g.c.stats.answerReads(g.c.s, g.c.arrived)
	g.c.mu.Unlock()
	if g.tree {
		g.c.s.treeMu.RUnlock()
	}
}

// waitForRoom holds a connection back that has too much under way: output that its client
// does not take, reads that wait behind writes, or any unanswered request while the whole
// server has too many.
func (c *conn) waitForRoom() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.hangup && !c.overflow && !c.s.stopped() {
		unanswered := c.answered < c.submitted || len(c.queue) > 0
		busy := unanswered && c.flow.busy()
		unsent := c.flushing && len(c.out) > chunkBytes
		held := c.held && c.syncs > 0
		if !busy && !unsent && !held && len(c.queue) < maxQueued {
			return nil
		}
		c.wake.Wait()
		c.s.sessions.touch(c.session, c.timeout) // it is we who do not listen
	}
	if c.s.stopped() {
		return errHangup
	}
	return nil
}

// endNow has the connection closed by the server.
func (c *conn) endNow() {
	_ = c.nc.Close()
	c.mu.Lock()
	c.hangup = true
	c.wake.Broadcast()
	c.mu.Unlock()
}

// String names the connection in errors.
func (c *conn) String() string { return fmt.Sprintf("%v (session %v)", c.nc.RemoteAddr(), c.session) }
