package check_test

import (
	"context"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/check"
)

// dump reads the whole tree of a server, as its super user.
func dump(t *testing.T, addr string) map[string]check.Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tree, err := check.ReadTree(ctx, dialSuper(ctx, t, addr))
	if err != nil {
		t.Fatalf("%s: %v", addr, err)
	}
	return tree
}

// superDigest is the digest of super:test, given to both servers.
const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="

func dialSuper(ctx context.Context, t *testing.T, addr string) *zkclient.Client {
	t.Helper()
	c, err := zkclient.Dial(ctx, zkclient.Config{
		Servers: addr, SessionTimeout: 4 * time.Second,
		Auth: []zkclient.AuthInfo{{Scheme: "digest", Auth: []byte("super:test")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx) // its server may be gone by now
	})
	return c
}

// same compares two trees and names every difference.
func same(t *testing.T, before, after string, want, got map[string]check.Node) {
	t.Helper()
	for _, difference := range check.Differences(before, after, want, got) {
		t.Error(difference)
	}
}
