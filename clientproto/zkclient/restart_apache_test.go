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
	opts := peertest.Options{ClientPort: peertest.FreePort(t), DataDir: t.TempDir(), Config: []string{"tickTime=500", "maxSessionTimeout=60000"}}
	s := peertest.StartZK39(t, opts)
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: s.Addr(), SessionTimeout: time.Minute, OnEvent: state.take})
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
	closeClient(t, c)

	state = newEvents()
	c = dial(t, zkclient.Config{Servers: s.Addr(), SessionTimeout: time.Second, Renew: true, OnEvent: state.take})
	create(t, c, "/old", "")
	id = c.Session().ID
	s.Kill()
	opts.DataDir = ""
	peertest.StartZK39(t, opts)
	state.state(t, zkproto.StateExpired)
	state.state(t, zkproto.StateSyncConnected)
	if c.Session().ID == id {
		t.Error("an empty server took the old session")
	}
	create(t, c, "/new", "")
	closeClient(t, c) // while this server still runs
}
