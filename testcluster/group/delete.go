package group

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// DeleteGroup deletes a group without members. The response is for that one group.
func (s *Shard) DeleteGroup(now time.Time, t Ticket, name string) {
	reply := func(err kproto.Error) {
		r := kmsg.NewPtrDeleteGroupsResponse()
		e := kmsg.NewDeleteGroupsResponseGroup()
		e.Group, e.ErrorCode = name, int16(err)
		r.Groups = append(r.Groups, e)
		s.reply(t, r)
	}
	if err := s.refusal(name, true); err != kproto.NoError {
		reply(err)
		return
	}
	g := s.groups[name]
	switch {
	case g == nil:
		reply(kproto.GroupIDNotFound)
	case g.state != Empty:
		reply(kproto.NonEmptyGroup)
	default:
		s.event(name, "the group is deleted")
		g.remove(now, g.partitions(nil), true, func(err kproto.Error) { reply(commitError(err)) })
	}
}

// OffsetDelete is the request of that name. A group that has members keeps what they read. An empty group without offsets
// is deleted with its last one, as by Kafka.
func (s *Shard) OffsetDelete(now time.Time, t Ticket, req *kmsg.OffsetDeleteRequest) {
	resp := kmsg.NewPtrOffsetDeleteResponse()
	refuse := func(err kproto.Error) {
		resp.ErrorCode = int16(err)
		s.reply(t, resp)
	}
	if err := s.refusal(req.Group, false); err != kproto.NoError {
		refuse(err)
		return
	}
	g := s.groups[req.Group]
	switch {
	case g == nil:
		refuse(kproto.GroupIDNotFound)
		return
	case g.state != Empty && g.protocolType != consumerType:
		refuse(kproto.NonEmptyGroup) // nobody knows what its members read
		return
	}
	var list []topicPartition
	for _, topic := range req.Topics {
		rt := kmsg.NewOffsetDeleteResponseTopic()
		rt.Topic = topic.Topic
		for _, p := range topic.Partitions {
			rp := kmsg.NewOffsetDeleteResponseTopicPartition()
			rp.Partition = p.Partition
			tp := topicPartition{topic.Topic, p.Partition}
			switch {
			case !s.c.Exists(tp.topic, tp.partition):
				rp.ErrorCode = int16(kproto.UnknownTopicOrPartition)
			case g.reads(tp.topic):
				rp.ErrorCode = int16(kproto.GroupSubscribedToTopic)
			case g.has(tp) || g.staged[tp] > 0:
				list = append(list, tp)
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	g.remove(now, list, false, func(err kproto.Error) { refuse(commitError(err)) })
}

// reads tells whether members read a topic; where that is not known they might.
func (g *group) reads(topic string) bool {
	return g.state != Empty && (g.subscribe == nil || g.subscribe[topic])
}

// DeleteTopics removes the offsets of topics that are gone.
func (s *Shard) DeleteTopics(now time.Time, gone func(topic string) bool) {
	if s.phase != active {
		return
	}
	for _, g := range s.sorted() {
		list := g.partitions(func(tp topicPartition, _ offset) bool { return gone(tp.topic) })
		if len(list) > 0 {
			s.event(g.name, "%d offsets are removed: their topics are deleted", len(list))
			g.remove(now, list, false, func(kproto.Error) {})
		}
	}
}

// partitions are those with offsets that which wants, in order, and where which is nil also those whose first offset is on
// its way.
func (g *group) partitions(which func(topicPartition, offset) bool) []topicPartition {
	set := map[topicPartition]bool{}
	for topic, partitions := range g.offsets {
		for p, o := range partitions {
			if tp := (topicPartition{topic, p}); which == nil || which(tp, o) {
				set[tp] = true
			}
		}
	}
	if which == nil {
		for tp := range g.staged {
			set[tp] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b topicPartition) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
}

// maxTombstones bounds the records of one append: that of a group with a great many offsets must not become too large.
const maxTombstones = 1000

// remove deletes offsets, and with the last of them the group if it is empty; wholly deletes the empty group at any rate.
// Offsets are gone when the append is acknowledged. A group is as good as gone when it is under way: who joins it or
// commits to it meanwhile finds a new one, whose records come after.
func (g *group) remove(now time.Time, list []topicPartition, wholly bool, done func(kproto.Error)) {
	var records []kproto.Record
	for _, tp := range list {
		records = append(records, kproto.Record{Timestamp: now.UnixMilli(), Key: offsetKey(g.name, tp)})
	}
	if !wholly && !g.emptyWithout(list) {
		g.s.appendAll(records, func(_ time.Time, err kproto.Error) {
			if err == kproto.NoError {
				for _, tp := range list {
					g.dropOffset(tp)
				}
			}
			done(err)
		})
		return
	}
	if g.generation > 0 { // a group that only stored offsets was never stored itself
		records = append(records, kproto.Record{Timestamp: now.UnixMilli(), Key: groupKey(g.name)})
	}
	g.stop()
	delete(g.s.groups, g.name)
	g.s.appendAll(records, func(_ time.Time, err kproto.Error) {
		if err != kproto.NoError {
			g.revive(err)
		}
		done(err)
	})
}

// emptyWithout tells whether nothing is left of the group without these offsets.
func (g *group) emptyWithout(list []topicPartition) bool {
	if g.state != Empty || len(g.staged)+len(g.promised) > 0 {
		return false
	}
	left := 0
	for _, partitions := range g.offsets {
		left += len(partitions)
	}
	for _, tp := range list {
		if g.has(tp) {
			left--
		}
	}
	return left == 0
}

// revive takes back a deletion that could not be stored: what the log has must be seen.
func (g *group) revive(err kproto.Error) {
	if g.s.phase != active {
		return
	}
	g.s.event(g.name, "the group is still there, its deletion could not be stored: %v", err)
	successor := g.s.groups[g.name]
	if successor == nil {
		g.state, g.promised = Empty, map[string]*timer{}
		g.s.groups[g.name] = g
		return
	}
	for topic, partitions := range g.offsets {
		for p, o := range partitions {
			if tp := (topicPartition{topic, p}); !successor.has(tp) {
				successor.setOffset(tp, o)
			}
		}
	}
}

func (g *group) has(tp topicPartition) bool {
	_, ok := g.offset(tp)
	return ok
}
