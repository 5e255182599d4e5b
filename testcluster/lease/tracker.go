package lease

import (
	"iter"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Owner names the server, or the link to a server, to which a session is attached. The
// zero value is nobody in particular: a check against it, or by it, always holds.
type Owner int64

// Tracker knows when sessions expire. Times are milliseconds of a clock that never goes
// back; only differences count.
//
// Sessions stand in buckets, one a tick. A touch only notes the later time; a session
// that was touched since is moved on when its bucket falls due. So a session expires
// between its timeout and one tick after it, as in Apache's ExpiryQueue.
type Tracker struct {
	tick     int64
	sessions map[zkproto.SessionID]*session
	buckets  map[int64][]zkproto.SessionID
	next     int64 // the earliest bucket that has not fallen due
}

type session struct {
	timeout int32
	closing bool
	owner   Owner
	expires int64 // always a bucket's time
	bucket  int64 // the bucket that the session stands in
}

// NewTracker returns a tracker without sessions. tick is tickTime in milliseconds.
func NewTracker(tick int64, now int64) *Tracker {
	t := &Tracker{
		tick:     max(tick, 1),
		sessions: make(map[zkproto.SessionID]*session),
		buckets:  make(map[int64][]zkproto.SessionID),
	}
	t.next = t.round(now)
	return t
}

// round is the first bucket after a time. Source: ExpiryQueue.roundToNextInterval.
func (t *Tracker) round(at int64) int64 { return (at/t.tick + 1) * t.tick }

// Add begins to track a session. One that is known already is touched.
func (t *Tracker) Add(id zkproto.SessionID, timeout int32, owner Owner, now int64) {
	if t.Touch(id, timeout, now) {
		return
	}
	if _, closing := t.sessions[id]; closing {
		return
	}
	s := &session{timeout: timeout, owner: owner, expires: t.round(now + int64(timeout))}
	t.sessions[id] = s
	t.put(id, s)
}

func (t *Tracker) put(id zkproto.SessionID, s *session) {
	s.bucket = max(s.expires, t.next)
	t.buckets[s.bucket] = append(t.buckets[s.bucket], id)
}

// Touch notes that a session was heard of. It is false for an unknown or closing session.
// A bucket is where a session stands until it is due, so the timeout may shrink: then the
// session is put into the earlier bucket too.
func (t *Tracker) Touch(id zkproto.SessionID, timeout int32, now int64) bool {
	s := t.sessions[id]
	if s == nil || s.closing {
		return false
	}
	s.timeout = timeout
	s.expires = t.round(now + int64(timeout))
	if s.expires < s.bucket {
		t.put(id, s)
	}
	return true
}

// Heard is Touch with the timeout that the session has.
func (t *Tracker) Heard(id zkproto.SessionID, now int64) bool {
	s := t.sessions[id]
	return s != nil && t.Touch(id, s.timeout, now)
}

// Check is what a write of the session by the given owner gets: [zkproto.OK],
// [zkproto.SessionExpired] for an unknown or closing session, or [zkproto.SessionMoved]
// where another owner has it. Source: SessionTrackerImpl.checkSession.
func (t *Tracker) Check(id zkproto.SessionID, owner Owner) zkproto.Code {
	s := t.sessions[id]
	switch {
	case s == nil || s.closing:
		return zkproto.SessionExpired
	case s.owner != 0 && owner != 0 && s.owner != owner:
		return zkproto.SessionMoved
	}
	return zkproto.OK
}

// SetOwner gives a session to an owner. It is false for an unknown or closing session.
func (t *Tracker) SetOwner(id zkproto.SessionID, owner Owner) bool {
	s := t.sessions[id]
	if s == nil || s.closing {
		return false
	}
	s.owner = owner
	return true
}

// Close marks a session whose closeSession transaction is under way: it cannot be touched
// again and its writes are refused.
func (t *Tracker) Close(id zkproto.SessionID) {
	if s := t.sessions[id]; s != nil {
		s.closing = true
	}
}

// Remove forgets a session.
func (t *Tracker) Remove(id zkproto.SessionID) { delete(t.sessions, id) }

// Expire returns the sessions that are due now, marked as closing.
func (t *Tracker) Expire(now int64) []zkproto.SessionID {
	var due []zkproto.SessionID
	for ; t.next <= now; t.next += t.tick {
		ids := t.buckets[t.next]
		delete(t.buckets, t.next)
		for _, id := range ids {
			s := t.sessions[id]
			// A session stands in several buckets after its timeout shrank, or when an id is
			// removed and added again: the one it knows of counts.
			if s == nil || s.closing || s.bucket != t.next {
				continue
			}
			if s.expires > t.next {
				t.put(id, s)
				continue
			}
			s.closing = true
			due = append(due, id)
		}
		if len(t.buckets) == 0 {
			t.next = t.round(now)
			break
		}
	}
	return due
}

// Len is the number of sessions, closing ones included.
func (t *Tracker) Len() int { return len(t.sessions) }

// All yields every session with the time at which it expires if it stays silent, in no order.
func (t *Tracker) All() iter.Seq2[zkproto.SessionID, int64] {
	return func(yield func(zkproto.SessionID, int64) bool) {
		for id, s := range t.sessions {
			if !yield(id, s.expires) {
				return
			}
		}
	}
}
