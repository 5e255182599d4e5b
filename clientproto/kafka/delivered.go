package kafka

import (
	"context"
	"errors"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// deliveries is how often a request is issued that did not leave this machine.
const deliveries = 4

// undelivered tells an error before anything was sent. franz-go asks any broker who coordinates a group, once: where
// that one has died, though it is still registered, another one is asked by issuing the request again.
func undelivered(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// delivered issues a request to a group's coordinator again as long as it is undelivered.
func delivered[T any](issue func() (T, error)) (answer T, err error) {
	for range deliveries {
		if answer, err = issue(); !undelivered(err) {
			break
		}
	}
	return answer, err
}

// sharded issues a request that is split among the coordinators of groups, and again the parts that are undelivered.
func (c *Client) sharded(ctx context.Context, req kmsg.Request) []kgo.ResponseShard {
	return c.redeliver(ctx, req, deliveries)
}

func (c *Client) redeliver(ctx context.Context, req kmsg.Request, tries int) []kgo.ResponseShard {
	var out []kgo.ResponseShard
	for _, shard := range c.kgo.RequestSharded(ctx, req) {
		if tries > 1 && shard.Meta.NodeID < 0 && undelivered(shard.Err) {
			out = append(out, c.redeliver(ctx, shard.Req, tries-1)...)
		} else {
			out = append(out, shard)
		}
	}
	return out
}
