package transport

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

const (
	// retryMin and retryMax bound the wait before a dial is tried again.
	retryMin, retryMax = 50 * time.Millisecond, time.Second
	// retryGap lies between a dial that failed and one that a new message asks for, knockGap
	// between a call to dial back, or the end of a connection, and the next call: the peer
	// needs a moment to do it.
	retryGap, knockGap = 10 * time.Millisecond, 100 * time.Millisecond
	dropGap            = 10 * time.Millisecond
	// lostWithin is how long before a connection's end a frame may have been written to be lost
	// with it.
	lostWithin = time.Second
)

// peer is another server: the message for it, the connection to it, and the goroutine (run)
// that brings the two together.
type peer struct {
	port       *ElectionPort
	id         zab.ServerID
	known      bool          // the configuration has it
	configured []string      // its addresses
	wake       chan struct{} // has room for one
	calls      sync.Mutex    // one callback at a time

	mu struct {
		sync.Mutex
		next     []byte // the frame that waits to be written
		last     []byte // the frame written last
		lastAt   time.Time
		conn     *electionConn
		fresh    bool          // nothing has been written to conn
		reading  chan struct{} // done of the newest connection
		knocked  bool          // the peer wants to be dialled
		told     []string      // its addresses, as it told them
		stopDial context.CancelFunc
		gone     bool // a stranger that has been forgotten

		wait    time.Duration // the last one between two dials
		tryAt   time.Time     // when to dial again
		soonest time.Time     // when to dial again because of a new message
		failing bool          // the last dial failed
	}
}

func newPeer(e *ElectionPort, id zab.ServerID) *peer {
	return &peer{port: e, id: id, wake: make(chan struct{}, 1)}
}

func (p *peer) signal() {
	select {
	case p.wake <- struct{}{}:
	default: // it will come by anyway
	}
}

// send leaves a frame, the newest one wins.
func (p *peer) send(frame []byte) {
	p.mu.Lock()
	p.mu.next = frame
	p.hurryLocked()
	p.mu.Unlock()
	p.signal()
}

// hurryLocked dials as soon as that makes sense.
func (p *peer) hurryLocked() {
	if p.mu.soonest.Before(p.mu.tryAt) {
		p.mu.tryAt = p.mu.soonest
	}
}

// adopt makes c the connection, in the place of an earlier one, unless the peer has gone. c is
// the peer's from now on.
func (p *peer) adopt(c *electionConn) bool {
	p.mu.Lock()
	if p.mu.gone {
		p.mu.Unlock()
		return false
	}
	old, before := p.mu.conn, p.mu.reading
	p.mu.conn, p.mu.reading, p.mu.fresh, p.mu.knocked = c, c.done, true, false
	p.mu.wait, p.mu.failing = 0, false
	if p.mu.stopDial != nil {
		p.mu.stopDial()
	}
	p.mu.Unlock()
	if old != nil {
		p.port.drop(old.wire)
	}
	p.port.running.Go(func() { p.read(c, before) })
	p.signal()
	return true
}

// knock is the call of a server with a smaller id: it has no connection, whatever stands here.
func (p *peer) knock(told []string) bool {
	p.mu.Lock()
	if p.mu.gone {
		p.mu.Unlock()
		return false
	}
	old := p.mu.conn
	p.mu.conn, p.mu.knocked = nil, true
	if told != nil {
		p.mu.told = told
	}
	if p.mu.stopDial != nil {
		p.mu.stopDial()
	}
	p.hurryLocked()
	p.mu.Unlock()
	if old != nil {
		p.port.drop(old.wire)
	}
	p.signal()
	return true
}

// leave marks a stranger as gone if there is neither a connection nor a wish for one.
func (p *peer) leave() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.gone = p.mu.gone || p.mu.conn == nil && !p.mu.knocked
	return p.mu.gone
}

// ended is called by c's reader, writer, or both. unsent is a frame that may not have got
// through.
func (p *peer) ended(c *electionConn, unsent []byte) {
	p.mu.Lock()
	if p.mu.conn == c {
		p.mu.conn = nil
		p.mu.soonest = time.Now().Add(dropGap)
		p.mu.tryAt = p.mu.soonest
	}
	if p.mu.next == nil {
		p.mu.next = unsent
	}
	if p.mu.next == nil && time.Since(p.mu.lastAt) < lostWithin {
		// A dying process leaves its port last of all: what was written meanwhile nobody has
		// read. The dial for it tells that the peer is dead.
		p.mu.next = p.mu.last
	}
	p.mu.Unlock()
	p.port.drop(c.wire)
	p.signal()
}

// task is what run does next.
type task struct {
	conn  *electionConn
	frame []byte // to be written to conn
	dial  bool
	wait  time.Duration // until there may be something to do; 0: until a signal
}

func (p *peer) task() (t task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.mu.conn != nil:
		t.conn, t.frame = p.mu.conn, p.mu.next
		if t.frame == nil && p.mu.fresh {
			t.frame = p.mu.last // it may have been lost with the connection before
		}
		p.mu.next, p.mu.fresh = nil, false
		if t.frame != nil {
			p.mu.last, p.mu.lastAt = t.frame, time.Now()
		}
	case p.mu.knocked || p.mu.next != nil && p.known:
		if t.wait = time.Until(p.mu.tryAt); t.wait <= 0 {
			t.dial = true
		}
	}
	return t
}

// run writes and dials until the port is closed or the stranger forgotten.
func (p *peer) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p.port.ctx.Err() == nil {
		t := p.task()
		switch {
		case t.frame != nil:
			if _, err := t.conn.Write(t.frame); err != nil {
				p.ended(t.conn, t.frame)
			}
			continue
		case t.dial:
			p.dial()
			continue
		case t.wait > 0:
			timer.Reset(t.wait)
		case t.conn == nil && !p.known && p.port.forget(p):
			return
		}
		select {
		case <-p.wake:
		case <-timer.C:
		case <-p.port.ctx.Done():
		}
	}
}

// read hands out what arrives on c, after the reader of the connection before has gone.
func (p *peer) read(c *electionConn, before <-chan struct{}) {
	defer close(c.done)
	if before != nil {
		<-before
	}
	log := p.port.o.Logger.With("peer", p.id)
	p.reachable(c)
	garbled := false
	for {
		frame, err := c.next(p.port.o.MaxMessage)
		if err != nil {
			if err != io.EOF && p.current(c) {
				log.Warn("an election connection breaks", "error", err)
			}
			p.ended(c, nil)
			return
		}
		n, err := DecodeNotification(frame)
		if err != nil {
			if !garbled {
				log.Warn("a notification that is none is passed over", "error", err)
			}
			garbled = true
			continue
		}
		n.From, n.To = p.id, p.port.o.ID
		p.calls.Lock()
		p.port.o.Received(n)
		p.calls.Unlock()
	}
}

// current says whether c has not been replaced, and the port not closed.
func (p *peer) current(c *electionConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.conn == c && p.port.ctx.Err() == nil
}

// reachable tells the owner that c stands, if it still does.
func (p *peer) reachable(c *electionConn) {
	p.calls.Lock()
	defer p.calls.Unlock()
	if p.current(c) {
		p.port.o.Reachable(p.id, true)
	}
}

// unreachable tells the owner that nobody listens, unless the peer has connected meanwhile.
func (p *peer) unreachable() {
	p.calls.Lock()
	defer p.calls.Unlock()
	if p.current(nil) {
		p.port.o.Reachable(p.id, false)
	}
}
