package zkclient

import (
	"context"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Settle waits until the callbacks have been called for all events received so far. Since a server sends an event
// before the reply that reflects the change, what follows a call and Settle follows the events of that call. It is
// not for callbacks, which it would wait for.
func (c *Client) Settle(ctx context.Context) error {
	reached := make(chan struct{})
	c.events.post(func(zkproto.WatchedEvent) { close(reached) }, zkproto.WatchedEvent{})
	select {
	case <-reached:
		return nil
	case <-c.events.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
