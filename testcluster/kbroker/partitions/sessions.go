package partitions

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
)

// Fetch sessions (KIP-227) spare a fetcher of many partitions to name them all in each request, and the broker to answer
// with those in which nothing has happened.
//
//	session, epoch   request
//	0, -1            whole, and no session wanted
//	any, -1          whole, and the session ends
//	any, 0           whole; the session of that id, if any, ends, and a new one may begin: its id is in the answer, or 0
//	id, n            incremental: partitions that are new or have changed, and those to forget

// sessionIdle is how long a session that is not used keeps its place when another one wants it.
const sessionIdle = 2 * time.Minute

// sessionItems bounds the partitions of all sessions together.
const sessionItems = 1 << 18

// session is what one fetcher has said so far. Its cache's lock guards it.
type session struct {
	id       int32
	epoch    int32 // expected next
	follower bool
	used     time.Time
	// lookedAt is when a fetch looked at all partitions, also those in which nothing had moved.
	lookedAt time.Time
	items    []sessionItem
	index    map[partitionKey]int
	// first is where answers begin: behind what filled the last one.
	first int
	// changes counts those of the order of items.
	changes int
}

type partitionKey struct {
	topic     string
	partition int32
}

// sessionItem is a partition of a session: as the fetcher asked, and what it was told last.
type sessionItem struct {
	codec.FetchItem // but for the topic
	key             partitionKey
	told            told
	// quiet is partition.moves at a look that found nothing to read; 0 is none. As long as that has not moved, there is
	// nothing to be found.
	quiet int64
}

// told is what a session's fetcher knows of a partition from answers; unsaid, where it has had none or an error.
type told struct{ hw, start int64 }

const unsaid = -2

// sessionCache has the sessions of a broker: at most so many, and so many partitions in them.
type sessionCache struct {
	slots int
	// lookAgain is how often a session's fetch looks at all partitions: what a quiet follower says by fetching must be heard.
	lookAgain time.Duration

	mu    sync.Mutex
	byID  map[int32]*session
	items int
}

func newSessionCache(slots int, lag time.Duration) *sessionCache {
	return &sessionCache{slots: slots, lookAgain: min(time.Second, lag/10), byID: make(map[int32]*session)}
}

// plan is how one request is to be answered.
type plan struct {
	err     kproto.Error
	session *session // nil: none
	id      int32    // for the answer
	// partial leaves out of the answer what has not changed.
	partial bool
	// first and changes are those of the session when the items were taken from it.
	first, changes int
}

// open finds out what a request is about, and gives f its items. A session that is returned has taken the request in: its
// epoch is the next one.
func (c *sessionCache) open(f *fetch, t *table, q *codec.FetchRequest, now time.Time) plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.SessionEpoch <= 0 {
		if s := c.byID[q.SessionID]; s != nil && q.SessionID != 0 {
			c.drop(s)
		}
		var p plan
		items := itemsOf(t, q.Items)
		f.take(items, 0)
		if q.SessionEpoch == 0 && len(items) > 0 {
			p.session = c.begin(items, q.Replica >= 0, now)
		}
		if p.session != nil {
			p.id = p.session.id
		}
		return p
	}
	s := c.byID[q.SessionID]
	if s == nil {
		return plan{err: kproto.FetchSessionIDNotFound}
	}
	if s.epoch != q.SessionEpoch {
		return plan{err: kproto.InvalidFetchSessionEpoch}
	}
	if c.items+len(q.Items) > sessionItems {
		c.drop(s)
		return plan{err: kproto.FetchSessionIDNotFound}
	}
	s.used = now
	s.epoch = nextEpoch(s.epoch)
	c.items -= len(s.items)
	s.change(t, q)
	c.items += len(s.items)
	if len(s.items) == 0 {
		c.drop(s)
		return plan{}
	}
	if now.Sub(s.lookedAt) >= c.lookAgain {
		s.lookedAt = now
		for i := range s.items {
			s.items[i].quiet = 0
		}
	}
	f.take(s.items, s.first)
	return plan{session: s, id: s.id, partial: true, first: s.first, changes: s.changes}
}

