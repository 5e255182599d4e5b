package zkclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// attached makes the new connection the present one: the session as granted, and the
// credentials and watches that the server must have before any request of the queue.
func (c *Client) attached(conn net.Conn, addr string, req *zkproto.ConnectRequest, resp *zkproto.ConnectResponse) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &link{
		conn: conn, addr: addr, readOnly: resp.ReadOnly,
		timeout: time.Duration(resp.Timeout) * time.Millisecond,
		stop:    make(chan struct{}),
	}
	c.links.Add(1)
	c.mu.session = Session{resp.SessionID, cloneBytes(resp.Password)}
	c.mu.timeout = l.timeout
	c.mu.heard = time.Now()
	c.mu.handshaking = false
	c.mu.seenWriter = c.mu.seenWriter || !resp.ReadOnly
	c.mu.server = addr
	c.mu.pass, c.mu.unreachable = nil, false
	c.mu.state = zkproto.StateSyncConnected
	if resp.ReadOnly {
		c.mu.state = zkproto.StateConnectedReadOnly
	}
	for _, a := range c.mu.auth {
		c.setupLocked(zkproto.OpAuth, &zkproto.AuthRequest{Scheme: a.Scheme, Auth: a.Auth})
	}
	// The zxid is the one of the handshake: a reply could move it on before the watches are
	// compared with it, and an event be lost.
	for _, w := range c.watches.renewals(req.LastZxidSeen) {
		c.setupLocked(w.op, w.req)
	}
	c.events.post(c.cfg.OnEvent, zkproto.WatchedEvent{Type: zkproto.EventNone, State: c.mu.state})
	c.changedLocked()
	return l
}

func (c *Client) setupLocked(op zkproto.OpCode, req zkproto.Record) {
	call := newCall(c, context.Background(), op, "")
	call.setup = true
	if err := call.encode(req); err != nil {
		// A single path or credential that is too large: the server never had it either.
		return
	}
	c.mu.setup.push(call)
}

// serve works on l until the connection ends, and returns why.
func (c *Client) serve(l *link) error {
	stop := context.AfterFunc(c.ctx, func() { _ = l.conn.Close() })
	defer stop()
	if c.cfg.SASL != nil {
		if err := c.authenticate(l, c.cfg.SASL()); err != nil {
			_ = l.conn.Close() // err is the one that matters
			return err
		}
	}
	ctx, cancel := context.WithCancel(c.ctx)
	var helpers sync.WaitGroup
	var writeErr, found error
	helpers.Go(func() {
		writeErr = c.write(l)
		_ = l.conn.Close() // ends the reader
	})
	if l.readOnly {
		helpers.Go(func() {
			if found = c.findWriter(ctx); found != nil {
				_ = l.conn.Close()
			}
		})
	}
	err := c.read(l)
	_ = l.conn.Close()
	close(l.stop)
	cancel()
	helpers.Wait()
	switch {
	case found != nil:
		return found
	case writeErr != nil && errors.Is(err, net.ErrClosed):
		return writeErr
	}
	return err
}

// write sends what is in the queue, many requests at a time, and pings when there is nothing.
func (c *Client) write(l *link) error {
	every := l.pingAfter()
	timer := time.NewTimer(every)
	defer timer.Stop()
	ping := zkproto.RequestHeader{Xid: zkproto.XidPing, Op: zkproto.OpPing}.AppendTo([]byte{0, 0, 0, 8})
	var buf []byte
	last := time.Now()
	for {
		if cap(buf) > 4*batchSize {
			buf = nil
		}
		if buf = c.takeBatch(buf[:0]); len(buf) > 0 {
			if _, err := l.conn.Write(buf); err != nil {
				return err
			}
			last = time.Now()
			continue
		}
		select {
		case <-c.wake:
			// Callers whose replies have just come are about to ask again: one write for all
			// of them costs a fraction of one each.
			runtime.Gosched()
		case <-timer.C:
			idle := time.Since(last)
			if idle >= every {
				if _, err := l.conn.Write(ping); err != nil {
					return err
				}
				last, idle = time.Now(), 0
			}
			timer.Reset(every - idle)
		case <-l.stop:
			return nil
		}
	}
}

