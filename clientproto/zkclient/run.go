package zkclient

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// errGiveUp ends run when Close has waited for a server in vain.
var errGiveUp = errors.New("no server to say so to")

// run is the life of a client:
//
//	connecting → connected → connecting …      the session goes on
//	connecting → expired → connecting          with Renew; the end otherwise
//	connecting, connected → auth failed        the end
//	any → closed                               the end
func (c *Client) run() {
	defer close(c.done)
	defer c.events.close()
	for {
		err := c.session()
		var code zkproto.Code
		switch errors.As(err, &code); {
		case code == zkproto.SessionExpired && c.cfg.Renew && !c.isClosing():
			c.endSession(err, zkproto.StateExpired, false)
		case code == zkproto.SessionExpired:
			c.endSession(err, zkproto.StateExpired, true)
			return
		case code == zkproto.AuthFailed:
			c.endSession(err, zkproto.StateAuthFailed, true)
			return
		case errors.Is(err, errGiveUp):
			c.endSession(c.giveUpReason(), zkproto.StateClosed, true)
			return
		default:
			c.endSession(ErrClosed, zkproto.StateClosed, true)
			return
		}
	}
}

// session connects and serves until the session has ended, and returns why.
func (c *Client) session() error {
	for {
		l, err := c.connect()
		if err != nil {
			return err
		}
		began := time.Now()
		err = c.serve(l)
		if time.Since(began) > time.Second {
			c.attempts = 0
		} else {
			c.attempts++ // a server that drops us at once is not to be called in a tight loop
		}
		c.lost(err)
		switch {
		case errors.Is(err, zkproto.AuthFailed):
			return err
		case c.saidGoodbye():
			return ErrClosed
		}
	}
}

// connect tries one server after the other until one takes the session.
func (c *Client) connect() (*link, error) {
	ctx, cancel := c.untilExpiry()
	defer cancel()
	for {
		if err := c.pause(ctx); err != nil {
			return nil, c.whyStopped(err)
		}
		addr := c.hosts[c.next]
		c.next = (c.next + 1) % len(c.hosts)
		l, err := c.attach(ctx, addr)
		if err == nil {
			c.failed = nil
			return l, nil
		}
		if errors.Is(err, zkproto.SessionExpired) {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, c.whyStopped(ctx.Err())
		}
		c.attempts++
		if err := c.noteFailure(Attempt{addr, err}); err != nil {
			return nil, err
		}
	}
}

// untilExpiry is a context that ends with the session: no server can have kept one that has
// heard nothing for longer than its timeout. A third is added, as in Apache's client, for
// clocks that differ and for a leader's grace.
func (c *Client) untilExpiry() (context.Context, context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mu.seenWriter {
		return context.WithCancel(c.ctx)
	}
	return context.WithDeadline(c.ctx, c.mu.heard.Add(c.mu.timeout*4/3))
}

// whyStopped tells the end of the session from the end of the client.
func (c *Client) whyStopped(err error) error {
	if c.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return &expiredError{c.mu.pass}
	}
	return err
}

// pause waits before an attempt: not at all before the first on each server, then after each
// pass over the servers. (Apache's client waits up to a second each time, and a second more
// after each pass.)
func (c *Client) pause(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	closing := c.isClosing()
	if closing && c.Session().ID == 0 {
		return context.Canceled
	}
	pass := c.attempts / len(c.hosts)
	if pass == 0 || c.attempts%len(c.hosts) != 0 || closing {
		return nil
	}
	d := pauseAfter(pass)
	timer := time.NewTimer(d/2 + time.Duration(c.cfg.Rand.Int64N(int64(d))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closing:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// pauseAfter is how long the client waits after so many passes in vain, more or less by half: 10 ms at first, half as
// long again each time, up to a second. So a client that is started together with its servers, or has lost the one and only,
// waits for them little longer than they take.
func pauseAfter(pass int) time.Duration {
	const first, last = 10 * time.Millisecond, time.Second
	d := first
	for ; pass > 1 && d < last; pass-- {
		d += d / 2
	}
	return min(d, last)
}

// attach dials addr and asks for the session.
func (c *Client) attach(ctx context.Context, addr string) (*link, error) {
	req, timeout := c.connectRequest()
	dialCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := c.cfg.Dialer(dialCtx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c.setHandshaking(true)
	resp, err := c.shakeHands(ctx, conn, req, timeout)
	switch {
	case err != nil:
	case resp.Timeout <= 0:
		err = zkproto.SessionExpired
	case req.SessionID != 0 && resp.SessionID != req.SessionID:
		// A server that does not know the session and gives another one instead of saying so.
		err = zkproto.SessionExpired
	case resp.ReadOnly && !c.cfg.ReadOnly:
		err = &HandshakeError{Reason: "the server is read-only"}
	}
	if err != nil {
		c.setHandshaking(false)
		_ = conn.Close() // err is the one that matters
		return nil, err
	}
	return c.attached(conn, addr, req, resp), nil
}

// shakeHands does the handshake; the end of ctx cuts it short.
func (c *Client) shakeHands(ctx context.Context, conn net.Conn, req *zkproto.ConnectRequest, timeout time.Duration) (*zkproto.ConnectResponse, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	resp, err := handshake(conn, req, timeout)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	return resp, err
}

func (c *Client) setHandshaking(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.handshaking = yes
}

// connectRequest also returns the time that one server gets: all of them together, the session
// timeout.
func (c *Client) connectRequest() (*zkproto.ConnectRequest, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := &zkproto.ConnectRequest{
		LastZxidSeen: zkproto.Zxid(c.lastZxid.Load()),
		Timeout:      int32(c.cfg.SessionTimeout.Milliseconds()),
		Password:     make([]byte, zkproto.PasswordLen),
		ReadOnly:     c.cfg.ReadOnly,
	}
	if c.mu.seenWriter { // a read-only server's session is known to itself alone
		req.SessionID, req.Password = c.mu.session.ID, c.mu.session.Password
	}
	return req, c.mu.timeout / time.Duration(len(c.hosts))
}

// noteFailure keeps the reason, and publishes a full pass of them.
func (c *Client) noteFailure(a Attempt) error {
	c.failed = append(c.failed, a)
	if len(c.failed) < len(c.hosts) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	pass := &ConnectError{c.failed}
	c.mu.pass = pass
	c.failed = nil
	c.changedLocked()
	if c.mu.seenWriter && !c.mu.unreachable && time.Since(c.mu.lost) >= ElectionPatience {
		c.mu.unreachable = true
		c.events.post(func(zkproto.WatchedEvent) { c.cfg.OnUnreachable(pass) }, zkproto.WatchedEvent{})
	}
	if c.isClosing() {
		return errGiveUp
	}
	return nil
}

func (c *Client) giveUpReason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.pass
}

func (c *Client) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}
