package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// closePatience is how long Close lets answers that are there already find their way into the socket.
const closePatience = time.Second

// conn is one client's connection: a goroutine that reads and handles requests, and one that writes the answers. The
// queue of requests that are not answered yet lies between them.
type conn struct {
	s        *Server
	nc       net.Conn
	listener string
	host     string
	ctx      context.Context
	cancel   context.CancelFunc

	wake chan struct{} // to the writer: the head of the queue is answered, or the connection ends
	room chan struct{} // to the reader: there is room in flight again

	mu struct {
		sync.Mutex
		queue    queue
		bytes    int  // of requests in the queue and of answers not yet written
		expected int  // of answers that are not there yet
		left     bool // nobody writes any more
		finished bool // no request comes any more
		served   bool // a request has come
		failed   bool // there is, or was, a reason to close; it is in the log
	}
}

func newConn(s *Server, listener string, nc net.Conn) *conn {
	host, _, err := net.SplitHostPort(nc.RemoteAddr().String())
	if err != nil {
		host = nc.RemoteAddr().String()
	}
	c := &conn{
		s: s, nc: nc, listener: listener, host: host,
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// finish lets the connection end when its queue has no more answers ready. One that nothing was said on yet is reset:
// franz-go takes the orderly end of a fresh connection for that of a broker that wants TLS, and gives its records up.
func (c *conn) finish() {
	c.mu.Lock()
	c.mu.finished = true
	served := c.mu.served
	c.mu.Unlock()
	if !served {
		resetOnClose(c.nc)
	}
	_ = c.nc.SetReadDeadline(time.Unix(1, 0)) // on a closed connection there is nothing to wake
	_ = c.nc.SetWriteDeadline(time.Now().Add(closePatience))
	signal(c.wake)
	signal(c.room)
}

// resetOnClose makes the end of a connection one that is none of good order.
func resetOnClose(nc net.Conn) {
	if l, ok := nc.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // a connection that cannot is ended as it can be
	}
}

// kill ends the connection at once.
func (c *conn) kill() {
	c.cancel()
	_ = c.nc.Close() // what it would say changes nothing
	signal(c.wake)
	signal(c.room)
}

// fail ends the connection for a reason that is worth a line, the first one only.
func (c *conn) fail(why error) {
	c.mu.Lock()
	first := !c.mu.failed && !c.mu.finished && c.ctx.Err() == nil
	c.mu.failed = true
	c.mu.Unlock()
	if first {
		c.s.faults.report(c.host, "connection closed", c.attrs("err", reason(why))...)
	}
	c.kill()
}

func (c *conn) attrs(more ...any) []any {
	return append([]any{slog.String("listener", c.listener), slog.String("client", c.nc.RemoteAddr().String())}, more...)
}

// hangup ends the connection without a word: it is the client's wish, or nobody's.
func (c *conn) hangup(why error) {
	if why != nil && !errors.Is(why, io.EOF) {
		c.s.o.Logger.Debug("connection ended", c.attrs("err", why)...)
	}
	c.kill()
}

// signal wakes who waits on a channel of room for one; a second signal changes nothing.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
