package kafka

import (
	"context"
	"maps"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// groupOptions make the consumer a member of a group.
func (m *Consumer) groupOptions(s *settings, o kmodel.ConsumeOptions, partitions []kmodel.TopicPartition, committed bool) []kgo.Opt {
	topics := map[string]struct{}{}
	names := []string{}
	for _, p := range partitions {
		if _, ok := topics[p.Topic]; !ok {
			topics[p.Topic] = struct{}{}
			names = append(names, p.Topic)
		}
	}
	opts := []kgo.Opt{
		kgo.ConsumerGroup(o.Group),
		kgo.ConsumeTopics(names...),
		kgo.BlockRebalanceOnPoll(), // no partition goes while its records are being handed out: see fetch
		kgo.AdjustFetchOffsetsFn(func(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			return m.begin(ctx, offsets, o.From, committed)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { m.gone(lost) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, cl *kgo.Client, revoked map[string][]int32) {
			if m.commit {
				m.mark(cl)
				// An error here is one of the group's, which reading meets as well.
				_ = cl.CommitMarkedOffsets(ctx)
			}
			m.gone(revoked)
		}),
	}
	if m.commit {
		opts = append(opts, kgo.AutoCommitMarks())
		if s.commitInterval > 0 {
			opts = append(opts, kgo.AutoCommitInterval(s.commitInterval))
		}
	} else {
		opts = append(opts, kgo.DisableAutoCommit())
	}
	if s.instance != "" {
		opts = append(opts, kgo.InstanceID(s.instance))
	}
	if s.sessionTimeout > 0 {
		opts = append(opts, kgo.SessionTimeout(s.sessionTimeout))
	}
	if s.heartbeat > 0 {
		opts = append(opts, kgo.HeartbeatInterval(s.heartbeat))
	}
	if s.rebalanceTimeout > 0 {
		opts = append(opts, kgo.RebalanceTimeout(s.rebalanceTimeout))
	}
	return opts
}

// begin says where partitions that the group has given this member are read from: at their commits, and where there
// is none at the position that was asked for.
func (m *Consumer) begin(ctx context.Context, offsets map[string]map[int32]kgo.Offset, from kmodel.Position, committed bool) (map[string]map[int32]kgo.Offset, error) {
	starts, begun := map[kmodel.TopicPartition]int64{}, map[kmodel.TopicPartition]int64{}
	var without []kmodel.TopicPartition
	for topic, partitions := range offsets {
		for id, offset := range partitions {
			p := kmodel.TopicPartition{Topic: topic, Partition: id}
			if at := offset.EpochOffset().Offset; at >= 0 {
				starts[p] = at
			} else {
				without = append(without, p)
			}
		}
	}
	if len(without) > 0 {
		var err error
		if begun, err = m.client.starts(ctx, without, from, committed); err != nil {
			return nil, err
		}
		for p, at := range begun {
			starts[p] = at
			offsets[p.Topic][p.Partition] = kgo.NewOffset().At(at)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.assigned = true
	maps.Copy(m.begun, begun)
	m.expect(starts)
	return offsets, nil
}

// mark has what was handed out be committed.
func (m *Consumer) mark(cl *kgo.Client) {
	m.mu.Lock()
	handed := m.handed
	m.handed = map[string]map[int32]kgo.EpochOffset{}
	for topic, partitions := range handed {
		for id := range partitions {
			delete(m.begun, kmodel.TopicPartition{Topic: topic, Partition: id})
		}
	}
	m.mu.Unlock()
	cl.MarkCommitOffsets(handed)
}

// commitBegun commits where partitions without a commit were begun at, as Java's consumers do: who began at the end, and
// saw nothing, must not miss what comes before the group is there again. What cannot be committed now is tried again.
func (m *Consumer) commitBegun(ctx context.Context) {
	m.mu.Lock()
	begun := maps.Clone(m.begun)
	m.mu.Unlock()
	if !m.commit || len(begun) == 0 {
		return
	}
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for p, at := range begun {
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: at}
	}
	limited, cancel := context.WithTimeout(ctx, leaving)
	defer cancel()
	m.kgo.CommitOffsetsSync(limited, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			return // it is one of the group's, which reading meets as well
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode == 0 {
					delete(m.begun, kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition})
				}
			}
		}
	})
}

// gone notes partitions that another member reads from now on.
func (m *Consumer) gone(partitions map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for topic, ids := range partitions {
		for _, id := range ids {
			p := kmodel.TopicPartition{Topic: topic, Partition: id}
			delete(m.left, p)
			delete(m.begun, p)
			delete(m.handed[topic], id)
		}
	}
}
