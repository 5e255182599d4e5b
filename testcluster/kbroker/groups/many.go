package groups

import (
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// The requests about several groups, which may be in several partitions: each group is asked about where it is.

func (c *Coordinator) describeGroups(r *wire.Request) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := kmsg.NewPtrDescribeGroupsResponse()
	for name := range firsts(req.Groups) {
		c.termOf(name).read(func(s *group.Shard) {
			resp.Groups = append(resp.Groups, s.Describe(name, req.IncludeAuthorizedOperations))
		})
	}
	r.Reply(resp)
}

// listGroups answers for the groups of this broker; clients ask them all.
func (c *Coordinator) listGroups(r *wire.Request) {
	req := kmsg.NewPtrListGroupsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := kmsg.NewPtrListGroupsResponse()
	for _, t := range c.allTerms() {
		if c.fenced.Load() {
			break
		}
		t.read(func(s *group.Shard) {
			if s.Loading() {
				resp.ErrorCode = int16(kproto.CoordinatorLoadInProgress)
			}
			resp.Groups = append(resp.Groups, s.List(req.StatesFilter)...)
		})
	}
	r.Reply(resp)
}

func (c *Coordinator) deleteGroups(r *wire.Request) {
	req := kmsg.NewPtrDeleteGroupsRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := kmsg.NewPtrDeleteGroupsResponse()
	if len(req.Groups) == 0 {
		r.Reply(resp)
		return
	}
	resp.Groups = make([]kmsg.DeleteGroupsResponseGroup, len(req.Groups))
	var left atomic.Int64
	left.Store(int64(len(req.Groups)))
	for i, name := range req.Groups {
		c.termOf(name).ask(func(one kmsg.Response) {
			resp.Groups[i] = one.(*kmsg.DeleteGroupsResponse).Groups[0]
			if left.Add(-1) == 0 {
				r.Reply(resp)
			}
		}, func(now time.Time, t group.Ticket, s *group.Shard) { s.DeleteGroup(now, t, name) })
	}
}

// offsetFetch answers in the form of the request's version: several groups from 8 on; before that one, whose error stands
// beside the topics from 2 on, and in every partition before that.
func (c *Coordinator) offsetFetch(r *wire.Request) {
	req := kmsg.NewPtrOffsetFetchRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := kmsg.NewPtrOffsetFetchResponse()
	if r.Version < 8 {
		one := c.fetchOne(singleGroup(req))
		resp.ErrorCode = one.ErrorCode
		if r.Version < 2 && one.ErrorCode != 0 {
			one.Topics = failedTopics(req, one.ErrorCode)
		}
		for _, t := range one.Topics {
			rt := kmsg.NewOffsetFetchResponseTopic()
			rt.Topic = t.Topic
			for _, p := range t.Partitions {
				rt.Partitions = append(rt.Partitions, kmsg.OffsetFetchResponseTopicPartition(p))
			}
			resp.Topics = append(resp.Topics, rt)
		}
		r.Reply(resp)
		return
	}
	size := 0
	for i := range req.Groups {
		one := c.fetchOne(&req.Groups[i])
		if size += offsetsSize(&one); size > mostOffsets {
			r.Hangup(fmt.Errorf("the answer would have more than %d MiB", mostOffsets>>20))
			return
		}
		resp.Groups = append(resp.Groups, one)
	}
	r.Reply(resp)
}

// mostOffsets is how large the offsets in one answer may be together: a group may be asked about as often as one likes, and
// a question of ten bytes has an answer of kilobytes where offsets have metadata.
const mostOffsets = 64 << 20

// offsetsSize is about how much memory a group's offsets take.
func offsetsSize(g *kmsg.OffsetFetchResponseGroup) int {
	size := 0
	for _, t := range g.Topics {
		size += 64 + len(t.Topic)
		for _, p := range t.Partitions {
			size += 64
			if p.Metadata != nil {
				size += len(*p.Metadata)
			}
		}
	}
	return size
}

// firsts are those names of a request that it has not asked for already: each answer may be much larger than its question,
// and the same again says nothing.
func firsts(names []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]struct{}, len(names))
		for _, name := range names {
			if _, again := seen[name]; again {
				continue
			}
			seen[name] = struct{}{}
			if !yield(name) {
				return
			}
		}
	}
}

func (c *Coordinator) fetchOne(req *kmsg.OffsetFetchRequestGroup) (resp kmsg.OffsetFetchResponseGroup) {
	type partition struct {
		topic string
		id    int32
	}
	seen := map[partition]struct{}{}
	for i := range req.Topics { // an offset has metadata of kilobytes: here, too, it is told once
		t := &req.Topics[i]
		t.Partitions = slices.DeleteFunc(t.Partitions, func(id int32) bool {
			_, again := seen[partition{t.Topic, id}]
			seen[partition{t.Topic, id}] = struct{}{}
			return again
		})
	}
	c.termOf(req.Group).read(func(s *group.Shard) { resp = s.OffsetFetch(req) })
	return resp
}

// singleGroup is a request of old in the form of version 8. No topics and null are not the same there either.
func singleGroup(req *kmsg.OffsetFetchRequest) *kmsg.OffsetFetchRequestGroup {
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = req.Group
	if req.Topics != nil {
		g.Topics = make([]kmsg.OffsetFetchRequestGroupTopic, 0, len(req.Topics))
	}
	for _, t := range req.Topics {
		gt := kmsg.NewOffsetFetchRequestGroupTopic()
		gt.Topic, gt.Partitions = t.Topic, t.Partitions
		g.Topics = append(g.Topics, gt)
	}
	return &g
}

// failedTopics says the error of all in every partition.
func failedTopics(req *kmsg.OffsetFetchRequest, code int16) []kmsg.OffsetFetchResponseGroupTopic {
	var list []kmsg.OffsetFetchResponseGroupTopic
	for _, t := range req.Topics {
		rt := kmsg.NewOffsetFetchResponseGroupTopic()
		rt.Topic = t.Topic
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			rp.Partition, rp.Offset, rp.LeaderEpoch, rp.Metadata, rp.ErrorCode = p, -1, -1, kmsg.StringPtr(""), code
			rt.Partitions = append(rt.Partitions, rp)
		}
		list = append(list, rt)
	}
	return list
}
