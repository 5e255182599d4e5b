// Package httpd serves one http.Handler on one address with the limits that a port open to strangers needs. It knows
// nothing of what is served: that is the business of admin and metrics, its two callers' handlers.
//
//	web, err := httpd.Start("127.0.0.1:8080", handler, httpd.Options{Logger: log})
//	...
//	err = web.Close() // waits
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options are the particulars of one server.
type Options struct {
	// Idle is how long a connection may wait for its next request; 0 is 30 s.
	Idle time.Duration
	// Logger takes the lines of broken connections; nil is none.
	Logger *slog.Logger
}

const (
	// maxHeader is how many bytes a request's header may have, maxConns how many connections there may be.
	maxHeader = 8 << 10
	maxConns  = 64
	// headerTime is how long a client may take for a request's header, readTime for all of it, and writeTime for
	// taking the answer, which may be a snapshot.
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 10 * time.Minute
	// grace is how long Close waits for answers under way before it cuts them off.
	grace = 2 * time.Second
)

// Server serves until it is closed.
type Server struct {
	http     http.Server
	listener net.Listener
	done     sync.WaitGroup
	failed   error // of Serve; written before done
}

// Start listens on addr, host:port, and begins to serve. The error wraps the one of net.Listen.
func Start(addr string, h http.Handler, o Options) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve HTTP: %w", err)
	}
	if o.Idle == 0 {
		o.Idle = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{listener: limit(l, maxConns), http: http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: o.Idle, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}}
	s.done.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
			o.Logger.Error("HTTP is not served any more", "address", l.Addr(), "err", err)
		}
	})
	return s, nil
}

// Addr is the address that is served.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close lets answers under way end, for a moment, and waits until nothing of the server is left.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.done.Wait()
	return errors.Join(err, s.failed)
}

// limit bounds the connections that are open at a time: others wait until one ends.
func limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotted{Conn: c, free: func() { <-l.slots }}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// slotted gives its place back when it is closed.
type slotted struct {
	net.Conn
	once sync.Once
	free func()
}

func (s *slotted) Close() error {
	err := s.Conn.Close()
	s.once.Do(s.free)
	return err
}
