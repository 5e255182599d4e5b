package group

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// OffsetFetch answers for one group of the request of that name, in the form of version 8; the driver makes the older
// forms of it. A group, or a partition, that nothing is known of is no error: its offset is -1. Topics nil are all.
func (s *Shard) OffsetFetch(req *kmsg.OffsetFetchRequestGroup) kmsg.OffsetFetchResponseGroup {
	resp := kmsg.NewOffsetFetchResponseGroup()
	resp.Group = req.Group
	if err := s.refusal(req.Group, true); err != kproto.NoError {
		resp.ErrorCode = int16(err)
		return resp
	}
	g := s.groups[req.Group]
	topics := req.Topics
	if topics == nil && g != nil {
		topics = g.all()
	}
	for _, t := range topics {
		rt := kmsg.NewOffsetFetchResponseGroupTopic()
		rt.Topic = t.Topic
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			o := offset{at: -1, epoch: -1}
			if g != nil {
				if known, ok := g.offset(topicPartition{t.Topic, p}); ok {
					o = known
				}
			}
			rp.Partition, rp.Offset, rp.LeaderEpoch, rp.Metadata = p, o.at, o.epoch, &o.metadata
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

// all is a request for every offset of the group.
func (g *group) all() []kmsg.OffsetFetchRequestGroupTopic {
	var list []kmsg.OffsetFetchRequestGroupTopic
	for topic, partitions := range g.offsets {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic = topic
		for p := range partitions {
			t.Partitions = append(t.Partitions, p)
		}
		slices.Sort(t.Partitions)
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b kmsg.OffsetFetchRequestGroupTopic) int { return cmp.Compare(a.Topic, b.Topic) })
	return list
}
