package zkclient_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

func testACLAndAuth(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{Auth: []zkclient.AuthInfo{{Scheme: "digest", Auth: []byte("first:pw")}}})
	if err := c.AddAuth(ctx, "digest", []byte("second:pw")); err != nil {
		t.Fatal(err)
	}
	who, err := c.WhoAmI(ctx)
	if err != nil || !slices.Contains(who, zkproto.ClientInfo{Scheme: "digest", User: "first"}) ||
		!slices.Contains(who, zkproto.ClientInfo{Scheme: "digest", User: "second"}) {
		t.Fatalf("who am I: %v %v", who, err)
	}
	acl := []zkproto.ACL{{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "digest", ID: zkproto.DigestID("second:pw")}}}
	if _, _, err := c.Create(ctx, "/secret", []byte("x"), acl, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
	got, stat, err := c.GetACL(ctx, "/secret")
	if err != nil || !slices.Equal(got, acl) {
		t.Fatalf("get acl: %v %v", got, err)
	}
	if stat, err = c.SetACL(ctx, "/secret", append(acl, zkproto.OpenACL()...)[:1], stat.Aversion); err != nil || stat.Aversion != 1 {
		t.Fatalf("set acl: %+v %v", stat, err)
	}
	other := dial(t, zkclient.Config{Servers: s.Addr() + c.Chroot()})
	if _, _, err := other.Get(ctx, "/secret", nil); !errors.Is(err, zkproto.NoAuth) {
		t.Errorf("another client: %v", err)
	}
}

func testRefusedAuth(t *testing.T, s *peertest.Server) {
	seen := newEvents()
	c := root(t, s, zkclient.Config{OnEvent: seen.take})
	id := c.Session().ID
	if err := c.AddAuth(ctx, "nosuch", []byte("x")); !errors.Is(err, zkproto.AuthFailed) {
		t.Fatalf("unknown scheme: %v", err)
	}
	seen.state(t, zkproto.StateAuthFailed)
	seen.state(t, zkproto.StateDisconnected)
	seen.state(t, zkproto.StateSyncConnected)
	if _, err := c.Exists(ctx, "/", nil); err != nil || c.Session().ID != id {
		t.Errorf("afterwards: %v, session %s, was %s", err, c.Session().ID, id)
	}
}

func testConfiguredAuthRefused(t *testing.T, s *peertest.Server) {
	seen := newEvents()
	c, err := zkclient.New(zkclient.Config{Servers: s.Addr(), OnEvent: seen.take,
		Auth: []zkclient.AuthInfo{{Scheme: "nosuch", Auth: []byte("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, c)
	seen.state(t, zkproto.StateAuthFailed)
	if _, err := c.Exists(ctx, "/", nil); !errors.Is(err, zkproto.AuthFailed) {
		t.Errorf("a call: %v", err)
	}
	if err := c.Connected(ctx); !errors.Is(err, zkproto.AuthFailed) {
		t.Errorf("connected: %v", err)
	}
}
