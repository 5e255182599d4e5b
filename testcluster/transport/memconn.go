package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// memConn is one end of a connection of Memory.
type memConn struct {
	m             *Memory
	host          string
	far           *memConn
	in, out       *memPipe
	local, remote memAddr
}

func (c *memConn) Write(p []byte) (int, error) { return c.out.write(p) }
func (c *memConn) LocalAddr() net.Addr         { return c.local }
func (c *memConn) RemoteAddr() net.Addr        { return c.remote }

func (c *memConn) SetReadDeadline(t time.Time) error  { return c.in.setDeadline(&c.in.mu.readBy, t) }
func (c *memConn) SetWriteDeadline(t time.Time) error { return c.out.setDeadline(&c.out.mu.writeBy, t) }

func (c *memConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *memConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	if c.in.broken() {
		c.reset() // BreakAfter breaks one direction, a connection breaks as a whole
	}
	return n, err
}

// Close ends the connection: the other end reads what is under way and then EOF, or, as with
// TCP, a reset if this end has left something unread.
func (c *memConn) Close() error {
	unread, first := c.in.closeRead()
	if !first {
		return net.ErrClosed
	}
	if unread {
		c.out.breakWith(syscall.ECONNRESET)
	}
	c.out.closeWrite()
	c.m.ended(c)
	return nil
}

// reset breaks the connection in both directions.
func (c *memConn) reset() {
	c.in.breakWith(syscall.ECONNRESET)
	c.out.breakWith(syscall.ECONNRESET)
}

// memWindow is how much a pipe takes before its writer has to wait.
const memWindow = 256 << 10

// memPipe is one direction of a connection.
type memPipe struct {
	m     *Memory
	chunk int // of a read; 0: no limit
	mu    struct {
		sync.Mutex
		segments        []memSegment
		size            int
		ended           bool // the writer has closed
		closed          bool // the reader has closed
		broken          error
		breakIn         int // bytes until it breaks; -1: never
		readBy, writeBy time.Time
		changed         chan struct{} // closed and replaced with every change
	}
}

// memSegment is what one write has put in, and when it arrives.
type memSegment struct {
	data []byte
	at   time.Time
}

func newMemPipe(m *Memory, chunk int) *memPipe {
	p := &memPipe{m: m, chunk: chunk}
	p.mu.breakIn = -1
	p.mu.changed = make(chan struct{})
	return p
}

func (p *memPipe) changedLocked() {
	close(p.mu.changed)
	p.mu.changed = make(chan struct{})
}

// waitLocked unlocks, waits for a change or one of the times, of which zero ones are none, and locks
// again.
func (p *memPipe) waitLocked(times ...time.Time) {
	changed := p.mu.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	var due <-chan time.Time
	if !first.IsZero() {
		timer := time.NewTimer(time.Until(first))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
	case <-due:
	}
}

func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

func (p *memPipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var arrives time.Time
		if len(p.mu.segments) > 0 {
			arrives = p.mu.segments[0].at
		}
		switch {
		case p.mu.closed:
			return 0, net.ErrClosed
		case passed(p.mu.readBy):
			return 0, os.ErrDeadlineExceeded
		case p.mu.broken != nil:
			return 0, os.NewSyscallError("read", p.mu.broken)
		case len(b) == 0:
			return 0, nil
		case passed(arrives):
			return p.takeLocked(b), nil
		case p.mu.ended && len(p.mu.segments) == 0:
			return 0, io.EOF
		}
		p.waitLocked(arrives, p.mu.readBy)
	}
}

// takeLocked takes from the first segment.
func (p *memPipe) takeLocked(b []byte) int {
	if p.chunk > 0 {
		b = b[:min(len(b), p.chunk)]
	}
	if p.mu.breakIn >= 0 {
		b = b[:min(len(b), p.mu.breakIn)]
	}
	s := &p.mu.segments[0]
	n := copy(b, s.data)
	if s.data = s.data[n:]; len(s.data) == 0 {
		p.mu.segments = p.mu.segments[1:]
	}
	p.mu.size -= n
	if p.mu.breakIn >= 0 {
		if p.mu.breakIn -= n; p.mu.breakIn == 0 {
			p.mu.broken = syscall.ECONNRESET
		}
	}
	p.changedLocked()
	return n
}

func (p *memPipe) write(b []byte) (n int, err error) {
	delay := p.m.delay()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.mu.ended:
			return n, net.ErrClosed
		case p.mu.broken != nil:
			return n, os.NewSyscallError("write", p.mu.broken)
		case p.mu.closed:
			return n, os.NewSyscallError("write", syscall.EPIPE)
		case passed(p.mu.writeBy):
			return n, os.ErrDeadlineExceeded
		case len(b) == 0:
			return n, nil
		}
		if room := memWindow - p.mu.size; room > 0 {
			part := append([]byte(nil), b[:min(room, len(b))]...)
			p.mu.segments = append(p.mu.segments, memSegment{part, time.Now().Add(delay)})
			p.mu.size += len(part)
			n, b = n+len(part), b[len(part):]
			p.changedLocked()
			continue
		}
		p.waitLocked(p.mu.writeBy)
	}
}

func (p *memPipe) setDeadline(which *time.Time, t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	*which = t
	p.changedLocked()
	return nil
}

// closeRead ends the reader's side and says whether something was unread, and whether this was
// the first time.
func (p *memPipe) closeRead() (unread, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	unread, first = p.mu.size > 0, !p.mu.closed
	p.mu.closed = true
	p.mu.segments, p.mu.size = nil, 0
	p.changedLocked()
	return unread, first
}

func (p *memPipe) closeWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.ended = true
	p.changedLocked()
}

func (p *memPipe) breakWith(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.broken == nil {
		p.mu.broken = err
	}
	p.changedLocked()
}

func (p *memPipe) broken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.broken != nil
}

// breakAfter breaks the pipe when n more bytes have been read.
func (p *memPipe) breakAfter(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.breakIn = n; n == 0 {
		p.mu.broken = syscall.ECONNRESET
	}
	p.changedLocked()
}
