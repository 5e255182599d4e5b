package transport

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"
)

const (
	// maxGreeting bounds the connections that have not said who they are; a further one ends
	// the oldest, so that a server, which says it at once, gets through a crowd of silent ones.
	maxGreeting = 100

	acceptPause = 100 * time.Millisecond
)

// accept takes connections until the listener ends.
func (e *ElectionPort) accept() {
	failing := false
	for {
		nc, err := e.listener.Accept()
		if err == nil {
			failing = false
			e.greet(nc)
			continue
		}
		if e.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		if !failing { // no more file descriptors, say: it may last
			failing = true
			e.o.Logger.Error("the election port takes no connection", "error", err)
		}
		select {
		case <-time.After(acceptPause):
		case <-e.ctx.Done():
			return
		}
	}
}

// greet has a goroutine find out who has connected.
func (e *ElectionPort) greet(nc net.Conn) {
	c := e.o.Cuts.cut(nc)
	if !e.track(c) {
		return
	}
	e.mu.Lock()
	if len(e.mu.greeting) == maxGreeting {
		_ = e.mu.greeting[0].Close() // its goroutine sees to the rest
		e.mu.greeting = slices.Delete(e.mu.greeting, 0, 1)
	}
	e.mu.greeting = append(e.mu.greeting, c)
	e.mu.Unlock()
	e.running.Go(func() {
		src := bufio.NewReaderSize(c, electionReadBuffer)
		h, err := e.readHandshake(c, src)
		e.mu.Lock()
		if i := slices.Index(e.mu.greeting, c); i >= 0 {
			e.mu.greeting = slices.Delete(e.mu.greeting, i, i+1)
		}
		e.mu.Unlock()
		if err != nil || !e.introduce(h, c, src) {
			e.drop(c)
		}
		if err != nil && err != io.EOF && e.ctx.Err() == nil { // who only looks whether the port is open ends with EOF
			e.o.Logger.Warn("an election connection that is none", "from", nc.RemoteAddr().String(), "error", err)
		}
	})
}

// readHandshake reads what the dialler says of itself. Of a server that is cut off nothing
// arrives.
func (e *ElectionPort) readHandshake(c wire, src *bufio.Reader) (Handshake, error) {
	if err := c.SetReadDeadline(time.Now().Add(e.o.HandshakeTimeout)); err != nil {
		return Handshake{}, err
	}
	h, err := ReadHandshake(src)
	if err != nil {
		return Handshake{}, err
	}
	c.setPeer(h.ID)
	if err := c.arrived(); err != nil {
		return Handshake{}, err
	}
	return h, c.SetReadDeadline(time.Time{})
}

// introduce decides what becomes of a connection, and says whether it is kept.
func (e *ElectionPort) introduce(h Handshake, c wire, src *bufio.Reader) bool {
	if h.ID == e.o.ID {
		level := slog.LevelWarn
		if e.twin.Swap(true) {
			level = slog.LevelDebug // it comes again and again
		}
		e.o.Logger.Log(e.ctx, level, "another server has this one's id, or this one has connected to itself: see myid and the server lines",
			"id", h.ID, "from", c.RemoteAddr().String(), "election address", h.Addrs)
		return false
	}
	for {
		p, fresh := e.peer(h.ID)
		if p == nil {
			e.o.Logger.Warn("too many servers that are not in the configuration", "id", h.ID, "from", c.RemoteAddr().String())
			return false
		}
		keep, met := e.meet(p, h, c, src)
		if fresh {
			e.running.Go(p.run)
		}
		if met {
			return keep
		}
	}
}

// meet applies the rule of who dials whom. met is false when the peer has just been forgotten.
func (e *ElectionPort) meet(p *peer, h Handshake, c wire, src *bufio.Reader) (keep, met bool) {
	if h.ID > e.o.ID { // an observer without an id has the largest
		met = p.adopt(newElectionConn(c, src))
		return met, met
	}
	return false, p.knock(dialable(h.Addrs))
}

// electionConn is a connection that stands.
type electionConn struct {
	wire
	src  *bufio.Reader
	done chan struct{} // closed when its reader has gone
}

const electionReadBuffer = 4 << 10

func newElectionConn(c wire, src *bufio.Reader) *electionConn {
	return &electionConn{wire: c, src: src, done: make(chan struct{})}
}

// next reads a frame, and allocates as its bytes arrive.
func (c *electionConn) next(limit int) ([]byte, error) {
	r := packetReader{src: c.src, left: limit}
	n, err := r.frameLength()
	if err != nil {
		return nil, err
	}
	return r.bytes(n)
}
