package mixed

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// createAgain creates a znode, over lost connections.
func createAgain(ctx context.Context, t *testing.T, c *zkclient.Client, path string) {
	t.Helper()
	for {
		_, _, err := c.Create(ctx, path, nil, nil, zkproto.ModePersistent, 0)
		if err == nil || errors.Is(err, zkproto.NodeExists) {
			return
		}
		if !zkclient.OutcomeUnknown(err) {
			t.Fatalf("create %s: %v", path, err)
		}
	}
}

// createMany creates a znode and n children of it at one member.
func createMany(ctx context.Context, t *testing.T, m *peertest.Member, root string, n int) {
	t.Helper()
	c := dial(t, m.Addr())
	createAgain(ctx, t, c, root)
	calls := make([]*zkclient.Call, n)
	for i := range calls {
		calls[i] = c.Start(ctx, zkproto.OpCreate, &zkproto.CreateRequest{
			Path: fmt.Sprintf("%s/%04d", root, i), Data: []byte("some bytes"), ACL: zkproto.OpenACL(),
		}, nil)
	}
	for _, call := range calls {
		if err := call.Wait(ctx); err != nil {
			t.Fatalf("create below %s at %v: %v", root, m, err)
		}
	}
	if err := c.Close(ctx); err != nil {
		t.Fatalf("close a session at %v: %v", m, err)
	}
}
