package kafka

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// adminTimeout is how long brokers may take for what changes the cluster.
const adminTimeoutMs = 30_000

// Topics describes topics, sorted by name; no name is all of them. One that is not there has an Err, and is not
// created by being asked for.
func (c *Client) Topics(ctx context.Context, names ...string) ([]kmodel.Topic, error) {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	resp, err := c.metadata(ctx, req)
	if err != nil {
		return nil, err
	}
	topics := []kmodel.Topic{}
	for _, t := range resp.Topics {
		if t.Topic != nil {
			topics = append(topics, topic(*t.Topic, t))
		}
	}
	slices.SortFunc(topics, func(a, b kmodel.Topic) int { return strings.Compare(a.Name, b.Name) })
	return topics, nil
}

func topic(name string, t kmsg.MetadataResponseTopic) kmodel.Topic {
	out := kmodel.Topic{Name: name, Internal: t.IsInternal, Partitions: []kmodel.Partition{}, Err: codeError(t.ErrorCode, nil)}
	if t.TopicID != [16]byte{} {
		out.ID = kproto.UUID(t.TopicID).String()
	}
	for _, p := range t.Partitions {
		out.Partitions = append(out.Partitions, kmodel.Partition{
			ID: p.Partition, Leader: p.Leader, LeaderEpoch: p.LeaderEpoch,
			Replicas: p.Replicas, ISR: p.ISR, Offline: p.OfflineReplicas,
			Err: codeError(p.ErrorCode, nil),
		})
	}
	slices.SortFunc(out.Partitions, func(a, b kmodel.Partition) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// CreateTopic creates a topic, or only finds out whether that would do. It returns when all brokers know the topic and
// its leaders, or after a few seconds: who uses it next may ask any of them.
func (c *Client) CreateTopic(ctx context.Context, topic kmodel.NewTopic) error {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = topic.Name, topic.Partitions, topic.Replicas
	if len(topic.Assignment) > 0 {
		t.NumPartitions, t.ReplicationFactor = -1, -1
	}
	for i, replicas := range topic.Assignment {
		a := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
		a.Partition, a.Replicas = int32(i), replicas
		t.ReplicaAssignment = append(t.ReplicaAssignment, a)
	}
	for name, value := range topic.Configs {
		cfg := kmsg.NewCreateTopicsRequestTopicConfig()
		cfg.Name, cfg.Value = name, kmsg.StringPtr(value)
		t.Configs = append(t.Configs, cfg)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, t)
	req.TimeoutMillis, req.ValidateOnly = adminTimeoutMs, topic.ValidateOnly
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, t := range resp.Topics {
		if err := codeError(t.ErrorCode, t.ErrorMessage); err != nil {
			return err
		}
	}
	if topic.ValidateOnly {
		return nil
	}
	return c.awaitKnown(ctx, topic.Name)
}

// awaitKnown waits until each broker that answers knows a topic with its leaders.
func (c *Client) awaitKnown(ctx context.Context, name string) error {
	cluster, err := c.Cluster(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, b := range cluster.Brokers {
		for !c.knows(limited, b.ID, name) {
			select {
			case <-time.After(firstBackoff):
			case <-limited.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// knows tells whether a broker knows a topic with its leaders. One that does not answer is not waited for.
func (c *Client) knows(ctx context.Context, broker int32, name string) bool {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, c.kgo.Broker(int(broker)))
	if err != nil {
		return true
	}
	for _, t := range resp.Topics {
		if t.ErrorCode != 0 || slices.ContainsFunc(t.Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.Leader < 0 }) {
			return false
		}
	}
	return true
}

// CreatePartitions raises the number of a topic's partitions to count. The assignment is of the new ones, nil is the
// brokers' choice.
func (c *Client) CreatePartitions(ctx context.Context, topic string, count int32, assignment [][]int32, validateOnly bool) error {
	t := kmsg.NewCreatePartitionsRequestTopic()
	t.Topic, t.Count = topic, count
	for _, replicas := range assignment {
		a := kmsg.NewCreatePartitionsRequestTopicAssignment()
		a.Replicas = replicas
		t.Assignment = append(t.Assignment, a)
	}
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.Topics = append(req.Topics, t)
	req.TimeoutMillis, req.ValidateOnly = adminTimeoutMs, validateOnly
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, t := range resp.Topics {
		if err := codeError(t.ErrorCode, t.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}

// DeleteTopics deletes topics. The outcomes have the names' order.
func (c *Client) DeleteTopics(ctx context.Context, names ...string) ([]kmodel.Outcome, error) {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = adminTimeoutMs
	for _, name := range names {
		t := kmsg.NewDeleteTopicsRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.TopicNames, req.Topics = append(req.TopicNames, name), append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	outcomes := make([]kmodel.Outcome, len(names))
	for i, name := range names {
		outcomes[i] = kmodel.Outcome{Name: name, Err: &ServerError{Code: kproto.UnknownServerError, Message: "the answer does not mention it"}}
		for _, t := range resp.Topics {
			if t.Topic != nil && *t.Topic == name {
				outcomes[i].Err = codeError(t.ErrorCode, t.ErrorMessage)
			}
		}
	}
	return outcomes, nil
}

// Reassignments are the partitions whose replicas are being moved, sorted; no topic is all. A broker that does not
// know the question (before 2.4) has none to tell.
func (c *Client) Reassignments(ctx context.Context, topics ...string) ([]kmodel.Reassignment, error) {
	req := kmsg.NewPtrListPartitionReassignmentsRequest()
	req.TimeoutMillis = adminTimeoutMs
	if len(topics) > 0 {
		described, err := c.Topics(ctx, topics...)
		if err != nil {
			return nil, err
		}
		for _, topic := range described {
			t := kmsg.NewListPartitionReassignmentsRequestTopic()
			t.Topic = topic.Name
			for _, p := range topic.Partitions {
				t.Partitions = append(t.Partitions, p.ID)
			}
			req.Topics = append(req.Topics, t)
		}
	}
	resp, err := req.RequestWith(ctx, c.kgo)
	if err == nil {
		err = codeError(resp.ErrorCode, resp.ErrorMessage)
	} else if unsupported(err) {
		return nil, nil
	} else {
		err = c.failure(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	var moves []kmodel.Reassignment
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			moves = append(moves, kmodel.Reassignment{
				TopicPartition: kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition},
				Replicas:       p.Replicas, Adding: p.AddingReplicas, Removing: p.RemovingReplicas,
			})
		}
	}
	slices.SortFunc(moves, func(a, b kmodel.Reassignment) int { return a.TopicPartition.Compare(b.TopicPartition) })
	return moves, nil
}