func (c *Client) read(l *link) error {
	frames := newFrameReader(l.conn, l.readTimeout(), func(at time.Time) {
		c.mu.Lock()
		c.mu.heard = at
		c.mu.Unlock()
	})
	for {
		frame, err := frames.next()
		if err != nil {
			return err
		}
		if err := c.handle(frame); err != nil {
			return err
		}
	}
}

// handle takes one reply or event.
func (c *Client) handle(frame []byte) error {
	var r jute.Reader
	r.Reset(frame)
	var h zkproto.ReplyHeader
	h.Decode(&r)
	if err := r.Err(); err != nil {
		return &ProtocolError{"header of a reply: " + err.Error()}
	}
	switch h.Xid {
	case zkproto.XidPing:
		return nil
	case zkproto.XidNotification:
		return c.notified(h, &r)
	}
	call, err := c.callOf(h.Xid)
	if err != nil {
		return err
	}
	if h.Zxid > zkproto.Zxid(c.lastZxid.Load()) {
		c.lastZxid.Store(int64(h.Zxid))
	}
	if err := call.reply(h, &r); err != nil {
		return &ProtocolError{fmt.Sprintf("reply to %s: %v", call.op, err)}
	}
	switch {
	case !call.setup || h.Err == zkproto.OK:
		return nil
	case call.op == zkproto.OpAuth:
		return zkproto.AuthFailed
	}
	return fmt.Errorf("%s refused: %w", call.op, h.Err)
}

// callOf takes the call out that a reply with this xid answers: replies come in the order of
// the requests.
func (c *Client) callOf(xid int32) (*Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := &c.mu.sent
	if xid == zkproto.XidAuth {
		from = &c.mu.sentAuth
	}
	call := from.pop()
	switch {
	case call == nil:
		return nil, &ProtocolError{fmt.Sprintf("reply with xid %d to no request", xid)}
	case call.xid != xid:
		call.fail(zkproto.ConnectionLoss)
		return nil, &ProtocolError{fmt.Sprintf("reply with xid %d where %d was due", xid, call.xid)}
	}
	return call, nil
}

// lost ends the calls that were on a connection. A closeSession that was not answered is sent
// once more on the next one: a server that has carried it out says there that the session is
// gone, and one that was killed has not.
func (c *Client) lost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range []*fifo{&c.mu.sent, &c.mu.sentAuth} {
		for call := q.pop(); call != nil; call = q.pop() {
			if call.op == zkproto.OpCloseSession && isHangUp(err) && c.repeatLocked(call) {
				continue
			}
			call.fail(zkproto.ConnectionLoss)
		}
	}
	c.mu.setup = fifo{}
	c.mu.server = ""
	c.mu.lost = time.Now()
	c.mu.state = zkproto.StateDisconnected
	if !c.isClosing() {
		c.events.post(c.cfg.OnEvent, zkproto.WatchedEvent{Type: zkproto.EventNone, State: c.mu.state})
	}
	c.changedLocked()
}

// repeatLocked queues the closeSession again, unless that was done before or it has ended.
func (c *Client) repeatLocked(goodbye *Call) bool {
	if c.mu.repeated || goodbye.encode(nil) != nil || !goodbye.progress.CompareAndSwap(sent, queued) {
		return false
	}
	c.mu.repeated = true
	c.mu.queue.push(goodbye)
	return true
}

// endSession ends every call and every watch. With final the client takes no more calls.
func (c *Client) endSession(err error, state zkproto.KeeperState, final bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if final {
		c.mu.terminal = err
	}
	c.mu.state = state
	for call := c.mu.queue.pop(); call != nil; call = c.mu.queue.pop() {
		call.fail(err)
	}
	c.mu.dropped = 0
	c.events.post(c.cfg.OnEvent, zkproto.WatchedEvent{Type: zkproto.EventNone, State: state})
	for _, w := range c.watches.clear() {
		c.events.post(w.watch, zkproto.WatchedEvent{Type: zkproto.EventNone, State: state, Path: c.strip(w.path)})
	}
	if !final {
		c.mu.session, c.mu.seenWriter, c.mu.timeout = Session{}, false, c.cfg.SessionTimeout
		c.mu.state = zkproto.StateDisconnected
		c.lastZxid.Store(0) // a new session may begin on servers that began anew
		c.attempts = 0
	}
	c.changedLocked()
}
