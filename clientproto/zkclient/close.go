package zkclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// closeTimeout bounds Close where its context does not.
const closeTimeout = 5 * time.Second

// Close ends the session: its ephemeral znodes go at once, not after the session timeout. What
// is in the queue is sent first. A client that has lost its connection tries each server once
// more. It waits five seconds at most, less if ctx ends. All goroutines of the client have ended
// when Close returns, unless a callback still runs by then. The error says that the session lives on, until the servers expire it.
func (c *Client) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	goodbye := c.startClosing()
	var err error
	if goodbye != nil {
		select {
		case <-goodbye.done:
		case <-c.done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	c.cancel()
	<-c.done
	if goodbye != nil && err == nil {
		<-goodbye.done // run ends every call before it is done
		err = goodbye.err
	}
	select {
	case <-c.events.done:
	case <-ctx.Done():
	}
	if err == nil || errors.Is(err, zkproto.SessionExpired) {
		return nil
	}
	if id := c.Session().ID; id != 0 {
		return fmt.Errorf("close session %s: %w; it ends by itself after %s", id, err, c.SessionTimeout())
	}
	return nil
}

// startClosing refuses further calls and queues the last one, which a further Close waits for,
// too. It returns nil where there is no session to end.
func (c *Client) startClosing() *Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosing() {
		return c.mu.goodbye
	}
	close(c.closing)
	if c.mu.terminal != nil || c.mu.session.ID == 0 && !c.mu.handshaking {
		return nil
	}
	goodbye := newCall(c, context.Background(), zkproto.OpCloseSession, "")
	if err := goodbye.encode(nil); err != nil {
		return nil // 12 bytes fit every limit
	}
	c.mu.goodbye = goodbye
	c.mu.queue.push(goodbye)
	c.kick()
	return goodbye
}

// saidGoodbye says whether closing is done: what the connection ends with then is no reason to
// connect again.
func (c *Client) saidGoodbye() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.goodbye != nil && c.mu.goodbye.progress.Load() == ended
}
