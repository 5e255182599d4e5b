package zkserver_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// A client that proves its name by DIGEST-MD5 owns what it creates with an ACL of its own;
// one that cannot is told so. zkclient's side of it is tested on Apache's server, and kazoo
// and Java's client are tested on this one.
func TestSASL_DigestMD5(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	addr := serveAuth(t, zkserver.Config{SASLUsers: map[string]string{"bob": "builder", "root": "r"}, SASLSuper: "root"})
	dial := func(user, password string) (*zkclient.Client, error) {
		var mechanism func() zkclient.SASLMechanism
		if user != "" {
			mechanism = func() zkclient.SASLMechanism { return zkclient.DigestMD5(user, password) }
		}
		c, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr, SASL: mechanism})
		if err == nil {
			t.Cleanup(func() { _ = c.Close(context.Background()) }) // the server may be gone
		}
		return c, err
	}
	bob, err := dial("bob", "builder")
	if err != nil {
		t.Fatal(err)
	}
	own := []zkproto.ACL{{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "sasl", ID: "bob"}}}
	if _, _, err := bob.Create(ctx, "/bob", []byte("mine"), own, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bob.Get(ctx, "/bob", nil); err != nil {
		t.Errorf("bob himself: %v", err)
	}
	root, err := dial("root", "r")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := root.Get(ctx, "/bob", nil); err != nil {
		t.Errorf("the super user: %v", err)
	}
	nobody, err := dial("", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := nobody.Get(ctx, "/bob", nil); !errors.Is(err, zkproto.NoAuth) {
		t.Errorf("somebody else: %v", err)
	}
	liar, err := dial("bob", "wrong")
	if err == nil {
		_, _, err = liar.Get(ctx, "/", nil)
	}
	if !errors.Is(err, zkproto.AuthFailed) {
		t.Errorf("a wrong password: %v", err)
	}
}

// serveAuth serves until the test ends.
func serveAuth(t *testing.T, cfg zkserver.Config) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.Listeners, cfg.NoSync = t.TempDir(), []net.Listener{l}, true
	s, err := zkserver.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return l.Addr().String()
}

// A server that demands authentication does nothing for a client that has none, on both
// sides alike.
func TestRequireAuth(t *testing.T) {
	t.Run("zoka", func(t *testing.T) {
		requiresDigest(t, serveAuth(t, zkserver.Config{RequireAuth: []string{"digest"}}))
	})
	t.Run("Apache", func(t *testing.T) {
		requiresDigest(t, peertest.StartZK39(t, peertest.Options{Config: []string{"enforce.auth.enabled=true", "enforce.auth.schemes=digest"}}).Addr())
	})
}

func requiresDigest(t *testing.T, addr string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	nobody, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := nobody.Get(ctx, "/", nil); !errors.Is(err, zkproto.SessionClosedRequireSASLAuth) {
		t.Errorf("without authentication: %v", err)
	}
	_ = nobody.Close(ctx) // this is refused too
	bob, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr, Auth: []zkclient.AuthInfo{{Scheme: "digest", Auth: []byte("bob:b")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bob.Get(ctx, "/", nil); err != nil {
		t.Errorf("with authentication: %v", err)
	}
	if err := bob.Close(ctx); err != nil {
		t.Error(err)
	}
}