func nextEpoch(epoch int32) int32 {
	if epoch == 1<<31-1 {
		return 1
	}
	return epoch + 1
}

// begin makes room for a session, if there may be room: a free place, the place of one that has been idle for long, or, for a
// follower, that of a client.
func (c *sessionCache) begin(items []sessionItem, follower bool, now time.Time) *session {
	if c.items+len(items) > sessionItems {
		return nil
	}
	if len(c.byID) >= c.slots && !c.evict(len(items), follower, now) {
		return nil
	}
	s := &session{epoch: 1, follower: follower, used: now, lookedAt: now, items: items, index: make(map[partitionKey]int, len(items))}
	for s.id == 0 || c.byID[s.id] != nil {
		s.id = rand.Int32N(1<<31-1) + 1
	}
	for i := range items {
		s.index[items[i].key] = i
	}
	if len(s.index) != len(items) {
		return nil // a partition twice: answered as asked, but not remembered
	}
	c.byID[s.id] = s
	c.items += len(items)
	return s
}

func (c *sessionCache) evict(size int, follower bool, now time.Time) bool {
	var victim *session
	for _, s := range c.byID {
		idle := now.Sub(s.used) > sessionIdle
		lesser := !s.follower && (follower || len(s.items) < size)
		if (idle || lesser) && (victim == nil || s.used.Before(victim.used)) {
			victim = s
		}
	}
	if victim == nil {
		return false
	}
	c.drop(victim)
	return true
}

func (c *sessionCache) drop(s *session) {
	delete(c.byID, s.id)
	c.items -= len(s.items)
}

// answered remembers what the fetcher is told of each item, and lets those behind the last one with records come first next
// time: what fills an answer must not starve the rest. next is the place behind that one, 0 for none.
func (c *sessionCache) answered(p *plan, items []fetchItem, next int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := p.session
	same := p.changes == s.changes && len(items) == len(s.items)
	for i := range items {
		at, ok := 0, true
		if same {
			at = (p.first + i) % len(items)
		} else {
			at, ok = s.index[items[i].key]
		}
		if !ok {
			continue
		}
		it := &s.items[at]
		it.told, it.quiet = told{items[i].hw, items[i].start}, items[i].quiet
		if items[i].err != kproto.NoError {
			it.told.hw = unsaid // so that it is told when the error is over
		}
	}
	if same && next > 0 {
		s.first = (p.first + next) % len(items)
	}
}

// change takes in the partitions of an incremental request.
func (s *session) change(t *table, q *codec.FetchRequest) {
	for _, it := range itemsOf(t, q.Items) {
		if at, ok := s.index[it.key]; ok {
			s.items[at].FetchItem, s.items[at].quiet = it.FetchItem, 0
			continue
		}
		s.index[it.key] = len(s.items)
		s.items = append(s.items, it)
		s.changes++
	}
	if len(q.Forgotten) == 0 {
		return
	}
	gone := make(map[partitionKey]bool, len(q.Forgotten))
	for _, f := range q.Forgotten {
		gone[partitionKey{string(f.Topic), f.Partition}] = true
	}
	kept := s.items[:0:0]
	for i := range s.items {
		if !gone[s.items[i].key] {
			kept = append(kept, s.items[i])
		}
	}
	s.items = kept
	s.changes++
	s.first = 0
	clear(s.index)
	for i := range s.items {
		s.index[s.items[i].key] = i
	}
}

// itemsOf copies what aliases the request: a session outlives it.
func itemsOf(t *table, items []codec.FetchItem) []sessionItem {
	all := make([]sessionItem, len(items))
	for i := range items {
		key := partitionKey{t.name(items[i].Topic), items[i].Partition}
		all[i] = sessionItem{FetchItem: items[i], key: key, told: told{unsaid, unsaid}}
		all[i].Topic = nil
	}
	return all
}
