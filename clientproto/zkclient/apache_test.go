package zkclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestApache runs every operation against Apache's server. The ticks are short, so that
// sessions can expire within a test.
func TestApache(t *testing.T) {
	checkGoroutines(t)
	s := peertest.StartZK39(t, peertest.Options{Config: []string{
		"tickTime=100", "maxSessionTimeout=60000", "extendedTypesEnabled=true", "maxClientCnxns=0"}})
	for _, tt := range operations {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, s) })
	}
}

// TestDebian runs what 3.8.0 has in common with 3.9: there, an event has no zxid, and a path has
// one mode of watch only.
func TestDebian(t *testing.T) {
	checkGoroutines(t)
	s := peertest.StartDebian(t, peertest.Options{Config: []string{
		"tickTime=100", "maxSessionTimeout=60000", "extendedTypesEnabled=true", "maxClientCnxns=0"}})
	for _, tt := range operations {
		switch tt.name {
		case "Watches", "PersistentWatches", "CutKeepsAllWatches":
		default:
			t.Run(tt.name, func(t *testing.T) { tt.run(t, s) })
		}
	}
}

var operations = []struct {
	name string
	run  func(*testing.T, *peertest.Server)
}{
	{"Nodes", testNodes},
	{"CreateModes", testCreateModes},
	{"Errors", testErrors},
	{"ACLAndAuth", testACLAndAuth},
	{"RefusedAuth", testRefusedAuth},
	{"ConfiguredAuthRefused", testConfiguredAuthRefused},
	{"Multi", testMulti},
	{"MultiRead", testMultiRead},
	{"Watches", testWatches},
	{"PersistentWatches", testPersistentWatches},
	{"DefaultWatch", testDefaultWatch},
	{"RemoveWatches", testRemoveWatches},
	{"Chroot", testChroot},
	{"TooLarge", testTooLarge},
	{"Pipeline", testPipeline},
	{"XidWraps", testXidWraps},
	{"CloseEndsEphemerals", testCloseEndsEphemerals},
	{"CloseAtOnce", testCloseAtOnce},
	{"CutKeepsSession", testCutKeepsSession},
	{"CutKeepsAllWatches", testCutKeepsAllWatches},
	{"ManyWatchesAfterCut", testManyWatchesAfterCut},
	{"PendingRequests", testPendingRequests},
	{"StallIsNoticed", testStallIsNoticed},
	{"ExpiredByServer", testExpiredByServer},
	{"Renew", testRenew},
	{"SelfExpiry", testSelfExpiry},
	{"CloseWithoutServer", testCloseWithoutServer},
}

var ctx = context.Background()

// root makes a znode for the test and returns a client whose chroot it is.
func root(t *testing.T, s *peertest.Server, cfg zkclient.Config) *zkclient.Client {
	t.Helper()
	cfg.Servers = s.Addr() + makeRoot(t, s)
	return dial(t, cfg)
}

