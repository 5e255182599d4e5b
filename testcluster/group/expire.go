package group

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// expireOffsets removes what nobody has use for any more, and looks again later.
//
// An offset's time begins with its commit; that of a group's offsets not before the group has become empty. The offsets of
// a group with members end only for topics that they do not read, and only while that is certain. Offsets with a time of
// expiry of their own, as old clients ask for, end then. An empty group ends with its last offset.
// Source: KIP-211, GroupMetadata.removeExpiredOffsets.
func (s *Shard) expireOffsets(now time.Time) {
	for _, g := range s.sorted() {
		list := g.partitions(func(tp topicPartition, o offset) bool { return g.staged[tp] == 0 && g.expired(now, tp, o) })
		if len(list) > 0 {
			s.event(g.name, "%d offsets expire", len(list))
		}
		if len(list) > 0 || g.emptyWithout(nil) {
			g.remove(now, list, false, func(kproto.Error) {})
		}
	}
	s.timers.set(s.sweep, now.Add(s.c.RetentionCheck))
}

func (g *group) expired(now time.Time, tp topicPartition, o offset) bool {
	begin := o.commit
	switch {
	case g.state == Empty:
		if !g.since.IsZero() {
			begin = max(begin, g.since.UnixMilli())
		}
	case g.state != Stable || g.subscribe == nil || g.subscribe[tp.topic]:
		return false
	}
	if o.expires != noTime {
		return now.UnixMilli() >= o.expires
	}
	return now.UnixMilli()-begin >= g.s.c.Retention.Milliseconds()
}
