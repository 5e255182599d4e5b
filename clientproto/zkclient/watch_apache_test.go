package zkclient_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

func testWatches(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	seen := newEvents()
	if _, err := c.Exists(ctx, "/a", seen.take); !errors.Is(err, zkproto.NoNode) {
		t.Fatal(err)
	}
	if _, _, err := c.Get(ctx, "/a", seen.take); !errors.Is(err, zkproto.NoNode) {
		t.Fatal(err)
	}
	_, stat, err := c.Create(ctx, "/a", nil, nil, zkproto.ModePersistent, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ev := seen.next(t, zkproto.EventNodeCreated, "/a"); ev.Zxid != stat.Czxid || ev.State != zkproto.StateSyncConnected {
		t.Errorf("event %+v, want zxid %s", ev, stat.Czxid)
	}
	if _, _, err := c.Children(ctx, "/a", seen.take); err != nil {
		t.Fatal(err)
	}
	create(t, c, "/a/b", "")
	seen.next(t, zkproto.EventNodeChildrenChanged, "/a")
	if _, _, err := c.Get(ctx, "/a/b", seen.take); err != nil {
		t.Fatal(err)
	}
	set(t, c, "/a/b", "x")
	seen.next(t, zkproto.EventNodeDataChanged, "/a/b")
	set(t, c, "/a/b", "y") // the watch has had its one shot
	if _, _, err := c.Children(ctx, "/a/b", seen.take); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, "/a/b", -1); err != nil {
		t.Fatal(err)
	}
	seen.next(t, zkproto.EventNodeDeleted, "/a/b")
	seen.none(t)
}

func testPersistentWatches(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	one, all := newEvents(), newEvents()
	if err := c.AddWatch(ctx, "/p", zkproto.AddWatchPersistent, one.take); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/p", zkproto.AddWatchPersistentRecursive, all.take); err != nil {
		t.Fatal(err)
	}
	create(t, c, "/p", "")
	create(t, c, "/p/q", "")
	create(t, c, "/p/q/r", "")
	set(t, c, "/p", "1")
	set(t, c, "/p", "2")
	one.next(t, zkproto.EventNodeCreated, "/p")
	one.next(t, zkproto.EventNodeChildrenChanged, "/p")
	one.next(t, zkproto.EventNodeDataChanged, "/p")
	one.next(t, zkproto.EventNodeDataChanged, "/p")
	all.next(t, zkproto.EventNodeCreated, "/p")
	all.next(t, zkproto.EventNodeCreated, "/p/q")
	all.next(t, zkproto.EventNodeCreated, "/p/q/r")
	all.next(t, zkproto.EventNodeDataChanged, "/p")
	all.next(t, zkproto.EventNodeDataChanged, "/p")
}

// zkCli's get -w twice prints the event once: there is one default watcher.
func testDefaultWatch(t *testing.T, s *peertest.Server) {
	seen := newEvents()
	c := root(t, s, zkclient.Config{OnEvent: seen.take})
	seen.state(t, zkproto.StateSyncConnected)
	create(t, c, "/a", "")
	for range 2 {
		if _, _, err := c.Get(ctx, "/a", zkclient.DefaultWatch); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Exists(ctx, "/a", zkclient.DefaultWatch); err != nil {
		t.Fatal(err)
	}
	var stat zkproto.Stat
	if err := c.Start(ctx, zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/a", Watch: true}, &stat).Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/", zkproto.AddWatchPersistentRecursive, nil); err != nil {
		t.Fatal(err)
	}
	set(t, c, "/a", "1")
	seen.next(t, zkproto.EventNodeDataChanged, "/a")
	set(t, c, "/a", "2")
	seen.next(t, zkproto.EventNodeDataChanged, "/a")
	seen.none(t)
}

func testRemoveWatches(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	create(t, c, "/a", "")
	seen := newEvents()
	if err := c.RemoveWatches(ctx, "/a", zkproto.WatcherAny, false); !errors.Is(err, zkproto.NoWatcher) {
		t.Fatalf("without a watch: %v", err)
	}
	if _, _, err := c.Get(ctx, "/a", seen.take); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Children(ctx, "/a", seen.take); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/a", zkproto.AddWatchPersistentRecursive, seen.take); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckWatches(ctx, "/a", zkproto.WatcherData); err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveWatches(ctx, "/a", zkproto.WatcherData, false); err != nil {
		t.Fatal(err)
	}
	seen.next(t, zkproto.EventDataWatchRemoved, "/a")
	if err := c.CheckWatches(ctx, "/a", zkproto.WatcherData); !errors.Is(err, zkproto.NoWatcher) {
		t.Fatalf("after the removal: %v", err)
	}
	if err := c.RemoveWatches(ctx, "/a", zkproto.WatcherAny, false); err != nil {
		t.Fatal(err)
	}
	seen.next(t, zkproto.EventChildWatchRemoved, "/a")
	seen.next(t, zkproto.EventPersistentWatchRemoved, "/a")
	set(t, c, "/a", "x")
	create(t, c, "/a/b", "x")
	seen.none(t)
}

