package zkserver

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
)

// handshake reads the first frame and establishes the session. A first word of four letters
// is a command instead, answered in text.
func (c *conn) handshake() error {
	if err := c.nc.SetReadDeadline(time.Now().Add(c.s.cfg.SessionlessTimeout)); err != nil {
		return err
	}
	frame, err := c.firstFrame()
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.stats.receiving(4 + len(frame))
	c.s.measures.handshakes.Add(1)
	c.mu.Unlock()
	var q zkproto.ConnectRequest
	if err := zkproto.Decode(frame, &q); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if !c.enter() {
		c.s.log.Debug("refused a client: not serving", "client", c.nc.RemoteAddr())
		return errHangup
	}
	if seen, have := q.LastZxidSeen, c.s.horizon(c.term); seen > have {
		// Another server may have it; a client must never see an older state.
		c.s.log.Info("refused a client that has seen more than this server", "client", c.nc.RemoteAddr(), "seen", seen, "here", have)
		return errHangup
	}
	c.old = q.Old
	c.timeout = c.s.negotiate(q.Timeout)
	if q.SessionID != 0 {
		err = c.reattach(&q)
	} else {
		err = c.newSession()
	}
	if err != nil {
		return err
	}
	return c.nc.SetReadDeadline(time.Time{})
}

// firstFrame waits for the handshake's frame, or answers a command.
func (c *conn) firstFrame() ([]byte, error) {
	checked := false
	for {
		if b := c.in.buffered(); !checked && len(b) >= 4 {
			if word := c.s.word(b[:4]); word != nil {
				return nil, c.command(word)
			}
			checked = true
		}
		frame, err := c.in.next(int32(c.s.cfg.JuteMaxBuffer))
		if frame != nil || err != nil {
			return frame, err
		}
		if err := c.in.fill(c.nc); err != nil {
			return nil, err
		}
	}
}

// negotiate fits a timeout in milliseconds into the server's bounds.
func (s *Server) negotiate(timeout int32) int32 {
	low, high := s.cfg.MinSessionTimeout.Milliseconds(), s.cfg.MaxSessionTimeout.Milliseconds()
	return int32(min(max(int64(timeout), low), high))
}

// newSession has the session created and waits for it.
func (c *conn) newSession() error {
	c.session = c.s.sessions.newID(c)
	w := c.s.newWrite(c, 0, zkproto.OpCreateSession)
	w.body = binary.BigEndian.AppendUint32(w.body, uint32(c.timeout))
	w.arrived = c.s.sessions.clock()
	c.s.submit(c.term, c.flow, []*write{w})
	select {
	case <-c.ready:
		return nil
	case <-c.ended:
	case <-c.s.quit:
	}
	return errHangup
}

// reattach takes over a session that the client has had before.
func (c *conn) reattach(q *zkproto.ConnectRequest) error {
	if old := c.s.sessions.attached(q.SessionID); old != nil {
		old.endNow()
	}
	if m := c.s.member; m != nil {
		m.counts.claims.Add(1)
	}
	var old *conn
	ok := lease.ValidPassword(q.SessionID, q.Password)
	switch {
	case ok && c.term.follows():
		var err error
		if old, ok, err = c.term.learn.revalidate(c, q.SessionID); err != nil {
			return err
		}
	case ok:
		old, ok = c.s.sessions.reattach(q.SessionID, c.timeout, c)
	}
	if !ok {
		c.s.log.Info("refused a session that is gone, or a wrong password", "client", c.nc.RemoteAddr(), "session", q.SessionID)
		c.mu.Lock()
		c.appendConnect(&zkproto.ConnectResponse{Password: make([]byte, zkproto.PasswordLen), Old: c.old})
		c.hangup = true
		c.mu.Unlock()
		c.flush()
		return errHangup
	}
	if old != nil {
		old.endNow() // it came between
	}
	c.session = q.SessionID
	c.mu.Lock()
	c.establish()
	c.mu.Unlock()
	c.flush()
	return nil
}

// establish answers the handshake. The connection's lock is held.
func (c *conn) establish() {
	password := lease.Password(c.session)
	c.appendConnect(&zkproto.ConnectResponse{
		Timeout: c.timeout, SessionID: c.session, Password: password[:], Old: c.old,
	})
	close(c.ready)
}

func (c *conn) appendConnect(r *zkproto.ConnectResponse) {
	if c.out == nil {
		c.out = c.s.takeBuffer()
	}
	at := len(c.out)
	c.out = r.AppendTo(jute.AppendInt(c.out, 0))
	c.end(at)
}
