package group

import (
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// noGeneration is what a committer says that is no member of a group.
const noGeneration = -1

// OffsetCommit is the request of that name. Its reply waits for the append.
//
// Version 0 once meant offsets in ZooKeeper; here it stores where the others do.
func (s *Shard) OffsetCommit(now time.Time, t Ticket, req *kmsg.OffsetCommitRequest) {
	generation, id := req.Generation, req.MemberID
	if req.Version == 0 {
		generation, id = noGeneration, ""
	}
	g, err := s.committer(now, req.Group, generation, id, req.InstanceID)
	if err != kproto.NoError {
		resp := commitResponse(req)
		for i := range resp.Topics {
			for j := range resp.Topics[i].Partitions {
				resp.Topics[i].Partitions[j].ErrorCode = int16(err)
			}
		}
		s.reply(t, resp)
		return
	}
	g.commit(now, t, req)
	s.forgetUnused(g)
}

// committer finds the group that offsets are for. Who is no member may commit for a group without members, and makes the
// group if it is not there.
// Source: GroupCoordinator.handleCommitOffsets, doCommitOffsets.
func (s *Shard) committer(now time.Time, name string, generation int32, id string, instance *string) (*group, kproto.Error) {
	if err := s.refusal(name, true); err != kproto.NoError {
		return nil, err
	}
	g := s.groups[name]
	if g == nil {
		if generation >= 0 {
			return nil, kproto.IllegalGeneration // it comes from a group that has been forgotten
		}
		return s.addGroup(name), kproto.NoError
	}
	if generation < 0 && g.state == Empty {
		return g, kproto.NoError
	}
	if err := g.validate(id, instance); err != kproto.NoError {
		return nil, err
	}
	if generation != g.generation {
		return nil, kproto.IllegalGeneration
	}
	if g.state == CompletingRebalance {
		return nil, kproto.RebalanceInProgress // what it commits may be somebody else's in a moment
	}
	g.heard(now, g.members[id])
	return g, kproto.NoError
}

func commitResponse(req *kmsg.OffsetCommitRequest) *kmsg.OffsetCommitResponse {
	resp := kmsg.NewPtrOffsetCommitResponse()
	for _, t := range req.Topics {
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic = t.Topic
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			rp.Partition = p.Partition
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

// staged is an offset on its way into the log, and the place of its outcome in the reply.
type staged struct {
	tp     topicPartition
	offset offset
	code   *int16
}

func (g *group) commit(now time.Time, t Ticket, req *kmsg.OffsetCommitRequest) {
	resp := commitResponse(req)
	var list []staged
	for i, topic := range req.Topics {
		for j, p := range topic.Partitions {
			tp := topicPartition{topic.Topic, p.Partition}
			code := &resp.Topics[i].Partitions[j].ErrorCode
			switch {
			case !g.s.c.Exists(tp.topic, tp.partition):
				*code = int16(kproto.UnknownTopicOrPartition)
			case p.Metadata != nil && len(*p.Metadata) > g.s.c.MaxMetadata:
				*code = int16(kproto.OffsetMetadataTooLarge)
			default:
				list = append(list, staged{tp, newOffset(now, req, &p), code})
			}
		}
	}
	if len(list) == 0 {
		g.s.reply(t, resp)
		return
	}
	records := make([]kproto.Record, len(list))
	for i, c := range list {
		records[i] = kproto.Record{Timestamp: now.UnixMilli(), Key: offsetKey(g.name, c.tp), Value: offsetValue(c.offset)}
		g.staged[c.tp]++
	}
	g.s.append(records, func(_ time.Time, err kproto.Error) {
		for _, c := range list {
			if g.staged[c.tp]--; g.staged[c.tp] == 0 {
				delete(g.staged, c.tp)
			}
			if err == kproto.NoError {
				g.setOffset(c.tp, c.offset)
			}
			*c.code = int16(commitError(err))
		}
		g.s.reply(t, resp)
		g.s.forgetUnused(g)
	})
}

func newOffset(now time.Time, req *kmsg.OffsetCommitRequest, p *kmsg.OffsetCommitRequestTopicPartition) offset {
	o := offset{at: p.Offset, epoch: -1, commit: now.UnixMilli(), expires: noTime}
	if p.Metadata != nil {
		o.metadata = *p.Metadata
	}
	if req.Version >= 6 {
		o.epoch = p.LeaderEpoch
	}
	if req.Version == 1 && p.Timestamp >= 0 {
		o.commit = p.Timestamp
	}
	if req.Version >= 2 && req.Version <= 4 && req.RetentionTimeMillis >= 0 {
		o.expires = o.commit + min(req.RetentionTimeMillis, math.MaxInt64-o.commit)
	}
	return o
}

func (g *group) setOffset(tp topicPartition, o offset) {
	if g.offsets[tp.topic] == nil {
		g.offsets[tp.topic] = map[int32]offset{}
	}
	g.offsets[tp.topic][tp.partition] = o
}

func (g *group) offset(tp topicPartition) (offset, bool) {
	o, ok := g.offsets[tp.topic][tp.partition]
	return o, ok
}

func (g *group) dropOffset(tp topicPartition) {
	delete(g.offsets[tp.topic], tp.partition)
	if len(g.offsets[tp.topic]) == 0 {
		delete(g.offsets, tp.topic)
	}
}
