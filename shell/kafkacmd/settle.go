package kafkacmd

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

// Brokers answer a change when it is decided; each learns of it a moment later, and answers by the old state until
// then. So that the next line of a script meets what the line before it did, commands wait for it, but not for long.
const (
	settleFor  = 5 * time.Second
	settleStep = 20 * time.Millisecond
)

// settle waits until a question is answered with yes, an error, or not for too long.
func settle(ctx context.Context, arrived func(context.Context) (bool, error)) {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	again := time.NewTicker(settleStep)
	defer again.Stop()
	for {
		if ok, err := arrived(ctx); ok || err != nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// settleTopics waits until topics are there, with a leader for each of at least so many partitions.
func settleTopics(ctx context.Context, kafka command.Kafka, names []string, partitions int) {
	if len(names) == 0 {
		return
	}
	settle(ctx, func(ctx context.Context) (bool, error) {
		found, err := kafka.Topics(ctx, names...)
		return !slices.ContainsFunc(found, func(t kmodel.Topic) bool {
			return t.Err != nil || len(t.Partitions) < partitions || slices.ContainsFunc(t.Partitions, kmodel.Partition.Unavailable)
		}), err
	})
}

// settleDeleted waits until topics are gone.
func settleDeleted(ctx context.Context, kafka command.Kafka, names []string) {
	if len(names) == 0 {
		return
	}
	settle(ctx, func(ctx context.Context) (bool, error) {
		found, err := kafka.Topics(ctx, names...)
		return !slices.ContainsFunc(found, func(t kmodel.Topic) bool { return !errors.Is(t.Err, kproto.UnknownTopicOrPartition) }), err
	})
}

// settleConfigs waits until a resource answers with changes that were made.
func settleConfigs(ctx context.Context, kafka command.Kafka, resource kmodel.Resource, changes []kmodel.ConfigChange) {
	settle(ctx, func(ctx context.Context) (bool, error) {
		described, err := kafka.Configs(ctx, false, resource)
		if err != nil {
			return false, err
		}
		return !slices.ContainsFunc(changes, func(c kmodel.ConfigChange) bool { return !shows(described[0].Entries, resource, c) }), described[0].Err
	})
}

// shows tells whether a change is in what a resource answers. What is added to lists, or taken from them, is not waited for.
func shows(entries []kmodel.Config, resource kmodel.Resource, change kmodel.ConfigChange) bool {
	i := slices.IndexFunc(entries, func(e kmodel.Config) bool { return e.Name == change.Name })
	own := i >= 0 && entries[i].Source == ownSource(resource)
	switch change.Op {
	case kmodel.SetConfig:
		return own
	case kmodel.DeleteConfig:
		return !own
	}
	return true
}

// ownSource is that of the values that a resource has for itself.
func ownSource(r kmodel.Resource) kmodel.ConfigSource {
	switch {
	case r.Type == kmodel.TopicResource:
		return kmodel.DynamicTopic
	case r.Type == kmodel.BrokerLoggerResource:
		return kmodel.DynamicBrokerLogger
	case r.Name == "":
		return kmodel.DynamicDefaultBroker
	}
	return kmodel.DynamicBroker
}
