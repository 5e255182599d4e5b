package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// maxElectable bounds the partitions of one answer; brokers take no more than they like.
const maxElectable = 2000

// Electable are the replicas that may become leaders though they are not in sync, of all partitions of topics, by
// DescribeTopicPartitions (KIP-966). Brokers before Kafka 3.8, and those with ZooKeeper, do not know the request: the map
// is nil then.
func (c *Client) Electable(ctx context.Context, topics ...string) (map[kmodel.TopicPartition]kmodel.Electable, error) {
	if len(topics) == 0 {
		return nil, nil // the request has no word for all
	}
	found := map[kmodel.TopicPartition]kmodel.Electable{}
	req := kmsg.NewPtrDescribeTopicPartitionsRequest()
	req.ResponsePartitionLimit = maxElectable
	for _, name := range topics {
		req.Topics = append(req.Topics, kmsg.DescribeTopicPartitionsRequestTopic{Topic: name})
	}
	for {
		resp, err := req.RequestWith(ctx, c.kgo)
		if unsupported(err) {
			return nil, nil
		}
		if err != nil {
			return nil, c.failure(ctx, err)
		}
		before := len(found)
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if t.Topic != nil {
					found[kmodel.TopicPartition{Topic: *t.Topic, Partition: p.Partition}] = kmodel.Electable{ELR: p.EligibleLeaderReplicas, LastKnown: p.LastKnownELR}
				}
			}
		}
		if resp.NextCursor == nil || len(found) == before { // the end, or a broker that does not come on
			return found, nil
		}
		req.Cursor = &kmsg.DescribeTopicPartitionsRequestCursor{Topic: resp.NextCursor.Topic, Partition: resp.NextCursor.Partition}
	}
}
