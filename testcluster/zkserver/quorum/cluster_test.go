package quorum

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// deadline is for what must come; nothing in these tests takes so long on a machine that is awake.
const deadline = 30 * time.Second

// cluster is an ensemble of nodes in this process.
type cluster struct {
	t       testing.TB
	servers map[zab.ServerID]*server
	core    func(*zab.Config) // last changes to the configuration
	options func(*Options)
	members []zab.Member
	quorum  map[zab.ServerID][]string
	elect   map[zab.ServerID][]string
	network func(zab.ServerID) transport.Network

	filler string // makes values longer

	news chan struct{} // something has changed somewhere

	installs, cuts atomic.Int64 // snapshots from leaders, and truncated logs

	mu      sync.Mutex
	history map[zab.Zxid]string // what any server has committed
	errs    []string
	logs    bytes.Buffer
}

type server struct {
	id   zab.ServerID
	mem  *storage.Memory
	fs   storage.FS // mem, or something around it
	dir  string     // of the data
	cuts *transport.Cuts
	app  *app
	node *Node // nil: it does not run
}

// newCluster starts servers, the last observers of which do not vote.
func newCluster(t testing.TB, network string, voters, observers int, change func(*cluster)) *cluster {
	t.Helper()
	c := &cluster{
		t: t, servers: map[zab.ServerID]*server{}, news: make(chan struct{}, 1), history: map[zab.Zxid]string{},
		quorum: map[zab.ServerID][]string{}, elect: map[zab.ServerID][]string{},
		core: func(*zab.Config) {}, options: func(*Options) {},
	}
	if network == "tcp" {
		c.network = func(zab.ServerID) transport.Network { return transport.TCP() }
	} else {
		m := transport.NewMemory()
		c.network = func(id zab.ServerID) transport.Network { return m.Host(fmt.Sprintf("server%d", id)) }
	}
	for i := range voters + observers {
		id := zab.ServerID(i + 1)
		c.members = append(c.members, zab.Member{ID: id, Observer: i >= voters})
		if network == "tcp" {
			c.quorum[id], c.elect[id] = []string{freeAddr(t)}, []string{freeAddr(t)}
		} else {
			c.quorum[id], c.elect[id] = []string{fmt.Sprintf("server%d:2888", id)}, []string{fmt.Sprintf("server%d:3888", id)}
		}
		mem := storage.NewMemory()
		c.servers[id] = &server{id: id, mem: mem, fs: mem, dir: "/data", cuts: new(transport.Cuts)}
	}
	if change != nil {
		change(c)
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			s.stop(c)
		}
		c.verdict()
	})
	for id := range c.servers {
		c.start(id)
	}
	return c
}

