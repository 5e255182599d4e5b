package zkclient_test

import (
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestApacheRestart kills the server twice. What comes back with its data still has the session;
// what comes back empty is behind the client and takes only a new session.
func TestApacheRestart(t *testing.T) {
	checkGoroutines(t)
	opts := peertest.Options{ClientPort: peertest.FreePort(t), DataDir: t.TempDir()}
	s := peertest.StartZK39(t, opts)
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: s.Addr(), SessionTimeout: 8 * time.Second, Renew: true, OnEvent: state.take})
	state.state(t, zkproto.StateSyncConnected)
	if _, _, err := c.Create(ctx, "/e", nil, nil, zkproto.ModeEphemeral, 0); err != nil {
		t.Fatal(err)
	}
	id := c.Session().ID
	s.Kill()
	state.state(t, zkproto.StateDisconnected)
	waiting := c.Start(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/e", Data: []byte("x"), Version: 0}, new(zkproto.Stat))
	s = peertest.StartZK39(t, opts)
	if err := waiting.Wait(ctx); err != nil || c.Session().ID != id {
		t.Fatalf("a write that waited: %v; session %s, was %s", err, c.Session().ID, id)
	}

	state.state(t, zkproto.StateSyncConnected)
	s.Kill()
	peertest.StartZK39(t, peertest.Options{ClientPort: opts.ClientPort})
	state.state(t, zkproto.StateExpired)
	state.state(t, zkproto.StateSyncConnected)
	if c.Session().ID == id {
		t.Error("an empty server took the old session")
	}
	create(t, c, "/new", "")
	closeClient(t, c) // while the second server still runs
}
