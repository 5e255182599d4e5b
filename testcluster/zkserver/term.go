package zkserver

import (
	"github.com/zoka-project/zoka/testcluster/zab"
)

// term is a stretch of serving, as a leader or as a learner of one: from when the ensemble
// has brought the server up to date until its role changes. It owns what ends with it. Its
// clients' connections are closed then; they attach again, here or elsewhere.
type term struct {
	m     *member
	role  zab.Role
	ended chan struct{} // closed by end
	flow  flow
	lead  *leading  // of a leader, else nil
	learn *learning // of a learner, else nil
}

func newTerm(m *member, r zab.Role) *term {
	t := &term{m: m, role: r, ended: make(chan struct{})}
	t.flow.limit, t.flow.room.L = int64(m.s.cfg.GlobalOutstandingLimit), &t.flow.mu
	if r.State == zab.Leading {
		t.lead = newLeading(t)
	} else {
		t.learn = newLearning(t)
	}
	return t
}

// is says whether a role goes on with the term.
func (t *term) is(r *zab.Role) bool {
	return r.Serving() && r.State == t.role.State && r.Epoch == t.role.Epoch && r.Link == t.role.Link
}

// follows says whether another server decides about writes. A nil term is a standalone
// server's.
func (t *term) follows() bool { return t != nil && t.learn != nil }

// end has everything stop that belongs to the term, and waits for nothing. Under the
// member's lock.
func (t *term) end() {
	close(t.ended)
	t.flow.release()
	if t.lead != nil {
		t.lead.queue.close()
	}
}

func (t *term) over() bool {
	select {
	case <-t.ended:
		return true
	default:
		return false
	}
}

// serve begins to take clients in once the tree has everything that was there before.
func (t *term) serve() {
	s := t.m.s
	status := t.m.node.Status()
	// What a leader has in its log is the ensemble's. A learner's tree may have come with a
	// snapshot that has effects of what is logged behind it: before that is applied again, its
	// state would go back and forth.
	upTo := max(status.Committed, status.Logged)
	if !s.decided.await(upTo, t.over) {
		return
	}
	if t.lead != nil {
		t.lead.begin()
	} else {
		s.sessions.follow()
	}
	t.m.mu.Lock()
	if t.m.wanted == t {
		t.m.serving = t
	}
	t.m.mu.Unlock()
	s.log.Info("serving as a member of an ensemble", "mode", t.mode(), "leader", int64(t.role.Leader), "epoch", t.role.Epoch, "zxid", s.zxid())
	if t.lead != nil {
		s.closeOrphans(t)
	}
}

// close ends the clients' connections and waits for what decides about writes. The
// connections themselves end by and by.
func (t *term) close() {
	s := t.m.s
	for _, c := range s.connections() {
		c.mu.Lock()
		own := c.term == t
		c.mu.Unlock()
		if own {
			c.endNow()
		}
	}
	if t.lead != nil {
		t.lead.decides.Wait()
	}
	s.sessions.rest()
	s.log.Info("not serving any more", "mode", t.mode(), "epoch", t.role.Epoch)
}

// submit hands on the writes of one connection, or of the server itself, as soon as there is
// room for them.
func (t *term) submit(ws []*write) {
	if c := ws[0].c; c == nil {
		t.flow.begin(ws) // the server's own: sessions are to expire under any load
	} else if !t.flow.admit(ws, func() bool {
		t.m.s.sessions.touch(c.session, c.timeout) // it waits for us, not we for it
		return t.over()
	}) {
		return // the connection is being closed
	}
	if t.lead != nil {
		t.lead.submit(ws)
	} else {
		t.learn.submit(ws)
	}
}

// left is told that a connection of the term has ended.
func (t *term) left() { t.m.left() }

// mode is how srvr names the server's part.
func (t *term) mode() string { return modeNames[t.role.State] }

// enter has the connection served in the term of this moment. It is false if there is none.
func (c *conn) enter() bool {
	m := c.s.member
	if m == nil {
		c.flow = &c.s.flow
		return true
	}
	// The lock spans both, so that who closes the term's connections finds this one.
	c.mu.Lock()
	defer c.mu.Unlock()
	t := m.enter()
	if t == nil {
		return false
	}
	c.term, c.flow, c.ended = t, &t.flow, t.ended
	return t.lead == nil || !c.s.cfg.Ensemble.LeaderRests
}

// leads is the term in which the server decides about writes, nil for a standalone one, and
// whether it does.
func (s *Server) leads() (t *term, leads bool) {
	if s.member == nil {
		return nil, true
	}
	t = s.member.open()
	return t, t != nil && t.lead != nil
}

// outstanding is how many writes are submitted and not answered.
func (s *Server) outstanding() int64 {
	if s.member == nil {
		return s.flow.writes.Load()
	}
	if t := s.member.open(); t != nil {
		return t.flow.writes.Load()
	}
	return 0
}
