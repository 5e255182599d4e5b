package kbroker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
)

// createMissing has a topic created that a client has asked for, if it may be, and returns what the client is told
// meanwhile. Source: KafkaApis.getTopicMetadata of Kafka 2.7.
func (b *Broker) createMissing(img *kzk.Image, name string, allowed bool) kproto.Error {
	if kproto.ValidTopicName(name) != nil {
		return kproto.InvalidTopicException
	}
	rules := b.o.Config.Topics
	factor := rules.ReplicationFactor
	if name == groups.Topic {
		allowed, factor = true, b.o.Config.Groups.OffsetsReplicationFactor
	} else if internal(name) || !rules.AutoCreate {
		allowed = false
	}
	if _, going := img.Deletions[name]; going || !allowed {
		return kproto.UnknownTopicOrPartition
	}
	if len(img.Brokers) < int(factor) {
		return kproto.InvalidReplicationFactor
	}
	for other := range img.Topics {
		if kproto.TopicsCollide(name, other) {
			return kproto.InvalidTopicException
		}
	}
	b.creator.ask(name)
	return kproto.LeaderNotAvailable
}

const (
	// maxAsked is how many topics may wait for their creation; who asks for more asks again.
	maxAsked = 1000
	// createPatience bounds one creation.
	createPatience = 30 * time.Second
)

// creator creates topics one after another, away from the connections that want them.
type creator struct {
	create func(ctx context.Context, topic string) error
	log    *slog.Logger
	wake   chan struct{}

	mu    sync.Mutex
	queue []string
	asked map[string]struct{} // in the queue or under way
}

func newCreator(create func(context.Context, string) error, log *slog.Logger) *creator {
	return &creator{create: create, log: log, wake: make(chan struct{}, 1), asked: map[string]struct{}{}}
}

func (c *creator) ask(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, already := c.asked[topic]; already || len(c.asked) >= maxAsked {
		return
	}
	c.asked[topic] = struct{}{}
	c.queue = append(c.queue, topic)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *creator) next() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return "", false
	}
	topic := c.queue[0]
	c.queue = c.queue[1:]
	return topic, true
}

// run creates what is asked for until ctx ends.
func (c *creator) run(ctx context.Context) {
	for {
		topic, ok := c.next()
		if !ok {
			select {
			case <-c.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		one, cancel := context.WithTimeout(ctx, createPatience)
		if err := c.create(one, topic); err != nil && ctx.Err() == nil {
			c.log.Warn("cannot create a topic that a client has asked for", "topic", topic, "err", err)
		}
		cancel()
		c.mu.Lock()
		delete(c.asked, topic)
		c.mu.Unlock()
	}
}