// testCutKeepsAllWatches changes everything while the client is cut off: each watch must tell
// of it once, and those that nothing happened to must still be there.
func testCutKeepsAllWatches(t *testing.T, s *peertest.Server) {
	chroot := makeRoot(t, s)
	other := dial(t, zkclient.Config{Servers: s.Addr() + chroot})
	for _, p := range []string{"/data", "/child", "/gone", "/still"} {
		create(t, other, p, "")
	}
	p := startProxy(t, s.Addr())
	state, seen, one, all := newEvents(), newEvents(), newEvents(), newEvents()
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take})
	state.state(t, zkproto.StateSyncConnected)
	for _, get := range []string{"/data", "/gone", "/still"} {
		if _, _, err := c.Get(ctx, get, seen.take); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Exists(ctx, "/new", seen.take); !errors.Is(err, zkproto.NoNode) {
		t.Fatal(err)
	}
	if _, _, err := c.Children(ctx, "/child", seen.take); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/still", zkproto.AddWatchPersistent, one.take); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/", zkproto.AddWatchPersistentRecursive, all.take); err != nil {
		t.Fatal(err)
	}
	p.refuse(true)
	p.cut()
	state.state(t, zkproto.StateDisconnected)
	set(t, other, "/data", "x")
	create(t, other, "/new", "")
	create(t, other, "/child/c", "")
	if err := other.Delete(ctx, "/gone", -1); err != nil {
		t.Fatal(err)
	}
	p.refuse(false)
	state.state(t, zkproto.StateSyncConnected)
	want := map[string]zkproto.EventType{"/data": zkproto.EventNodeDataChanged, "/gone": zkproto.EventNodeDeleted,
		"/new": zkproto.EventNodeCreated, "/child": zkproto.EventNodeChildrenChanged}
	for range 4 {
		ev := seen.any(t)
		if want[ev.Path] != ev.Type {
			t.Errorf("event %v", ev)
		}
		delete(want, ev.Path)
	}
	if len(want) > 0 {
		t.Errorf("no event of %v", want)
	}
	set(t, other, "/still", "x")
	seen.next(t, zkproto.EventNodeDataChanged, "/still")
	one.next(t, zkproto.EventNodeDataChanged, "/still")
	for ev := all.any(t); ev.Path != "/still"; ev = all.any(t) {
		// Catch-up events of the others' watches reach the recursive one, too.
	}
}

// testManyWatchesAfterCut has more paths than one setWatches may carry.
func testManyWatchesAfterCut(t *testing.T, s *peertest.Server) {
	chroot := makeRoot(t, s)
	p := startProxy(t, s.Addr())
	state, seen := newEvents(), newEvents()
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take})
	state.state(t, zkproto.StateSyncConnected)
	const n = 3000 // of 400 bytes: over jute.maxbuffer in all
	path := func(i int) string { return fmt.Sprintf("/%04d%s", i, strings.Repeat("x", 400)) }
	var calls []*zkclient.Call
	for i := range n {
		placed := make(chan struct{})
		go func() {
			_, _ = c.Exists(zkclient.WithSent(ctx, func() { close(placed) }), path(i), seen.take)
		}()
		<-placed
	}
	calls = append(calls, c.Start(ctx, zkproto.OpSync, &zkproto.PathRequest{Path: "/"}, new(zkproto.PathResponse)))
	if err := calls[0].Wait(ctx); err != nil {
		t.Fatal(err)
	}
	p.cut()
	state.state(t, zkproto.StateDisconnected)
	state.state(t, zkproto.StateSyncConnected)
	for _, i := range []int{0, n / 2, n - 1} {
		create(t, c, path(i), "")
		seen.next(t, zkproto.EventNodeCreated, path(i))
	}
}

func testExpiredByServer(t *testing.T, s *peertest.Server) {
	state, watch := newEvents(), newEvents()
	chroot, p := makeRoot(t, s), startProxy(t, s.Addr())
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take, SessionTimeout: time.Minute})
	if err := c.AddWatch(ctx, "/a", zkproto.AddWatchPersistent, watch.take); err != nil {
		t.Fatal(err)
	}
	endElsewhere(t, s, p, c)
	state.state(t, zkproto.StateExpired)
	if ev := watch.next(t, zkproto.EventNone, "/a"); ev.State != zkproto.StateExpired {
		t.Errorf("last event of the watch: %v", ev)
	}
	_, err := c.Set(ctx, "/", nil, -1)
	if !errors.Is(err, zkproto.SessionExpired) || zkclient.OutcomeUnknown(err) {
		t.Errorf("a call: %v", err)
	}
	if err := c.Connected(ctx); !errors.Is(err, zkproto.SessionExpired) {
		t.Errorf("connected: %v", err)
	}
}

// endElsewhere has another client attach to the session of c, and close it, while c is cut off.
func endElsewhere(t *testing.T, s *peertest.Server, p *proxy, c *zkclient.Client) {
	t.Helper()
	p.refuse(true)
	p.cut()
	closeClient(t, dial(t, zkclient.Config{Servers: s.Addr(), Session: c.Session()}))
	p.refuse(false)
}

func testRenew(t *testing.T, s *peertest.Server) {
	state, watch := newEvents(), newEvents()
	chroot, p := makeRoot(t, s), startProxy(t, s.Addr())
	c := dial(t, zkclient.Config{Servers: p.addr() + chroot, OnEvent: state.take, SessionTimeout: time.Minute, Renew: true})
	if err := c.AddAuth(ctx, "digest", []byte("u:p")); err != nil {
		t.Fatal(err)
	}
	if err := c.AddWatch(ctx, "/a", zkproto.AddWatchPersistent, watch.take); err != nil {
		t.Fatal(err)
	}
	old := c.Session().ID
	endElsewhere(t, s, p, c)
	state.state(t, zkproto.StateExpired)
	state.state(t, zkproto.StateSyncConnected)
	if c.Session().ID == old {
		t.Error("the session is still the old one")
	}
	watch.next(t, zkproto.EventNone, "/a")
	create(t, c, "/a", "")
	watch.none(t)
	who, err := c.WhoAmI(ctx)
	if err != nil || fmt.Sprint(who) != "[{ip 127.0.0.1} {digest u}]" {
		t.Errorf("who am I: %v %v", who, err)
	}
}
