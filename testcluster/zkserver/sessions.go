package zkserver

import (
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// sessions is the server's view of its sessions: who is attached, and when they expire.
type sessions struct {
	start time.Time
	now   func() time.Time

	tick int64       // tickTime in milliseconds
	self lease.Owner // of the sessions of this server's own clients

	mu    sync.Mutex
	conns map[zkproto.SessionID]*conn
	last  zkproto.SessionID
	// tracker is that of the server that decides about expiry, standalone or a leader; nil
	// elsewhere. term is the leader's.
	tracker *lease.Tracker
	term    *term
	// touched has the timeouts of the sessions that a learner has heard of and not told its
	// leader; nil elsewhere.
	touched map[zkproto.SessionID]int32
}

// ownClients owns the sessions that are attached to the leader itself. Links count from 1.
const ownClients lease.Owner = -1

func newSessions(c *Config) *sessions {
	start := c.Now()
	s := &sessions{
		start: start,
		now:   c.Now,
		tick:  c.TickTime.Milliseconds(),
		conns: make(map[zkproto.SessionID]*conn),
		last:  lease.FirstID(c.ServerID, start.UnixMilli()),
	}
	if c.Ensemble != nil {
		s.self = ownClients
	}
	return s
}

// owner is whose a session is that is heard of by a link; 0 is no link.
func (s *sessions) owner(l zab.LinkID) lease.Owner {
	if l == 0 {
		return s.self
	}
	return lease.Owner(l)
}

// clock is milliseconds since the start, by a clock that does not jump.
func (s *sessions) clock() int64 { return s.now().Sub(s.start).Milliseconds() }

// lead begins to decide about expiry: every session of the table has its full timeout, and
// belongs to nobody until somebody asks for it. t is nil for a standalone server.
func (s *sessions) lead(table *lease.Table, t *term) {
	now := s.clock()
	tracker := lease.NewTracker(s.tick, now)
	for id, timeout := range table.All() {
		tracker.Add(id, timeout, 0, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker, s.term, s.touched = tracker, t, nil
}

// follow begins to note who is heard of, for a leader elsewhere.
func (s *sessions) follow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker, s.term, s.touched = nil, nil, make(map[zkproto.SessionID]int32)
}

// rest ends lead or follow.
func (s *sessions) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker, s.term, s.touched = nil, nil, nil
}

// appendTouched appends who was heard of since the last call, as an answer to PING has it.
func (s *sessions) appendTouched(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, timeout := range s.touched {
		b = jute.AppendInt(jute.AppendLong(b, int64(id)), timeout)
	}
	clear(s.touched)
	return b
}

// touchedLen is one session in there: i64 session | i32 timeout.
const touchedLen = 8 + 4

// newID returns the id of a new session, which belongs to c.
func (s *sessions) newID(c *conn) zkproto.SessionID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.conns[s.last] = c
	return s.last
}

// reattach touches a session for a connection that takes it over, and returns the connection
// that had it, if there is one. It is false for a session that is gone.
func (s *sessions) reattach(id zkproto.SessionID, timeout int32, c *conn) (old *conn, ok bool) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.claimLocked(id, timeout, s.self, now) {
		return nil, false
	}
	old = s.conns[id]
	s.conns[id] = c
	return old, true
}

// claim touches a session and gives it to an owner. It is false for a session that is gone.
func (s *sessions) claim(id zkproto.SessionID, timeout int32, owner lease.Owner) bool {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claimLocked(id, timeout, owner, now)
}

func (s *sessions) claimLocked(id zkproto.SessionID, timeout int32, owner lease.Owner, now int64) bool {
	return s.tracker != nil && s.tracker.Touch(id, timeout, now) && s.tracker.SetOwner(id, owner)
}

// attach notes that c has a session, and returns the connection that had it.
func (s *sessions) attach(id zkproto.SessionID, c *conn) (old *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old = s.conns[id]
	s.conns[id] = c
	return old
}

// attached is the connection of a session, or nil.
func (s *sessions) attached(id zkproto.SessionID) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}

// detach forgets that c has the session, unless another connection has taken it over.
func (s *sessions) detach(id zkproto.SessionID, c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[id] == c {
		delete(s.conns, id)
	}
}

// heard touches a session of which a request has come, at the server that decides.
func (s *sessions) heard(id zkproto.SessionID, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tracker != nil {
		s.tracker.Heard(id, now)
	}
}

func (s *sessions) touch(id zkproto.SessionID, timeout int32) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.tracker != nil:
		s.tracker.Touch(id, timeout, now)
	case s.touched != nil:
		s.touched[id] = timeout
	}
}

// closed forgets a session whose closeSession was applied, and returns its connection.
func (s *sessions) closed(id zkproto.SessionID) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conns[id]
	delete(s.conns, id)
	if s.tracker != nil {
		s.tracker.Remove(id)
	}
	delete(s.touched, id)
	return c
}

// untilDue is how long it takes until sessions may be due again: they expire where a tick
// ends. See [lease.Tracker].
func (s *sessions) untilDue() time.Duration {
	tick := max(s.tick, 1)
	return time.Duration(tick-s.clock()%tick) * time.Millisecond
}

// expire returns the sessions that are due, and the term whose tracker says so.
func (s *sessions) expire() ([]zkproto.SessionID, *term) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tracker == nil {
		return nil, nil
	}
	return s.tracker.Expire(now), s.term
}

// Check, Opening and Closing are prep.Sessions: their caller has a tracker.

func (s *sessions) Check(id zkproto.SessionID, owner int64) zkproto.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracker.Check(id, lease.Owner(owner))
}

func (s *sessions) Opening(id zkproto.SessionID, timeout int32, owner int64) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker.Add(id, timeout, lease.Owner(owner), now)
}

func (s *sessions) Closing(id zkproto.SessionID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker.Close(id)
}
