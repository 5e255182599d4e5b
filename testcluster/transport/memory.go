package transport

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Memory is a network within the process, for tests: addresses are names, a dial to one that
// nobody listens at is refused, connections end and break as TCP's do. Time is the time
// package's, so that a synctest bubble has all of it.
//
// It is itself the Network of a machine without a name; [Memory.Host] gives others, so that
// connections between two of them can be told apart.
type Memory struct {
	mu struct {
		sync.Mutex
		listeners map[string]*memListener
		conns     map[*memConn]bool // the dialling ends, until either end is closed
		nextPort  int
		delay     time.Duration
		chunk     int
	}
}

// NewMemory returns an empty network.
func NewMemory() *Memory {
	m := &Memory{}
	m.mu.listeners = make(map[string]*memListener)
	m.mu.conns = make(map[*memConn]bool)
	return m
}

// Host is the network as the named machine sees it. Addresses are common to all machines.
func (m *Memory) Host(name string) Network { return memHost{m, name} }

// Listen takes addr; port 0 asks for a free one.
func (m *Memory) Listen(ctx context.Context, addr string) (net.Listener, error) {
	return m.Host("").Listen(ctx, addr)
}

// Dial connects to addr.
func (m *Memory) Dial(ctx context.Context, addr string) (net.Conn, error) {
	return m.Host("").Dial(ctx, addr)
}

// SetDelay has every byte written from now on arrive d later.
func (m *Memory) SetDelay(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.delay = d
}

// SetChunk has every read of connections dialled from now on return n bytes at most: packets
// come in pieces. 0 is no limit.
func (m *Memory) SetChunk(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.chunk = n
}

// Break resets every connection between two machines and returns how many there were.
func (m *Memory) Break(a, b string) int {
	between := m.between(a, b)
	for _, c := range between {
		c.reset()
	}
	return len(between)
}

// BreakAfter resets every connection between two machines once n more bytes have arrived at
// either end, in whatever they are the middle of. It returns how many connections there are.
func (m *Memory) BreakAfter(a, b string, n int) int {
	between := m.between(a, b)
	for _, c := range between {
		c.in.breakAfter(n)
		c.out.breakAfter(n)
	}
	return len(between)
}

func (m *Memory) between(a, b string) []*memConn {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []*memConn
	for c := range m.mu.conns {
		if c.host == a && c.far.host == b || c.host == b && c.far.host == a {
			found = append(found, c)
		}
	}
	return found
}

func (m *Memory) delay() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.delay
}

// ended forgets a connection, of which c is one end.
func (m *Memory) ended(c *memConn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.mu.conns, c)
	delete(m.mu.conns, c.far)
}

// memHost is one machine's view.
type memHost struct {
	m    *Memory
	name string
}

const (
	memFirstPort = 20000
	memBacklog   = 128
)

func (h memHost) Listen(_ context.Context, addr string) (net.Listener, error) {
	m := h.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if host, port, err := net.SplitHostPort(addr); err == nil && port == "0" {
		addr = net.JoinHostPort(host, strconv.Itoa(memFirstPort+m.mu.nextPort))
		m.mu.nextPort++
	}
	if m.mu.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "memory", Addr: memAddr(addr), Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}
	}
	l := &memListener{host: h, addr: memAddr(addr), backlog: make(chan *memConn, memBacklog), closed: make(chan struct{})}
	m.mu.listeners[addr] = l
	return l, nil
}

func (h memHost) Dial(ctx context.Context, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, dialError(addr, err)
	}
	m := h.m
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.mu.listeners[addr]
	if l == nil || len(l.backlog) == cap(l.backlog) {
		return nil, dialError(addr, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	there, here := newMemPipe(m, m.mu.chunk), newMemPipe(m, m.mu.chunk)
	near := &memConn{m: m, host: h.name, in: here, out: there, local: memAddr(h.name), remote: l.addr}
	far := &memConn{m: m, host: l.host.name, in: there, out: here, local: l.addr, remote: memAddr(h.name)}
	near.far, far.far = far, near
	m.mu.conns[near] = true
	l.backlog <- far // there is room: only dials, under the lock, fill it
	return near, nil
}

func dialError(addr string, err error) error {
	return &net.OpError{Op: "dial", Net: "memory", Addr: memAddr(addr), Err: err}
}

type memAddr string

func (memAddr) Network() string  { return "memory" }
func (a memAddr) String() string { return string(a) }

type memListener struct {
	host    memHost
	addr    memAddr
	backlog chan *memConn
	once    sync.Once
	closed  chan struct{}
}

func (l *memListener) Addr() net.Addr { return l.addr }

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
	case c := <-l.backlog:
		return c, nil
	}
	return nil, fmt.Errorf("accept at %s: %w", l.addr, net.ErrClosed)
}

// Close frees the address and resets whoever has not been accepted.
func (l *memListener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		m := l.host.m
		m.mu.Lock()
		delete(m.mu.listeners, string(l.addr))
		m.mu.Unlock()
		close(l.closed)
		for err = nil; len(l.backlog) > 0; {
			select {
			case c := <-l.backlog:
				c.far.reset()
			default:
			}
		}
	})
	return err
}
