package kbroker

import (
	"context"
	"errors"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
)

// createTopic makes a topic that a client wants and returns when it has leaders; one that is there already is no error.
// The topic of offsets has settings of its own.
func (b *Broker) createTopic(ctx context.Context, name string) error {
	t := admin.NewTopic{Name: name, Partitions: -1, ReplicationFactor: -1}
	if name == groups.Topic {
		g := b.o.Config.Groups
		t.Partitions, t.ReplicationFactor = g.OffsetsPartitions, g.OffsetsReplicationFactor
		t.Configs = map[string]string{
			"cleanup.policy":   "compact",
			"compression.type": "producer",
			"segment.bytes":    strconv.Itoa(int(g.OffsetsSegmentBytes)),
		}
	}
	err := b.admin.CreateTopic(ctx, t)
	if errors.Is(err, kproto.TopicAlreadyExists) {
		return nil
	}
	return err
}
