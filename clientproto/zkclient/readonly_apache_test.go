package zkclient_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestApacheReadOnly: one member of three is alone and serves reads; then a second one comes.
func TestApacheReadOnly(t *testing.T) {
	checkGoroutines(t)
	t.Setenv("JAVA_TOOL_OPTIONS", "-Dreadonlymode.enabled=true")
	members := peertest.Options{NoWait: true, Config: []string{"tickTime=500", "localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"}}
	for id := 1; id <= 3; id++ {
		members.Config = append(members.Config, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, peertest.FreePort(t), peertest.FreePort(t)))
	}
	start := func(id int) *peertest.Server {
		opts := members
		opts.DataDir = t.TempDir()
		if err := os.WriteFile(filepath.Join(opts.DataDir, "myid"), fmt.Append(nil, id), 0o644); err != nil {
			t.Fatal(err)
		}
		return peertest.StartZK39(t, opts)
	}
	one := start(1)

	// One that does not want a read-only server is told why there is none.
	plain, err := zkclient.New(zkclient.Config{Servers: one.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer closeClient(t, plain)

	state := newEvents()
	c := dial(t, zkclient.Config{Servers: one.Addr(), ReadOnly: true, OnEvent: state.take})
	state.state(t, zkproto.StateConnectedReadOnly)
	if _, _, err := c.Children(ctx, "/", nil); err != nil {
		t.Errorf("a read: %v", err)
	}
	if _, err := c.Set(ctx, "/", nil, -1); !errors.Is(err, zkproto.NotReadOnly) || zkclient.OutcomeUnknown(err) {
		t.Errorf("a write: %v", err)
	}
	var none *zkclient.ConnectError
	if err := plain.ConnectOnce(ctx); !errors.As(err, &none) {
		t.Errorf("connect for writing: %v", err)
	}
	fake := c.Session().ID
	start(2)
	state.state(t, zkproto.StateSyncConnected)
	if _, err := c.Set(ctx, "/", []byte("x"), -1); err != nil {
		t.Errorf("a write: %v", err)
	}
	if c.Session().ID == fake {
		t.Error("the session is still the read-only server's own")
	}
	if err := plain.Connected(ctx); err != nil {
		t.Error(err)
	}
	closeClient(t, c) // while there is a quorum
}
