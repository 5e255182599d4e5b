package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// dialer dials brokers for all clients of one cluster, and hands out connections on which a broker has answered.
// Connections that were made to find out who is there are kept for the first that asks for them, and addresses that
// could not be dialled are remembered: franz-go tries again and again, and its errors do not always say where.
type dialer struct {
	net  net.Dialer
	tls  *tls.Config // nil: plain
	sasl bool

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
	slow bool // it took all the time that it was given
	err  error
}

func newDialer(timeout time.Duration, cfg *tls.Config, sasl bool) *dialer {
	return &dialer{net: net.Dialer{Timeout: timeout}, tls: cfg, sasl: sasl, spare: map[string]net.Conn{}, faults: map[string]*fault{}, good: map[string]bool{}}
}

// dial is for franz-go.
func (d *dialer) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	d.mu.Lock()
	conn := d.spare[addr]
	delete(d.spare, addr)
	d.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	return d.connect(ctx, addr)
}

// reach makes sure that a broker answers at an address, and keeps the connection.
func (d *dialer) reach(ctx context.Context, addr string) error {
	d.mu.Lock()
	have := d.spare[addr] != nil
	d.mu.Unlock()
	if have {
		return nil
	}
	conn, err := d.connect(ctx, addr)
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

// connect dials, and notes what came of it. All errors are those of a dial: franz-go turns to another broker then.
func (d *dialer) connect(ctx context.Context, addr string) (net.Conn, error) {
	if f := d.faultOf(addr); f != nil && f.slow && time.Since(f.when) < d.net.Timeout {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: f.err} // who asks next need not wait as long
	}
	conn, err := d.open(ctx, addr)
	d.note(ctx, addr, err)
	if err == nil {
		return conn, nil
	}
	var dial *net.OpError
	if !errors.As(err, &dial) || dial.Op != "dial" {
		err = &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	return nil, err
}

// open dials, and waits for a broker's greeting. A listener that wants SASL greets once in a connection, and franz-go asks
// for that again: there the greeting has a connection of its own.
func (d *dialer) open(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := d.raw(ctx, addr)
	if err != nil {
		return nil, err
	}
	err = greet(ctx, conn, d.net.Timeout)
	if err == nil && !d.sasl {
		return conn, nil
	}
	conn.Close()
	if err != nil {
		return nil, err
	}
	return d.raw(ctx, addr)
}

// raw dials, and talks TLS where that is wanted.
func (d *dialer) raw(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, "tcp", addr)
	if err != nil || d.tls == nil {
		return conn, err
	}
	return d.secure(ctx, conn, addr)
}

func (d *dialer) note(ctx context.Context, addr string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.faults, addr)
		d.good[addr] = true
	} else if !errors.Is(ctx.Err(), context.Canceled) {
		why := dialReason(err)
		d.faults[addr] = &fault{addr: addr, when: time.Now(), slow: timedOut(why), err: why}
	}
}

// secure talks TLS on a connection, which is closed where that fails. The error is a *tlsError.
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
		return nil, &tlsError{err}
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

// faultOf is why an address could not be dialled when it was tried last, nil if it could.
func (d *dialer) faultOf(addr string) *fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults[addr]
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
	var stranger *strangerError
	var secured *tlsError
	var call *os.SyscallError
	var timeout net.Error
	switch {
	case errors.As(err, &stranger):
		return stranger
	case errors.As(err, &secured):
		return secured
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
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return &shortError{op.Err.Error(), err}
	}
	return err
}

// timedOut tells a fault of somebody who says nothing.
func timedOut(why error) bool {
	var stranger *strangerError
	var secured *tlsError
	var timeout net.Error
	switch {
	case errors.As(why, &stranger):
		return stranger.silent
	case errors.As(why, &secured):
		why = secured.err
	}
	return errors.As(why, &timeout) && timeout.Timeout()
}

// shortError is an error with a text of its own.
type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }
