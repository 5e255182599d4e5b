package partitions

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// offsetForLeaderEpoch tells followers and consumers where an epoch ends in the leader's log (KIP-101, KIP-320).
func (m *Manager) offsetForLeaderEpoch(req *wire.Request) {
	q := kmsg.NewPtrOffsetForLeaderEpochRequest()
	if req.Decode(q) != nil {
		return
	}
	resp := q.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
	t := m.table.Load()
	for _, topic := range q.Topics {
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = topic.Topic
		for _, part := range topic.Partitions {
			o := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			o.Partition = part.Partition
			current := part.CurrentLeaderEpoch
			if req.Version < 2 {
				current = -1
			}
			epoch, end, err := t.endOfEpoch(partitionKey{topic.Topic, part.Partition}, current, part.LeaderEpoch)
			o.ErrorCode, o.LeaderEpoch, o.EndOffset = int16(codeOf(err)), epoch, end
			out.Partitions = append(out.Partitions, o)
		}
		resp.Topics = append(resp.Topics, out)
	}
	req.Reply(resp)
}

func (t *table) endOfEpoch(key partitionKey, current, asked int32) (epoch int32, end int64, err error) {
	p := t.findKey(key)
	if p == nil {
		return -1, -1, t.missing(key.topic, key.partition)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.check(current); err != nil {
		return -1, -1, err
	}
	if asked < 0 {
		return -1, -1, nil
	}
	epoch, end = p.log.EndOffsetForEpoch(asked)
	return epoch, end, nil
}
