package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Offsets asks the leaders for the offset of a time: kmodel.Latest, Earliest, MaxTimestamp, or milliseconds, of which
// it is the first record at or after, -1 if there is none. The answer has the partitions' order.
func (c *Client) Offsets(ctx context.Context, partitions []kmodel.TopicPartition, at int64) ([]kmodel.PartitionOffset, error) {
	return c.offsets(ctx, partitions, at, false)
}

// offsets is Offsets, of which Latest may be the end for who reads only what is committed by transactions.
func (c *Client) offsets(ctx context.Context, partitions []kmodel.TopicPartition, at int64, committed bool) ([]kmodel.PartitionOffset, error) {
	answers := newAnswers(partitions)
	if len(partitions) == 0 {
		return nil, nil
	}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	req.TimeoutMillis = adminTimeoutMs
	if committed {
		req.IsolationLevel = 1
	}
	for topic, ids := range byTopic(partitions) {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		for _, id := range ids {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp, p.CurrentLeaderEpoch, p.MaxNumOffsets = id, at, -1, 1
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}
	for _, shard := range c.kgo.RequestSharded(ctx, req) {
		if shard.Err != nil {
			for _, t := range shard.Req.(*kmsg.ListOffsetsRequest).Topics {
				for _, p := range t.Partitions {
					answers.fail(t.Topic, p.Partition, c.failure(ctx, shard.Err))
				}
			}
			continue
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				answers.put(kmodel.PartitionOffset{
					TopicPartition: kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition},
					Offset:         p.Offset, Timestamp: p.Timestamp, LeaderEpoch: p.LeaderEpoch,
					Err: codeError(p.ErrorCode, nil),
				})
			}
		}
	}
	return answers.list, ctx.Err()
}

// DeleteRecords deletes what is before an offset, -1 is all that is committed. The answers' offsets are the first that
// are kept, in the order of the question.
func (c *Client) DeleteRecords(ctx context.Context, before []kmodel.PartitionOffset) ([]kmodel.PartitionOffset, error) {
	partitions := make([]kmodel.TopicPartition, len(before))
	topics := map[string]*kmsg.DeleteRecordsRequestTopic{}
	for i, b := range before {
		partitions[i] = b.TopicPartition
		t := topics[b.Topic]
		if t == nil {
			t = &kmsg.DeleteRecordsRequestTopic{Topic: b.Topic}
			topics[b.Topic] = t
		}
		p := kmsg.NewDeleteRecordsRequestTopicPartition()
		p.Partition, p.Offset = b.Partition, b.Offset
		t.Partitions = append(t.Partitions, p)
	}
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = adminTimeoutMs
	for _, t := range topics {
		req.Topics = append(req.Topics, *t)
	}
	answers := newAnswers(partitions)
	for _, shard := range c.kgo.RequestSharded(ctx, req) {
		if shard.Err != nil {
			for _, t := range shard.Req.(*kmsg.DeleteRecordsRequest).Topics {
				for _, p := range t.Partitions {
					answers.fail(t.Topic, p.Partition, c.failure(ctx, shard.Err))
				}
			}
			continue
		}
		for _, t := range shard.Resp.(*kmsg.DeleteRecordsResponse).Topics {
			for _, p := range t.Partitions {
				answers.put(kmodel.PartitionOffset{
					TopicPartition: kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition},
					Offset:         p.LowWatermark, Timestamp: -1, LeaderEpoch: -1,
					Err: codeError(p.ErrorCode, nil),
				})
			}
		}
	}
	return answers.list, ctx.Err()
}

// answers are what is known of partitions, in the order in which they were asked for.
type answers struct {
	list []kmodel.PartitionOffset
	at   map[kmodel.TopicPartition]int
}

func newAnswers(partitions []kmodel.TopicPartition) *answers {
	a := &answers{list: make([]kmodel.PartitionOffset, len(partitions)), at: map[kmodel.TopicPartition]int{}}
	for i, p := range partitions {
		a.at[p] = i
		a.list[i] = kmodel.PartitionOffset{
			TopicPartition: p, Offset: -1, Timestamp: -1, LeaderEpoch: -1,
			Err: &ServerError{Code: kproto.UnknownTopicOrPartition, Message: "no broker answered for " + p.String()},
		}
	}
	return a
}

func (a *answers) put(o kmodel.PartitionOffset) {
	if i, ok := a.at[o.TopicPartition]; ok {
		a.list[i] = o
	}
}

func (a *answers) fail(topic string, partition int32, err error) {
	if i, ok := a.at[kmodel.TopicPartition{Topic: topic, Partition: partition}]; ok {
		a.list[i].Err = err
	}
}

func byTopic(partitions []kmodel.TopicPartition) map[string][]int32 {
	topics := map[string][]int32{}
	for _, p := range partitions {
		topics[p.Topic] = append(topics[p.Topic], p.Partition)
	}
	return topics
}
