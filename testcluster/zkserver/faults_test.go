package zkserver

import (
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// faultyRun writes on a disk whose call number `at`, and with `lasting` every later one,
// fails. It returns what was acknowledged, and the calls made.
func faultyRun(t *testing.T, memory *storage.Memory, at int64, lasting bool, fault error) (w *writer, calls int64) {
	t.Helper()
	fs := storage.NewFaults(memory, func(c storage.Call) error {
		if c.N == at || lasting && c.N > at {
			return fault
		}
		return nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w = &writer{name: "w"}
	s, err := New(Config{Listeners: []net.Listener{l}, FS: fs, DataDir: "/data", PreAlloc: 1 << 12, SnapCount: 12, Seed: 1})
	if err != nil {
		return w, fs.Calls()
	}
	s.Start()
	defer func() { _ = s.Close() }() // it may have failed: that is the point
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return w, fs.Calls() // it failed before it served
	}
	defer nc.Close()
	c := &rawConn{t: t, nc: nc}
	if c.tryConnect() {
		w.run(c, 30)
	}
	return w, fs.Calls()
}

// An error of the disk at any one call, or at all calls from some moment on, costs nothing
// that was acknowledged, whether or not the machine lost its power then.
func TestFaults_AtEveryCallLoseNothingAcknowledged(t *testing.T) {
	_, calls := faultyRun(t, storage.NewMemory(), 0, false, nil)
	if calls < 100 {
		t.Fatalf("the whole run makes %d calls only", calls)
	}
	var unfinished atomic.Int64
	for name, fault := range map[string]error{
		"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC,
		// Eight bytes inside one sector, as a log's mark has them, are never torn.
		"short write": &storage.ShortWrite{Bytes: 100, Err: syscall.ENOSPC},
	} {
		for _, lasting := range []bool{false, true} {
			for at := int64(1); at <= calls; at++ {
				if testing.Short() && at%7 != 0 {
					continue
				}
				memory := storage.NewMemory()
				w, _ := faultyRun(t, memory, at, lasting, fault)
				if w.acked.Load() < 30 {
					unfinished.Add(1)
				}
				for image, fs := range map[string]*storage.Memory{"as it is": memory, "after a power cut": memory.Crash(uint64(at))} {
					s := start(t, func(c *Config) { c.FS, c.Logger = fs, nil })
					w.check(t, rawDial(t, s), w.acked.Load())
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					if t.Failed() {
						t.Fatalf("%s at call %d, lasting %v; the disk %s", name, at, lasting, image)
					}
				}
			}
		}
	}
	if unfinished.Load() == 0 {
		t.Error("no fault was felt")
	}
	t.Logf("%d calls, %d runs ended early", calls, unfinished.Load())
}
