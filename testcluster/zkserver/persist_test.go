package zkserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
)

// writer writes rising numbers into two nodes at a time, and knows which were acknowledged.
type writer struct {
	name  string
	acked atomic.Int64
}

func (w *writer) path(half int) string { return fmt.Sprintf("/%s-%d", w.name, half) }

// run writes until the server stops answering, or for n rounds.
func (w *writer) run(c *rawConn, n int) {
	for i := range int64(n) {
		value := binary.BigEndian.AppendUint64(nil, uint64(i+1))
		var m zkproto.MultiRequest
		for half := range 2 {
			if i == 0 {
				m.Ops = append(m.Ops, zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: w.path(half), Data: value, ACL: zkproto.OpenACL()}})
			} else {
				m.Ops = append(m.Ops, zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: w.path(half), Data: value, Version: -1}})
			}
		}
		c.xid++
		body := m.AppendTo(zkproto.RequestHeader{Xid: c.xid, Op: zkproto.OpMulti}.AppendTo(nil))
		if _, err := c.nc.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)); err != nil {
			return
		}
		if _, err := c.tryFrame(); err != nil {
			return
		}
		w.acked.Store(i + 1)
	}
}

// check finds in a server what was acknowledged before, and both halves equal.
func (w *writer) check(t *testing.T, c *rawConn, acked int64) {
	t.Helper()
	var values [2]int64
	for half := range values {
		h, body := c.call(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: w.path(half)})
		if h.Err == zkproto.NoNode {
			continue
		}
		var d zkproto.DataResponse
		if err := zkproto.Decode(body, &d); err != nil {
			t.Fatal(err)
		}
		values[half] = int64(binary.BigEndian.Uint64(d.Data))
		if int64(d.Stat.Version) != values[half]-1 {
			t.Errorf("%s holds %d at version %d", w.path(half), values[half], d.Stat.Version)
		}
	}
	if values[0] != values[1] || values[0] < acked {
		t.Errorf("%s: the halves hold %d, and %d was acknowledged", w.name, values, acked)
	}
}

// A power cut at any instant loses nothing that was acknowledged, and leaves no multi half
// done. Snapshots are taken all the time.
func TestCrash_KeepsWhatWasAcknowledged(t *testing.T) {
	fs := storage.NewMemory()
	s := start(t, func(c *Config) { c.FS, c.SnapCount, c.Logger, c.PreAlloc = fs, 40, nil, 1<<16 })
	writers := []*writer{{name: "a"}, {name: "b"}, {name: "c"}}
	var wg sync.WaitGroup
	for _, w := range writers {
		c := rawDial(t, s)
		wg.Go(func() { w.run(c, 1<<30) })
	}
	for seed := range uint64(60) {
		for target := writers[0].acked.Load() + 5; writers[0].acked.Load() < target; {
			if s.stopped() {
				t.Fatal(s.Wait())
			}
			runtime.Gosched()
		}
		acked := make([]int64, len(writers))
		for i, w := range writers {
			acked[i] = w.acked.Load()
		}
		image := fs.Crash(seed)
		after := start(t, func(c *Config) { c.FS, c.Logger = image, nil })
		c := rawDial(t, after)
		for i, w := range writers {
			w.check(t, c, acked[i])
		}
		if err := after.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Fatalf("the crash has seed %d", seed)
		}
	}
	if got := s.Stats().SnapshotsTaken; got < 3 {
		t.Errorf("only %d snapshots were taken", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// A full disk stops the server with an error that says so; what was acknowledged is there
// once there is room again.
func TestFullDisk_StopsAndLosesNothing(t *testing.T) {
	fs := storage.NewMemory()
	s := start(t, func(c *Config) { c.FS, c.SnapCount, c.Logger = fs, 100, nil })
	w := &writer{name: "a"}
	c := rawDial(t, s)
	fs.SetCapacity(fs.Used() + 50_000)
	w.run(c, 1<<30)
	err := s.Wait()
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, txnlog.ErrFailed) {
		t.Errorf("the server stopped with %v", err)
	}
	if w.acked.Load() == 0 {
		t.Error("nothing was acknowledged before")
	}
	if cerr := s.Close(); !errors.Is(cerr, syscall.ENOSPC) {
		t.Errorf("Close says %v", cerr)
	}
	fs.SetCapacity(0)
	again := start(t, func(c *Config) { c.FS = fs })
	w.check(t, rawDial(t, again), w.acked.Load())
}

// A failing sync is not tried again: what it was to save may be lost.
func TestFailedSync_AcknowledgesNothing(t *testing.T) {
	memory := storage.NewMemory()
	var failing atomic.Bool
	fs := storage.NewFaults(memory, func(call storage.Call) error {
		if failing.Load() && call.Op == storage.OpSync {
			return syscall.EIO
		}
		return nil
	})
	s := start(t, func(c *Config) { c.FS, c.Logger = fs, nil })
	c := rawDial(t, s)
	c.mustCall(zkproto.OpCreate, createAt("/before", 0))
	failing.Store(true)
	c.request(zkproto.OpCreate, createAt("/never", 0))
	c.closed()
	if err := s.Wait(); !errors.Is(err, syscall.EIO) {
		t.Errorf("the server stopped with %v", err)
	}
}

func TestRestart_KeepsSessionsAndEverythingElse(t *testing.T) {
	fs := storage.NewMemory()
	on := func(c *Config) {
		c.FS, c.SnapCount = fs, 10
		c.TickTime, c.MinSessionTimeout = 20*time.Millisecond, 40*time.Millisecond
		c.MaxSessionTimeout = time.Minute
	}
	s := start(t, on)
	c := rawDial(t, s)
	c.mustCall(zkproto.OpAuth, &zkproto.AuthRequest{Scheme: "digest", Auth: []byte("u:p")})
	c.mustCall(zkproto.OpCreate, createAt("/p", 0))
	for range 25 { // over a snapshot and into the log
		c.mustCall(zkproto.OpCreate, createAt("/p/s-", zkproto.ModePersistentSequential))
	}
	c.mustCall(zkproto.OpCreate, createAt("/p/e", zkproto.ModeEphemeral))
	owned := createAt("/owned", 0)
	owned.ACL = []zkproto.ACL{{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "auth"}}}
	c.mustCall(zkproto.OpCreate, owned)
	brief := rawOpen(t, s)
	brief.connect(&zkproto.ConnectRequest{Timeout: 300, Password: make([]byte, 16)})
	brief.mustCall(zkproto.OpCreate, createAt("/brief", zkproto.ModeEphemeral))
	before := s.Stats()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = start(t, on)
	if after := s.Stats(); after.Zxid < before.Zxid || after.Nodes != before.Nodes || after.Sessions != before.Sessions ||
		after.Ephemerals != 2 || after.DataSize != before.DataSize {
		t.Errorf("before %+v, after %+v", before, after)
	}
	again := rawOpen(t, s)
	again.connect(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: c.session.SessionID, Password: c.session.Password, LastZxidSeen: before.Zxid})
	if again.session.SessionID != c.session.SessionID {
		t.Fatalf("the session is answered with %+v", again.session)
	}
	if h, _ := again.call(zkproto.OpGetData, watched("/owned")); h.Err != zkproto.NoAuth {
		t.Errorf("/owned without its owner: %v", h.Err)
	}
	var p zkproto.PathResponse
	if err := zkproto.Decode(again.mustCall(zkproto.OpCreate, createAt("/p/s-", zkproto.ModePersistentSequential)), &p); err != nil || p.Path != "/p/s-0000000026" {
		t.Errorf("the sequence goes on with %s, %v", p.Path, err)
	}
	again.mustCall(zkproto.OpExists, watched("/brief"))
	if e, _ := again.event(); e.Type != zkproto.EventNodeDeleted || e.Path != "/brief" {
		t.Errorf("the session that nobody came back for: %+v", e)
	}
	again.mustCall(zkproto.OpExists, watched("/p/e"))
}

