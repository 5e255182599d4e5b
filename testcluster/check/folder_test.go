package check_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// A data folder goes to and fro between zoka's server and Apache's. Each writes, and the
// next one finds every znode as it was left: data, stat and ACL.
func TestFolder_ExchangedWithApache(t *testing.T) {
	for _, apache := range []struct {
		name  string
		start func(testing.TB, peertest.Options) *peertest.Server
	}{{"3.9.4", peertest.StartZK39}, {"Debian", peertest.StartDebian}} {
		t.Run(apache.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			onApache := func(f func(addr string)) {
				s := apache.start(t, peertest.Options{DataDir: dir, Config: []string{
					"extendedTypesEnabled=true", "DigestAuthenticationProvider.superDigest=" + superDigest,
				}})
				f(s.Addr())
				s.Kill() // as a crash would: nothing is tidied up
			}
			var last map[string]check.Node
			visit := func(who string, round int, addr string) {
				if last != nil {
					same(t, "the server before", who, last, dump(t, addr))
				}
				scribble(t, addr, round)
				last = dump(t, addr)
			}
			for round := range 2 {
				onApache(func(addr string) { visit("Apache", 2*round, addr) })
				onZoka(t, dir, func(addr string) { visit("zoka", 2*round+1, addr) })
			}
			onApache(func(addr string) { same(t, "zoka", "Apache", last, dump(t, addr)) })
		})
	}
}

// onZoka runs f on zoka's server, which is then stopped.
func onZoka(t *testing.T, dir string, f func(addr string)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := zkserver.New(zkserver.Config{
		DataDir: dir, Listeners: []net.Listener{l}, ExtendedTypes: true, SuperDigest: superDigest,
		TickTime: 2 * time.Second, SnapCount: 100, PreAlloc: 64 << 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	f(l.Addr().String())
	cancel()
	if err := <-served; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("zoka's server ended with %v", err)
	}
}

// scribble writes something of every kind, and enough of it for snapshots.
func scribble(t *testing.T, addr string, round int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	root := fmt.Sprintf("/round%d", round)
	if err := check.Scribble(ctx, dialSuper(ctx, t, addr), root); err != nil {
		t.Fatal(err)
	}
	// The ephemeral znode's session is closed properly: the next server knows neither.
	e, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr, SessionTimeout: 4 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Create(ctx, root+"/ephemeral", nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// An ephemeral znode outlives a crash of its server as long as its session does, whoever
// serves the folder afterwards, and goes when that session expires there.
func TestFolder_SessionsGoOnAtApache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	onZoka(t, dir, func(addr string) {
		c, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr, SessionTimeout: 12 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Create(ctx, "/mine", nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0); err != nil {
			t.Fatal(err)
		}
		copyFolder(t, dir, dir+"-crash") // what a crash would leave, the session open
		if err := c.Close(ctx); err != nil {
			t.Fatal(err)
		}
	})
	s := peertest.StartZK39(t, peertest.Options{DataDir: dir + "-crash"})
	c := dialSuper(ctx, t, s.Addr())
	gone := make(chan struct{})
	stat, err := c.Exists(ctx, "/mine", func(zkproto.WatchedEvent) { close(gone) })
	if err != nil || stat.EphemeralOwner == 0 {
		t.Fatalf("/mine on Apache's server: owner %v, %v", stat.EphemeralOwner, err)
	}
	select {
	case <-gone:
	case <-ctx.Done():
		t.Error("the session did not expire at Apache's server")
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(to) })
	if _, err := os.Stat(filepath.Join(to, "version-2")); err != nil {
		t.Fatal(err)
	}
}
