package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// dialer dials brokers for all clients of one cluster. Connections that were made to find out who is there are kept
// for the first that asks for them, and addresses that could not be dialled are remembered: franz-go tries again and
// again, and its errors do not always say where.
type dialer struct {
	net net.Dialer
	tls *tls.Config // nil: plain

	mu     sync.Mutex
	spare  map[string]net.Conn
	faults map[string]*fault
	good   map[string]bool // was dialled before
	closed bool
}

// fault is an address that could not be dialled.
type fault struct {
	addr string
	when time.Time
	err  error
}

func newDialer(timeout time.Duration, cfg *tls.Config) *dialer {
	return &dialer{net: net.Dialer{Timeout: timeout}, tls: cfg, spare: map[string]net.Conn{}, faults: map[string]*fault{}, good: map[string]bool{}}
}

// dial is for franz-go.
func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	conn := d.spare[addr]
	delete(d.spare, addr)
	d.mu.Unlock()
	if conn == nil {
		var err error
		if conn, err = d.raw(ctx, network, addr); err != nil {
			return nil, err
		}
	}
	if d.tls == nil {
		return conn, nil
	}
	return d.secure(ctx, conn, addr)
}

// reach makes sure that an address can be dialled, and keeps the connection.
func (d *dialer) reach(ctx context.Context, addr string) error {
	d.mu.Lock()
	have := d.spare[addr] != nil
	d.mu.Unlock()
	if have {
		return nil
	}
	conn, err := d.raw(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.spare[addr] != nil {
		conn.Close()
		return nil
	}
	d.spare[addr] = conn
	return nil
}

// raw dials without TLS, and notes what came of it.
func (d *dialer) raw(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, addr)
	d.note(ctx, addr, err)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (d *dialer) note(ctx context.Context, addr string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.faults, addr)
		d.good[addr] = true
	} else if !errors.Is(ctx.Err(), context.Canceled) {
		d.faults[addr] = &fault{addr: addr, when: time.Now(), err: dialReason(err)}
	}
}

func (d *dialer) secure(ctx context.Context, conn net.Conn, addr string) (net.Conn, error) {
	cfg := d.tls.Clone()
	if host, _, err := net.SplitHostPort(addr); err == nil && cfg.ServerName == "" {
		cfg.ServerName = host
	}
	limited, cancel := context.WithTimeout(ctx, d.net.Timeout)
	defer cancel()
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(limited); err != nil {
		conn.Close()
		d.note(ctx, addr, fmt.Errorf("TLS: %w", err))
		return nil, err
	}
	return secured, nil
}

// fresh is how long a fault may be the reason of something: brokers that are wanted are dialled again and again.
const fresh = 2 * patience

// latestFault is the last address that could not be dialled, lately, and has not been since; nil if there is none.
func (d *dialer) latestFault() *fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	var last *fault
	for _, f := range d.faults {
		if time.Since(f.when) > fresh {
			continue
		}
		if last == nil || f.when.After(last.when) {
			last = f
		}
	}
	return last
}

// wasGood tells an address that could be dialled before.
func (d *dialer) wasGood(addr string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.good[addr]
}

// drop closes the connections that nobody has asked for.
func (d *dialer) drop(last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = d.closed || last
	for addr, conn := range d.spare {
		conn.Close()
		delete(d.spare, addr)
	}
}

// dialReason is why an address could not be dialled, without the address: it is named beside it.
func dialReason(err error) error {
	var dns *net.DNSError
	var call *os.SyscallError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return &shortError{"no such host", err}
	case errors.As(err, &dns):
		return &shortError{"the name cannot be looked up: " + dns.Err, err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &shortError{"connection refused", err}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &shortError{"no answer", err}
	case errors.As(err, &call):
		return &shortError{call.Err.Error(), err}
	}
	return &shortError{strings.TrimPrefix(err.Error(), "TLS: tls: "), err}
}

// shortError is an error with a text of its own.
type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }
