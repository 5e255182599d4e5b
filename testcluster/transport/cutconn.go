package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// wire is a connection whose peer may become known later. Read, SetReadDeadline and arrived
// are for one goroutine.
type wire interface {
	net.Conn
	setPeer(zab.ServerID)
	// arrived returns once what has been read from the peer may be known here: at once, or
	// when the cut has healed, or with the error of a read deadline or a closed connection.
	arrived() error
}

// cut returns nc as the cuts leave it.
func (c *Cuts) cut(nc net.Conn) wire {
	if c == nil {
		return plainConn{nc}
	}
	return &cutConn{Conn: nc, cuts: c, closed: make(chan struct{})}
}

// plainConn is a connection that nothing cuts.
type plainConn struct{ net.Conn }

func (plainConn) setPeer(zab.ServerID) {}
func (plainConn) arrived() error       { return nil }

// cutConn holds its bytes back while its peer is cut off. Until the peer is known, it does not.
type cutConn struct {
	net.Conn
	cuts   *Cuts
	id     atomic.Pointer[zab.ServerID]
	closed chan struct{}

	deadline time.Time // of the reader
	held     []byte    // read, but not handed out before the deadline

	mu struct { // orders Close and SetReadDeadline
		sync.Mutex
		closed bool
	}
}

func (c *cutConn) setPeer(id zab.ServerID) { c.id.Store(&id) }

func (c *cutConn) peer() (id zab.ServerID, known bool) {
	p := c.id.Load()
	if p == nil {
		return 0, false
	}
	return *p, true
}

// await returns when the direction is open.
func (c *cutConn) await(in bool, deadline time.Time) error {
	id, known := c.peer()
	if !known {
		return nil
	}
	changed, held := c.cuts.holds(id, in, !in)
	if !held {
		return nil
	}
	var late <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	for held {
		select {
		case <-changed:
			changed, held = c.cuts.holds(id, in, !in)
		case <-late:
			return os.ErrDeadlineExceeded
		case <-c.closed:
			return net.ErrClosed
		}
	}
	return nil
}

func (c *cutConn) arrived() error { return c.await(true, c.deadline) }

// Read keeps what it has read to itself, be it bytes, an end or an error, while the peer is
// cut off.
func (c *cutConn) Read(p []byte) (int, error) {
	if len(c.held) > 0 {
		if err := c.arrived(); err != nil {
			return 0, err
		}
		n := copy(p, c.held)
		c.held = c.held[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n == 0 && isTimeout(err) {
		return 0, c.timeout(err)
	}
	if wait := c.arrived(); wait != nil {
		c.held = append(c.held, p[:n]...)
		return 0, wait
	}
	return n, err
}

// timeout tells a deadline from a close, which an unheard connection is woken with.
func (c *cutConn) timeout(err error) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
		return err
	}
}

func (c *cutConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return net.ErrClosed
	}
	c.deadline = t
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline is SetReadDeadline, and bounds writes too.
func (c *cutConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *cutConn) Write(p []byte) (int, error) {
	if err := c.await(false, time.Time{}); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close ends this side at once. The other side hears of it when nothing holds that back.
func (c *cutConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.closed {
		return net.ErrClosed
	}
	c.mu.closed = true
	close(c.closed)
	if c.cuts.keep(c) {
		return c.Conn.SetDeadline(time.Unix(1, 0)) // wakes whoever reads or writes
	}
	return c.Conn.Close()
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// Dialer opens connections of other protocols, those of clients: peer tells which server has
// an address, if any has. What a server dials is all there is to cut between it and a peer
// that dials it in the same way.
func (c *Cuts) Dialer(dial DialFunc, peer func(addr string) (id zab.ServerID, known bool)) DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		id, known := peer(addr)
		if !known {
			return dial(ctx, network, addr)
		}
		if err := c.AwaitDial(ctx, id); err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		w := c.cut(nc)
		w.setPeer(id)
		return w, nil
	}
}

// DialFunc is [net.Dialer.DialContext], or what does the same.
type DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)