func makeRoot(t *testing.T, s *peertest.Server) string {
	t.Helper()
	path := "/" + t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
	plain := dial(t, zkclient.Config{Servers: s.Addr()})
	if _, _, err := plain.Create(ctx, path, nil, nil, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
	return path
}

func create(t *testing.T, c *zkclient.Client, path, data string) {
	t.Helper()
	if _, _, err := c.Create(ctx, path, []byte(data), nil, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
}

func set(t *testing.T, c *zkclient.Client, path, data string) {
	t.Helper()
	if _, err := c.Set(ctx, path, []byte(data), -1); err != nil {
		t.Fatal(err)
	}
}

func testNodes(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	path, stat, err := c.Create(ctx, "/a", []byte("one"), nil, zkproto.ModePersistent, 0)
	if err != nil || path != "/a" || stat.DataLength != 3 || stat.Czxid == 0 {
		t.Fatalf("create: %s %+v %v", path, stat, err)
	}
	data, got, err := c.Get(ctx, "/a", nil)
	if err != nil || string(data) != "one" || got != stat {
		t.Fatalf("get: %q %+v %v", data, got, err)
	}
	stat, err = c.Set(ctx, "/a", []byte("three"), 0)
	if err != nil || stat.Version != 1 || stat.DataLength != 5 {
		t.Fatalf("set: %+v %v", stat, err)
	}
	if got, err := c.Exists(ctx, "/a", nil); err != nil || got != stat {
		t.Fatalf("exists: %+v %v", got, err)
	}
	for _, name := range []string{"z", "b", "m"} {
		create(t, c, "/a/"+name, "")
	}
	names, stat, err := c.Children(ctx, "/a", nil)
	if err != nil || !slices.Equal(names, []string{"b", "m", "z"}) || stat.NumChildren != 3 {
		t.Fatalf("children: %v %+v %v", names, stat, err)
	}
	if n, err := c.AllChildrenNumber(ctx, "/"); err != nil || n != 4 {
		t.Fatalf("all children: %d %v", n, err)
	}
	if err := c.Sync(ctx, "/a"); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, "/a/b", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exists(ctx, "/a/b", nil); !errors.Is(err, zkproto.NoNode) {
		t.Fatalf("exists after delete: %v", err)
	}
	config, _, err := c.Config(ctx, nil)
	if err != nil || len(config) != 0 {
		t.Fatalf("config of a standalone server: %q %v", config, err)
	}
	if _, _, err := c.Reconfig(ctx, "", "1", "", -1); err == nil {
		t.Error("a standalone server was reconfigured")
	}
	if c.LastZxid() < stat.Pzxid || c.Server() != s.Addr() || c.State() != zkproto.StateSyncConnected {
		t.Errorf("last zxid %s, server %s, state %s", c.LastZxid(), c.Server(), c.State())
	}
}

func testCreateModes(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	for _, tt := range []struct {
		mode zkproto.CreateMode
		path string
		ttl  time.Duration
		want string
	}{
		{zkproto.ModePersistent, "/p", 0, "/p"},
		{zkproto.ModeEphemeral, "/e", 0, "/e"},
		{zkproto.ModePersistentSequential, "/ps-", 0, "/ps-0000000002"},
		{zkproto.ModeEphemeralSequential, "/es-", 0, "/es-0000000003"},
		{zkproto.ModeContainer, "/c", 0, "/c"},
		{zkproto.ModePersistentTTL, "/t", time.Hour, "/t"},
		{zkproto.ModePersistentSequentialTTL, "/ts-", time.Hour, "/ts-0000000006"},
		{zkproto.ModePersistentSequential, "/", 0, "/0000000007"},
	} {
		path, stat, err := c.Create(ctx, tt.path, nil, nil, tt.mode, tt.ttl)
		if err != nil || path != tt.want {
			t.Errorf("mode %d: %s %v, want %s", tt.mode, path, err, tt.want)
		}
		if (stat.EphemeralOwner == c.Session().ID) != tt.mode.Ephemeral() {
			t.Errorf("mode %d: owner %s", tt.mode, stat.EphemeralOwner)
		}
	}
	if got, err := c.Ephemerals(ctx, "/"); err != nil || !slices.Equal(got, []string{"/e", "/es-0000000003"}) {
		t.Errorf("ephemerals: %v %v", got, err)
	}
	if got, err := c.Ephemerals(ctx, "/es"); err != nil || !slices.Equal(got, []string{"/es-0000000003"}) {
		t.Errorf("ephemerals of a prefix: %v %v", got, err)
	}
	// Null and empty data are two values.
	create(t, c, "/empty", "")
	if data, _, err := c.Get(ctx, "/p", nil); err != nil || data != nil {
		t.Errorf("null data: %v %v", data, err)
	}
	if data, _, err := c.Get(ctx, "/empty", nil); err != nil || data == nil || len(data) != 0 {
		t.Errorf("empty data: %v %v", data, err)
	}
}

func testErrors(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	create(t, c, "/a", "")
	create(t, c, "/a/b", "")
	call := func(_ any, _ any, err error) error { return err }
	for _, tt := range []struct {
		err  error
		code zkproto.Code
		text string
	}{
		{call(c.Create(ctx, "/a", nil, nil, zkproto.ModePersistent, 0)), zkproto.NodeExists, "create /a: znode exists already"},
		{call(c.Create(ctx, "/x/y", nil, nil, zkproto.ModePersistent, 0)), zkproto.NoNode, "create /x/y: no such znode"},
		{call(c.Get(ctx, "/x", nil)), zkproto.NoNode, "getData /x: no such znode"},
		{c.Delete(ctx, "/a", -1), zkproto.NotEmpty, "delete /a: znode has children"},
		{c.Delete(ctx, "/a/b", 7), zkproto.BadVersion, "delete /a/b: version does not match"},
		{call(c.Create(ctx, "/i", nil, []zkproto.ACL{}, zkproto.ModePersistent, 0)), zkproto.InvalidACL, "create /i: invalid ACL"},
		{c.CheckWatches(ctx, "/a", zkproto.WatcherAny), zkproto.NoWatcher, "checkWatches /a: no such watch"},
	} {
		if !errors.Is(tt.err, tt.code) || tt.err.Error() != tt.text || zkclient.OutcomeUnknown(tt.err) {
			t.Errorf("got %v, want %s", tt.err, tt.text)
		}
		var op *zkclient.OpError
		if !errors.As(tt.err, &op) || op.Path == "" {
			t.Errorf("%v is no OpError with a path", tt.err)
		}
	}
	var bad *zkproto.PathError
	if _, _, err := c.Get(ctx, "a", nil); !errors.As(err, &bad) {
		t.Errorf("a relative path: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Set(gone, "/a", nil, -1); !errors.Is(err, context.Canceled) || zkclient.OutcomeUnknown(err) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func testMulti(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	ops := []zkproto.MultiOp{
		zkclient.CreateOp("/m", []byte("1"), nil, zkproto.ModePersistent, 0),
		zkclient.CreateOp("/m/s-", nil, nil, zkproto.ModeEphemeralSequential, 0),
		zkclient.CreateOp("/m/c", nil, nil, zkproto.ModeContainer, 0),
		zkclient.CreateOp("/m/t", nil, nil, zkproto.ModePersistentTTL, time.Hour),
		{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: "/m", Version: 0}},
		{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: "/m", Data: []byte("22"), Version: 0}},
		{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/m/c", Version: -1}},
	}
	res, err := c.Multi(ctx, ops)
	if err != nil || len(res) != len(ops) || res[0].Path != "/m" || res[1].Path != "/m/s-0000000000" || res[5].Stat.Version != 1 {
		t.Fatalf("multi: %+v %v", res, err)
	}
	ops = []zkproto.MultiOp{ops[4], zkclient.CreateOp("/n", nil, nil, zkproto.ModePersistent, 0),
		{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/none", Version: -1}}, ops[5]}
	ops[0].Req = &zkproto.PathVersionRequest{Path: "/m", Version: 1}
	res, err = c.Multi(ctx, ops)
	var failed *zkclient.MultiError
	if !errors.As(err, &failed) || failed.Index != 2 || !errors.Is(err, zkproto.NoNode) || zkclient.OutcomeUnknown(err) {
		t.Fatalf("failing multi: %v", err)
	}
	if want := "multi: operation 3 of 4, delete /none: no such znode"; err.Error() != want {
		t.Errorf("text %q, want %q", err, want)
	}
	var codes []zkproto.Code
	for _, r := range res {
		codes = append(codes, r.Err)
	}
	if !slices.Equal(codes, []zkproto.Code{zkproto.OK, zkproto.OK, zkproto.NoNode, zkproto.RuntimeInconsistency}) {
		t.Errorf("results %v", codes)
	}
	if _, err := c.Exists(ctx, "/n", nil); !errors.Is(err, zkproto.NoNode) {
		t.Errorf("a part of the multi was carried out: %v", err)
	}
	if res, err := c.Multi(ctx, nil); err != nil || len(res) != 0 {
		t.Errorf("empty multi: %v %v", res, err)
	}
}

func testMultiRead(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	create(t, c, "/a", "data")
	res, err := c.MultiRead(ctx, []zkproto.MultiOp{
		{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: "/a"}},
		{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: "/none"}},
		{Op: zkproto.OpGetChildren, Req: &zkproto.PathWatchRequest{Path: "/"}},
	})
	if err != nil || len(res) != 3 || string(res[0].Data) != "data" || res[1].Err != zkproto.NoNode ||
		!slices.Equal(res[2].Children, []string{"a"}) {
		t.Errorf("multi read: %+v %v", res, err)
	}
}

func testChroot(t *testing.T, s *peertest.Server) {
	seen := newEvents()
	c := root(t, s, zkclient.Config{})
	plain := dial(t, zkclient.Config{Servers: s.Addr()})
	if err := c.AddWatch(ctx, "/", zkproto.AddWatchPersistentRecursive, seen.take); err != nil {
		t.Fatal(err)
	}
	create(t, plain, c.Chroot()+"/a", "x")
	seen.next(t, zkproto.EventNodeCreated, "/a")
	set(t, plain, c.Chroot(), "root")
	seen.next(t, zkproto.EventNodeDataChanged, "/")
	if data, _, err := c.Get(ctx, "/", nil); err != nil || string(data) != "root" {
		t.Errorf("get /: %q %v", data, err)
	}
	if _, _, err := c.Config(ctx, nil); err != nil {
		t.Errorf("config: %v", err)
	}
	if names, _, err := c.Children(ctx, "/", nil); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("children: %v %v", names, err)
	}
}

func testTooLarge(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	create(t, c, "/a", "")
	_, err := c.Set(ctx, "/a", make([]byte, 2<<20), -1)
	var large *zkclient.TooLargeError
	if !errors.As(err, &large) || large.Limit != zkclient.DefaultMaxBuffer || large.Size < 2<<20 || zkclient.OutcomeUnknown(err) {
		t.Fatalf("2 MiB: %v", err)
	}
	// The largest that the server takes: header, path, two length words and the version.
	most := bytes.Repeat([]byte{7}, zkclient.DefaultMaxBuffer-8-4-len(c.Chroot()+"/a")-4-4)
	if _, err := c.Set(ctx, "/a", most, -1); err != nil {
		t.Fatalf("%d bytes: %v", len(most), err)
	}
	if got, _, err := c.Get(ctx, "/a", nil); err != nil || !bytes.Equal(got, most) {
		t.Errorf("read back %d bytes: %v", len(got), err)
	}
	if _, err := c.Set(ctx, "/a", append(most, 7), -1); !errors.As(err, &large) {
		t.Errorf("one more byte: %v", err)
	}
}

func testPipeline(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	create(t, c, "/a", "")
	const n = 500
	var calls []*zkclient.Call
	for i := range n {
		req := &zkproto.SetDataRequest{Path: "/a", Data: fmt.Append(nil, i), Version: int32(i)}
		calls = append(calls, c.Start(ctx, zkproto.OpSetData, req, new(zkproto.Stat)))
	}
	var last zkproto.Zxid
	for i, call := range calls {
		if err := call.Wait(ctx); err != nil {
			t.Fatalf("set %d, whose version tells the order: %v", i, err)
		}
		if call.Zxid() <= last {
			t.Fatalf("zxid %s after %s", call.Zxid(), last)
		}
		last = call.Zxid()
	}
	// A goroutine each, in an order that the hook fixes.
	results := make(chan error, n)
	for i := range n {
		placed := make(chan struct{})
		go func() {
			_, err := c.Set(zkclient.WithSent(ctx, func() { close(placed) }), "/a", nil, int32(n+i))
			results <- err
		}()
		<-placed
	}
	for range n {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
}

func testCloseEndsEphemerals(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{SessionTimeout: time.Minute})
	goes := dial(t, zkclient.Config{Servers: s.Addr() + c.Chroot(), SessionTimeout: time.Minute})
	if _, _, err := goes.Create(ctx, "/e", nil, nil, zkproto.ModeEphemeral, 0); err != nil {
		t.Fatal(err)
	}
	last := goes.Start(ctx, zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/e", Data: []byte("end"), Version: -1}, new(zkproto.Stat))
	both := make(chan error, 2)
	for range 2 {
		go func() { both <- goes.Close(ctx) }()
	}
	if err := errors.Join(<-both, <-both); err != nil {
		t.Errorf("close, twice at the same time: %v", err)
	}
	if err := last.Wait(ctx); err != nil {
		t.Errorf("a request before Close: %v", err)
	}
	if _, err := c.Exists(ctx, "/e", nil); !errors.Is(err, zkproto.NoNode) {
		t.Errorf("the ephemeral znode is still there: %v", err)
	}
	if _, err := goes.Exists(ctx, "/e", nil); !errors.Is(err, zkclient.ErrClosed) {
		t.Errorf("a call after Close: %v", err)
	}
}

// A session that is just coming into being when Close is called is ended, too.
func testCloseAtOnce(t *testing.T, s *peertest.Server) {
	metrics, err := flw.Mntr(ctx, s.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := metrics["zk_global_sessions"]
	for range 30 {
		asked := make(chan struct{})
		dialer := func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return &firstWrite{Conn: conn, done: sync.OnceFunc(func() { close(asked) })}, err
		}
		c, err := zkclient.New(zkclient.Config{Servers: s.Addr(), SessionTimeout: 50 * time.Second, Dialer: dialer})
		if err != nil {
			t.Fatal(err)
		}
		<-asked
		closeClient(t, c)
	}
	metrics, err = flw.Mntr(ctx, s.Addr(), nil)
	if err != nil || metrics["zk_global_sessions"] != before {
		t.Errorf("%v, the server has %s sessions, had %s", err, metrics["zk_global_sessions"], before)
	}
}

// firstWrite tells when the ConnectRequest is on its way.
type firstWrite struct {
	net.Conn
	done func()
}

func (w *firstWrite) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.done()
	return n, err
}

func testXidWraps(t *testing.T, s *peertest.Server) {
	c := root(t, s, zkclient.Config{})
	c.SetXid(math.MaxInt32 - 5)
	for range 10 {
		if _, err := c.Exists(ctx, "/", nil); err != nil {
			t.Fatal(err)
		}
	}
	if c.State() != zkproto.StateSyncConnected {
		t.Errorf("state %s", c.State())
	}
}