func freeAddr(t testing.TB) string { return fmt.Sprintf("127.0.0.1:%d", peertest.FreePort(t)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMain looks for goroutines that nodes have left behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		buf := make([]byte, 1<<20)
		fmt.Printf("%d goroutines are left of which there were %d:\n%s\n", n, before, buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}

// verdict reports what went wrong while the servers ran, and addresses that they have kept.
func (c *cluster) verdict() {
	for id := range c.servers {
		for _, addr := range []string{c.quorum[id][0], c.elect[id][0]} {
			l, err := c.network(id).Listen(context.Background(), addr)
			if err != nil {
				c.t.Errorf("server %d has not given back %s: %v", id, addr, err)
				continue
			}
			l.Close()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.errs {
		c.t.Error(e)
	}
	if c.t.Failed() {
		c.t.Logf("what the nodes logged:\n%s", c.logs.String())
	}
}

func (c *cluster) config(id zab.ServerID) zab.Config {
	cfg := zab.Config{
		ID: id, Members: c.members, Text: []byte("server.1=a:1:2:participant\nversion=0"),
		TickTime: 20, InitLimit: 20, SyncLimit: 10,
		FinalizeWait: 5, NotifyMin: 10, NotifyMax: 100, RetryWait: 2,
		CommitLogCount: 500, CommitLogBytes: 1 << 20, Seed: uint64(id),
	}
	c.core(&cfg)
	return cfg
}

// start starts a server on its disk, which must be sound.
func (c *cluster) start(id zab.ServerID) *server {
	c.t.Helper()
	must(c.t, c.tryStart(id))
	return c.servers[id]
}

func (c *cluster) tryStart(id zab.ServerID) error {
	s := c.servers[id]
	a, err := openApp(c, id, s.fs, s.dir)
	if err != nil {
		return fmt.Errorf("open server %d: %w", id, err)
	}
	durable, err := Load(a.folder, a.log, a.tree.last())
	if err != nil {
		return fmt.Errorf("load server %d: %w", id, err)
	}
	o := Options{
		Core: c.config(id), Durable: durable, Folder: a.folder, Log: a.log, App: a,
		Network: c.network(id), Cuts: s.cuts, Tick: 5 * time.Millisecond,
		ElectionAddr: c.elect[id][0], QuorumAddr: c.quorum[id][0], Election: c.elect, Quorum: c.quorum,
		ConnectTimeout: time.Second, HandshakeTimeout: time.Second, Logger: c.logger(id),
	}
	c.options(&o)
	s.app = a
	s.node, err = Start(o)
	if err != nil {
		return fmt.Errorf("start server %d: %w", id, err)
	}
	return nil
}

// stop closes a server. Its disk has what was written.
func (s *server) stop(c *cluster) {
	if s.node == nil {
		return
	}
	s.app.end()
	if err := s.node.Close(); err != nil && s.app.failure == nil {
		c.errorf("close server %d: %v", s.id, err)
	}
	s.node = nil
}

// crash stops a server as a power cut does. Nothing that it says after the instant at which
// its disk stopped gets out: paused, it cannot.
func (s *server) crash(c *cluster, seed uint64) {
	s.node.Pause()
	after := s.mem.Crash(seed)
	s.stop(c)
	s.mem, s.fs = after, after
}

func (c *cluster) told() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *cluster) errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) < 20 {
		c.errs = append(c.errs, fmt.Sprintf(format, args...))
	}
}

// committed holds what a server commits against what others have committed.
func (c *cluster) committed(id zab.ServerID, it item) {
	c.mu.Lock()
	before, ok := c.history[it.zxid]
	c.history[it.zxid] = it.value
	c.mu.Unlock()
	if ok && before != it.value {
		c.errorf("server %d committed %q as %v, another one %q", id, it.value, it.zxid, before)
	}
}

// await waits until something holds.
func (c *cluster) await(what string, holds func() bool) {
	c.t.Helper()
	if !c.reached(deadline, holds) {
		for _, s := range c.running() {
			c.t.Logf("server %d: %+v, applied %v", s.id, s.node.Status(), s.app.applied().last())
		}
		c.t.Fatalf("after %v: not %s", deadline, what)
	}
}

func (c *cluster) reached(limit time.Duration, holds func() bool) bool {
	over := time.After(limit)
	again := time.NewTicker(20 * time.Millisecond) // for what no App is told
	defer again.Stop()
	for !holds() {
		select {
		case <-c.news:
		case <-again.C:
		case <-over:
			return holds()
		}
	}
	return true
}

func (c *cluster) running() []*server {
	var list []*server
	for _, s := range c.servers {
		if s.node != nil && !s.node.paused {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *server) int { return int(a.id - b.id) })
	return list
}

// leader waits for a leader that serves, and that all of the servers given serve with.
func (c *cluster) leader(with ...*server) *server {
	c.t.Helper()
	var leader *server
	c.await(fmt.Sprintf("a leader of %d servers", len(with)), func() bool {
		leader = nil
		for _, s := range with {
			if r := s.serving(); r.State == zab.Leading && (leader == nil || r.Epoch > leader.serving().Epoch) {
				leader = s
			}
		}
		return leader != nil && !slices.ContainsFunc(with, func(s *server) bool {
			r := s.serving()
			return !r.Serving() || r.Leader != leader.id || r.Epoch != leader.serving().Epoch
		})
	})
	return leader
}

// serving is a server's role.
func (s *server) serving() zab.Role {
	s.app.mu.Lock()
	defer s.app.mu.Unlock()
	return s.app.role
}

// propose begins a write. The zxid is 0 if the server does not take it.
func (s *server) propose(value string) (zxid zab.Zxid, err error) {
	err = s.node.Propose(func(z zab.Zxid) []byte {
		zxid = z
		return txnOf(z, value)
	})
	return zxid, err
}

// write writes through a leader and waits until it has committed.
func (c *cluster) write(leader *server, values ...string) {
	c.t.Helper()
	var last zab.Zxid
	for _, v := range values {
		zxid, err := leader.propose(v)
		must(c.t, err)
		last = zxid
	}
	c.await(fmt.Sprintf("%v committed at the leader", last), func() bool { return leader.app.applied().last() >= last })
}

// propose begins n writes.
func (c *cluster) propose(leader *server, value string, n int) {
	c.t.Helper()
	for range n {
		_, err := leader.propose(value)
		must(c.t, err)
	}
}

// same waits until servers have applied the same, n transactions.
func (c *cluster) same(n int, list ...*server) {
	c.t.Helper()
	c.await(fmt.Sprintf("%d transactions at %d servers", n, len(list)), func() bool {
		return !slices.ContainsFunc(list, func(s *server) bool {
			h := s.app.applied()
			return len(h) != n || !slices.Equal(h, list[0].app.applied())
		})
	})
}

// logger keeps lines for the case that the test fails.
func (c *cluster) logger(id zab.ServerID) *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{c}, &slog.HandlerOptions{Level: slog.LevelDebug})).With("server", int64(id))
}

type logWriter struct{ c *cluster }

func (w logWriter) Write(p []byte) (int, error) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	if w.c.logs.Len() < 1<<19 {
		w.c.logs.Write(p)
	}
	return len(p), nil
}

func values(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s %d", prefix, i)
	}
	return list
}

// logOf is what a server's log has, read as at a restart.
func (s *server) logOf(t testing.TB) history {
	folder, err := txnlog.OpenFolder(s.mem.Crash(1), txnlog.FolderConfig{DataDir: "/data"})
	must(t, err)
	l, err := folder.OpenLog(txnlog.Options{})
	must(t, err)
	defer l.Close()
	var h history
	it := l.ReadFrom(0)
	defer it.Close()
	for it.Next() {
		h = append(h, itemOf(it.Txn()))
	}
	must(t, it.Err())
	return h
}
