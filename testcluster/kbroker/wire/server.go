package wire

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Defaults of Options: those of Kafka 2.7 where it has them.
const (
	DefaultMaxRequestBytes = 100 << 20
	DefaultMaxIdle         = 10 * time.Minute
	DefaultMaxInFlight     = 256
	DefaultMaxConnBytes    = 8 << 20
	DefaultMaxBytes        = 256 << 20
	DefaultMaxHeld         = 256 << 20
)

// Options says what a server answers, and its bounds. A zero value means its default.
type Options struct {
	Rows []Row
	// MaxRequestBytes bounds one frame (socket.request.max.bytes).
	MaxRequestBytes int
	// MaxIdle is how long a connection may be silent (connections.max.idle.ms). Negative is for ever.
	MaxIdle time.Duration
	// MaxStall is how long a frame may pause in its middle, or hardly move, before the connection is given up: 30 s by
	// default. An answer that its client does not read is given up after MaxIdle, and after MaxStall where MaxHeld is
	// near.
	MaxStall time.Duration
	// MaxInFlight and MaxConnBytes bound what one connection has in flight: requests that are not answered yet, and bytes
	// of requests that are not answered and of answers that are not written. One request more than the bytes is possible.
	MaxInFlight, MaxConnBytes int
	// MaxBytes bounds the bytes of all large frames that are being read or handled, of all connections
	// (queued.max.request.bytes). They count as they come.
	MaxBytes int
	// MaxHeld is how many bytes of requests that are not answered, and of answers that are not written, all connections
	// may hold. From three quarters of it on each of them is held to one request at a time.
	MaxHeld int
	// MaxConnections and MaxConnectionsPerIP bound the connections (max.connections, max.connections.per.ip); 0 is no bound.
	MaxConnections, MaxConnectionsPerIP int
	// SendBuffer and ReceiveBuffer are the sizes of sockets' buffers (socket.send.buffer.bytes, socket.receive.buffer.bytes);
	// 0 is the system's own.
	SendBuffer, ReceiveBuffer int
	Logger                    *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxRequestBytes, DefaultMaxRequestBytes)
	setDefault(&o.MaxIdle, DefaultMaxIdle)
	setDefault(&o.MaxStall, 30*time.Second)
	setDefault(&o.MaxInFlight, DefaultMaxInFlight)
	setDefault(&o.MaxConnBytes, DefaultMaxConnBytes)
	setDefault(&o.MaxBytes, DefaultMaxBytes)
	setDefault(&o.MaxHeld, DefaultMaxHeld)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Server serves connections until it is closed. Each connection has two goroutines, which Close and Kill wait for.
type Server struct {
	o        Options
	apis     apiTable
	versions versionsAnswers
	budget   *budget
	messages *budget // large messages in rows' hands
	held     heldBytes
	faults   *faults
	ctx      context.Context
	cancel   context.CancelFunc
	closing  chan struct{}
	wg       sync.WaitGroup // Serve and the connections

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	perIP     map[string]int
}

// NewServer returns a server that has no listener yet. Its rows must not have one API twice, nor ApiVersions (18).
func NewServer(o Options) *Server {
	o = o.withDefaults()
	s := &Server{
		o: o, budget: newBudget(o.MaxBytes), messages: newBudget(maxMessages), held: heldBytes{max: int64(o.MaxHeld)}, faults: newFaults(o.Logger), closing: make(chan struct{}),
		listeners: map[net.Listener]struct{}{}, conns: map[*conn]struct{}{}, perIP: map[string]int{},
	}
	s.apis = newTable(append([]Row{{Key: apiVersionsKey, Max: apiVersionsMax, Handle: s.answerVersions}}, o.Rows...))
	s.versions = newVersionsAnswers(s.apis)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until the server or the listener is closed; it closes the listener. The error is nil after
// Close and Kill.
func (s *Server) Serve(listenerName string, ln net.Listener) error {
	defer ln.Close()
	if !s.addListener(ln) {
		return nil
	}
	defer s.wg.Done()
	backoff := time.Duration(0)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			backoff = 0
			s.take(listenerName, nc)
		case errors.Is(err, net.ErrClosed):
			select {
			case <-s.closing:
				return nil
			default:
				return err
			}
		default: // no file descriptor left, or a client that has gone already: neither is the listener's end
			s.faults.report("", "cannot accept a connection", "listener", listenerName, "err", err)
			backoff = min(backoff*2+5*time.Millisecond, time.Second)
			select {
			case <-time.After(backoff):
			case <-s.closing:
			}
		}
	}
}

func (s *Server) addListener(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[ln] = struct{}{}
	s.wg.Add(1)
	return true
}

// take starts a connection, unless there are too many.
func (s *Server) take(listener string, nc net.Conn) {
	c := newConn(s, listener, nc)
	s.mu.Lock()
	full := s.fullLocked(c.host)
	if s.closed || full {
		s.mu.Unlock()
		if full {
			s.faults.report(c.host, "connection refused: too many", "listener", listener, "client", nc.RemoteAddr().String())
		} else {
			resetOnClose(nc)
		}
		_ = nc.Close() // nothing was said on it
		return
	}
	s.conns[c] = struct{}{}
	s.perIP[c.host]++
	s.wg.Add(2)
	s.mu.Unlock()
	s.setBuffers(nc)
	go c.read()
	go c.write()
}

// setBuffers sizes the buffers of a connection that has any.
func (s *Server) setBuffers(nc net.Conn) {
	c, ok := nc.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	})
	if !ok {
		return
	}
	if s.o.ReceiveBuffer > 0 {
		_ = c.SetReadBuffer(s.o.ReceiveBuffer) // what the system does not grant it does not grant
	}
	if s.o.SendBuffer > 0 {
		_ = c.SetWriteBuffer(s.o.SendBuffer)
	}
}

func (s *Server) fullLocked(host string) bool {
	return s.o.MaxConnections > 0 && len(s.conns) >= s.o.MaxConnections ||
		s.o.MaxConnectionsPerIP > 0 && s.perIP[host] >= s.o.MaxConnectionsPerIP
}

func (s *Server) drop(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.perIP[c.host]--; s.perIP[c.host] == 0 {
		delete(s.perIP, c.host)
	}
}

// Close ends all connections: answers that are there already are still written, within a second, no request is read any
// more. It returns when all goroutines of the server have ended.
func (s *Server) Close() {
	s.stop((*conn).finish)
	s.wg.Wait()
	s.cancel()
}

// Kill cuts all connections, as the end of the process would, and returns when all goroutines have ended.
func (s *Server) Kill() {
	s.cancel()
	s.stop((*conn).kill)
	s.wg.Wait()
}

func (s *Server) stop(end func(*conn)) {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	for ln := range s.listeners {
		_ = ln.Close() // it may be closed already
	}
	s.mu.Unlock()
	for _, c := range conns {
		end(c)
	}
}
