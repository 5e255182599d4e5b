package check_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// node is all that a client can know of a znode.
type node struct {
	Data []byte // nil is null
	Stat zkproto.Stat
	ACL  []zkproto.ACL
}

// dump reads the whole tree of a server, as its super user.
func dump(t *testing.T, addr string) map[string]node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := dialSuper(ctx, t, addr)
	tree := map[string]node{}
	var walk func(path string)
	walk = func(path string) {
		data, stat, err := c.Get(ctx, path, nil)
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
		acl, _, err := c.GetACL(ctx, path)
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
		children, _, err := c.Children(ctx, path, nil)
		if err != nil {
			t.Fatalf("%s: %v", addr, err)
		}
		tree[path] = node{bytes.Clone(data), stat, acl}
		for _, name := range children {
			walk(zkproto.Join(path, name))
		}
	}
	walk("/")
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
func same(t *testing.T, before, after string, want, got map[string]node) {
	t.Helper()
	paths := map[string]bool{}
	for p := range want {
		paths[p] = true
	}
	for p := range got {
		paths[p] = true
	}
	var all []string
	for p := range paths {
		all = append(all, p)
	}
	slices.Sort(all)
	for _, p := range all {
		a, inA := want[p]
		b, inB := got[p]
		switch {
		case !inB:
			t.Errorf("%s is lost: %s has it, %s has not", p, before, after)
		case !inA:
			t.Errorf("%s came from nowhere: %s has it, %s has not", p, after, before)
		case !reflect.DeepEqual(a, b):
			t.Errorf("%s differs:\n%s %s\n%s %s", p, before, a, after, b)
		}
	}
}

func (n node) String() string { return fmt.Sprintf("%q %+v %v", n.Data, n.Stat, n.ACL) }