func TestReaper_RemovesContainersAndOldNodes(t *testing.T) {
	s := start(t, func(c *Config) { c.ContainerCheck, c.ContainerPerMinute = 10*time.Millisecond, 6000 })
	c := rawDial(t, s)
	c.mustCall(zkproto.OpCreateContainer, createAt("/c", zkproto.ModeContainer))
	c.mustCall(zkproto.OpCreate, createAt("/c/child", 0))
	c.mustCall(zkproto.OpCreateContainer, createAt("/unused", zkproto.ModeContainer))
	c.mustCall(zkproto.OpCreateTTL, &zkproto.CreateTTLRequest{CreateRequest: *createAt("/t", zkproto.ModePersistentTTL), TTL: 30})
	c.mustCall(zkproto.OpExists, watched("/t"))
	if e, _ := c.event(); e.Type != zkproto.EventNodeDeleted || e.Path != "/t" {
		t.Errorf("event %+v", e)
	}
	c.mustCall(zkproto.OpExists, watched("/c"))
	c.mustCall(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/c/child", Version: -1})
	if e, _ := c.event(); e.Type != zkproto.EventNodeDeleted || e.Path != "/c" {
		t.Errorf("event %+v", e)
	}
	c.mustCall(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/unused"})
}

// Old snapshots and logs go, and what is left is enough to start from.
func TestPurge_KeepsWhatAStartNeeds(t *testing.T) {
	fs := storage.NewMemory()
	s := start(t, func(c *Config) { c.FS, c.PurgeInterval = fs, 5*time.Millisecond })
	c := rawDial(t, s)
	for i := range 8 {
		c.mustCall(zkproto.OpCreate, createAt(fmt.Sprintf("/n%d", i), 0))
		if err := s.Snapshot(); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		list, err := s.folder.Snapshots()
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == txnlog.MinRetained {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d snapshots are there", len(list))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := rawDial(t, start(t, func(c *Config) { c.FS = fs }))
	for i := range 8 {
		again.mustCall(zkproto.OpExists, &zkproto.PathWatchRequest{Path: fmt.Sprintf("/n%d", i)})
	}
}
