package groups

import (
	"math"
	"time"

	"github.com/zoka-project/zoka/testcluster/group"
)

// clock lets time pass for the shards, each when it is due, and does what is not to be done by who notices it.
func (c *Coordinator) clock() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-c.wake:
		case <-c.ctx.Done():
			return
		}
		// Until the clock knows how long it sleeps it is woken at any rate: a deadline that is set meanwhile may have
		// been looked at already.
		c.sleeps.Store(math.MaxInt64)
		c.dropTopics()
		terms := c.allTerms()
		now := c.o.Now().UnixNano()
		for _, t := range terms {
			if t.deadline.Load() <= now {
				t.do(func(now time.Time, s *group.Shard) { s.Tick(now) })
			}
		}
		next := int64(math.MaxInt64)
		for _, t := range terms {
			next = min(next, t.deadline.Load())
		}
		c.sleeps.Store(next)
		if next != math.MaxInt64 {
			timer.Reset(time.Duration(next - c.o.Now().UnixNano()))
		}
	}
}

// armLocked has the clock come in time, or at once.
func (t *term) armLocked(atOnce bool) {
	due, ok := t.mu.shard.Deadline()
	at := due.UnixNano()
	switch {
	case atOnce:
		at = 1 // long ago
	case !ok:
		at = math.MaxInt64
	}
	t.deadline.Store(at)
	if at < t.c.sleeps.Load() {
		t.c.wakeClock()
	}
}

func (c *Coordinator) wakeClock() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// dropTopics removes the offsets of topics that were deleted.
func (c *Coordinator) dropTopics() {
	c.mu.Lock()
	gone := c.mu.gone
	if len(gone) > 0 {
		c.mu.gone = map[string]bool{}
	}
	c.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	for _, t := range c.allTerms() {
		t.do(func(now time.Time, s *group.Shard) {
			s.DeleteTopics(now, func(topic string) bool { return gone[topic] })
		})
	}
}
