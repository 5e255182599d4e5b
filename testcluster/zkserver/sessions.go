package zkserver

import (
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
)

// sessions is the server's view of its sessions: who is attached, and when they expire.
type sessions struct {
	start time.Time
	now   func() time.Time

	mu      sync.Mutex
	tracker *lease.Tracker
	conns   map[zkproto.SessionID]*conn
	last    zkproto.SessionID
}

func newSessions(c *Config) *sessions {
	start := c.Now()
	return &sessions{
		start:   start,
		now:     c.Now,
		tracker: lease.NewTracker(c.TickTime.Milliseconds(), 0),
		conns:   make(map[zkproto.SessionID]*conn),
		last:    lease.FirstID(c.ServerID, start.UnixMilli()),
	}
}

// clock is milliseconds since the start, by a clock that does not jump.
func (s *sessions) clock() int64 { return s.now().Sub(s.start).Milliseconds() }

// restore arms every session of the table with its full timeout.
func (s *sessions) restore(table *lease.Table) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, timeout := range table.All() {
		s.tracker.Add(id, timeout, 0, now)
	}
}

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
	if !s.tracker.Touch(id, timeout, now) {
		return nil, false
	}
	old = s.conns[id]
	s.conns[id] = c
	return old, true
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

func (s *sessions) touch(id zkproto.SessionID, timeout int32) {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker.Touch(id, timeout, now)
}

// closed forgets a session whose closeSession was applied, and returns its connection.
func (s *sessions) closed(id zkproto.SessionID) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conns[id]
	delete(s.conns, id)
	s.tracker.Remove(id)
	return c
}

func (s *sessions) expire() []zkproto.SessionID {
	now := s.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracker.Expire(now)
}

// Check, Opening and Closing are prep.Sessions.

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
