package ensemble

import (
	"context"
	"net"
	"sync"

	"github.com/zoka-project/zoka/testcluster/transport"
)

// gate stands between a node and its clients. While it is shut nothing passes: connections
// are taken by the system and not served, bytes wait, and nobody is told, as it is with a
// process that is stopped.
type gate struct {
	mu    sync.Mutex
	open  chan struct{} // closed while bytes pass
	conns map[*gatedConn]bool
}

func newGate() *gate {
	g := &gate{open: make(chan struct{}), conns: map[*gatedConn]bool{}}
	close(g.open)
	return g
}

func (g *gate) setShut(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		if shut {
			g.open = make(chan struct{})
		}
	default:
		if !shut {
			close(g.open)
		}
	}
}

// pass waits for the gate to be open, or for done.
func (g *gate) pass(done <-chan struct{}) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
	case <-done:
	}
}

// breakAll resets all connections, as the system does for a process that is killed.
func (g *gate) breakAll() {
	g.mu.Lock()
	conns := g.conns
	g.conns = nil // those to come are closed by who closes the listener
	g.mu.Unlock()
	for c := range conns {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

func (g *gate) listener(l net.Listener) net.Listener {
	return &gatedListener{Listener: l, gate: g, done: make(chan struct{})}
}

type gatedListener struct {
	net.Listener
	gate *gate
	once sync.Once
	done chan struct{}
}

func (l *gatedListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.gate.pass(l.done)
	return l.gate.conn(nc), nil
}

func (l *gatedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// dialer opens connections that the gate shuts too.
func (g *gate) dialer(dial transport.DialFunc) transport.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		g.pass(ctx.Done())
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return g.conn(nc), nil
	}
}

// conn puts a connection behind the gate.
func (g *gate) conn(nc net.Conn) net.Conn {
	c := &gatedConn{Conn: nc, gate: g, done: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns != nil {
		g.conns[c] = true
	}
	return c
}

type gatedConn struct {
	net.Conn
	gate *gate
	once sync.Once
	done chan struct{}
}

// Read keeps what has come in while the gate is shut until it opens.
func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.gate.pass(c.done)
	return n, err
}

func (c *gatedConn) Write(p []byte) (int, error) {
	c.gate.pass(c.done)
	return c.Conn.Write(p)
}

func (c *gatedConn) Close() error {
	c.once.Do(func() {
		close(c.done)
		c.gate.mu.Lock()
		delete(c.gate.conns, c)
		c.gate.mu.Unlock()
	})
	return c.Conn.Close()
}
