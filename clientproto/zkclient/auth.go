package zkclient

import (
	"context"
	"errors"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// AddAuth adds an identity to the session: for scheme digest, auth is "user:password". It is
// sent again on every new connection, before anything else. A server that refuses it (it
// does not know the scheme; a wrong password is not noticed here) answers
// zkproto.AuthFailed and drops the connection; the client forgets the credential, says so by
// an event and connects again.
func (c *Client) AddAuth(ctx context.Context, scheme string, auth []byte) error {
	info := AuthInfo{scheme, cloneBytes(auth)}
	for {
		call := newCall(c, ctx, zkproto.OpAuth, "")
		c.start(call, &zkproto.AuthRequest{Scheme: scheme, Auth: auth}, func(code zkproto.Code) {
			c.authenticated(info, code)
		})
		err := call.Wait(ctx)
		if !errors.Is(err, zkproto.ConnectionLoss) {
			return err
		}
		// Twice is as good as once.
	}
}

// authenticated is called by the reader, so that a connection lost right afterwards finds the
// credential remembered.
func (c *Client) authenticated(info AuthInfo, code zkproto.Code) {
	if code != zkproto.OK {
		c.events.post(c.cfg.OnEvent, zkproto.WatchedEvent{Type: zkproto.EventNone, State: zkproto.StateAuthFailed})
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.auth = append(c.mu.auth, info)
}
