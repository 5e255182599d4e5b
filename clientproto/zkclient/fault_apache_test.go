package zkclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

func testCutKeepsSession(t *testing.T, s *peertest.Server) {
	chroot := makeRoot(t, s)
	p := startProxy(t, s.Addr())
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take, SessionTimeout: time.Minute})
	state.state(t, zkproto.StateSyncConnected)
	if err := c.AddAuth(ctx, "digest", []byte("u:p")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Create(ctx, "/e", nil, nil, zkproto.ModeEphemeral, 0); err != nil {
		t.Fatal(err)
	}
	id := c.Session().ID
	for range 3 {
		p.cut()
		state.state(t, zkproto.StateDisconnected)
		state.state(t, zkproto.StateSyncConnected)
		if stat, err := c.Exists(ctx, "/e", nil); err != nil || stat.EphemeralOwner != id || c.Session().ID != id {
			t.Fatalf("after the cut: %+v %v, session %s, was %s", stat, err, c.Session().ID, id)
		}
	}
	if who, err := c.WhoAmI(ctx); err != nil || len(who) != 2 {
		t.Errorf("the credential was not sent again: %v %v", who, err)
	}
}

// testPendingRequests loses a connection with requests on it, and with others behind them.
func testPendingRequests(t *testing.T, s *peertest.Server) {
	chroot := makeRoot(t, s)
	p := startProxy(t, s.Addr())
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take})
	state.state(t, zkproto.StateSyncConnected)

	p.stall(true)
	write := c.Start(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/", Version: -1}, new(zkproto.Stat))
	read := c.Start(ctx, zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/"}, new(zkproto.DataResponse))
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := c.Set(brief, "/", []byte("given up"), -1)
	if !errors.Is(err, context.DeadlineExceeded) || !zkclient.OutcomeUnknown(err) {
		t.Errorf("a write given up on the way: %v", err)
	}
	p.refuse(true)
	p.cut()
	p.stall(false)
	if err := write.Wait(ctx); !errors.Is(err, zkproto.ConnectionLoss) || !zkclient.OutcomeUnknown(err) {
		t.Errorf("a write on the way: %v", err)
	}
	if err := read.Wait(ctx); !errors.Is(err, zkproto.ConnectionLoss) || zkclient.OutcomeUnknown(err) {
		t.Errorf("a read on the way: %v", err)
	}
	state.state(t, zkproto.StateDisconnected)

	later := c.Start(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/", Data: []byte("later"), Version: -1}, new(zkproto.Stat))
	brief, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = c.Set(brief, "/", []byte("never"), -1)
	if !errors.Is(err, context.DeadlineExceeded) || zkclient.OutcomeUnknown(err) {
		t.Errorf("a write given up before it was sent: %v", err)
	}
	p.refuse(false)
	if err := later.Wait(ctx); err != nil {
		t.Errorf("a write that waited for the connection: %v", err)
	}
	if data, _, err := c.Get(ctx, "/", nil); err != nil || string(data) != "later" {
		t.Errorf("data %q %v", data, err)
	}
}

// testStallIsNoticed: a server that says nothing, without the connection being closed.
func testStallIsNoticed(t *testing.T, s *peertest.Server) {
	chroot := makeRoot(t, s)
	stalls, good := startProxy(t, s.Addr()), startProxy(t, s.Addr())
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: stalls.addr() + "," + good.addr() + chroot, OnEvent: state.take, SessionTimeout: 3 * time.Second})
	state.state(t, zkproto.StateSyncConnected)
	id := c.Session().ID
	stalls.stall(true)
	state.state(t, zkproto.StateDisconnected)
	state.state(t, zkproto.StateSyncConnected)
	if c.Server() != good.addr() || c.Session().ID != id {
		t.Errorf("server %s, session %s, was %s", c.Server(), c.Session().ID, id)
	}
}

// testSelfExpiry: no server can be reached, so that none can say that the session is gone.
func testSelfExpiry(t *testing.T, s *peertest.Server) {
	p := startProxy(t, s.Addr())
	state := newEvents()
	c := dial(t, zkclient.Config{Servers: p.addr(), OnEvent: state.take, SessionTimeout: 600 * time.Millisecond})
	state.state(t, zkproto.StateSyncConnected)
	p.refuse(true)
	p.cut()
	state.state(t, zkproto.StateDisconnected)
	began := time.Now()
	waiting := c.Start(ctx, zkproto.OpSync, &zkproto.PathRequest{Path: "/"}, new(zkproto.PathResponse))
	state.state(t, zkproto.StateExpired)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the session of 600 ms expired after %s", took)
	}
	if err := waiting.Wait(ctx); !errors.Is(err, zkproto.SessionExpired) || !strings.Contains(err.Error(), "as no server took it back: no ZooKeeper server: ") {
		t.Errorf("a call that waited: %v", err)
	}
}

func testCloseWithoutServer(t *testing.T, s *peertest.Server) {
	p := startProxy(t, s.Addr())
	state := newEvents()
	c, err := zkclient.Dial(ctx, zkclient.Config{Servers: p.addr(), OnEvent: state.take, SessionTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p.refuse(true)
	p.cut()
	state.state(t, zkproto.StateDisconnected)
	err = c.Close(ctx)
	var none *zkclient.ConnectError
	if !errors.As(err, &none) {
		t.Errorf("close without a server: %v", err)
	}
	state.state(t, zkproto.StateClosed)
}
