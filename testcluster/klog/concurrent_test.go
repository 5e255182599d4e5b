package klog

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestConcurrent has readers look at a log from memory and from the disk while it is appended to, flushed,
// rolled, truncated and shortened. All that they get must be whole and in order.
func TestConcurrent(t *testing.T) {
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), t.TempDir()
	e.cfg.RetentionBytes, e.cfg.SegmentBytes = 200_000, 30_000
	l := e.open()
	var readers, writers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := readSome(l, rng); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	rng := rand.New(rand.NewPCG(9, 9))
	writers.Go(func() { appendSome(t, l, e.now()) })
	writers.Go(func() {
		for range 60 {
			if err := l.Flush(); err != nil {
				t.Error(err)
			}
			if err := l.retain(); err != nil {
				t.Error(err)
			}
			if rng.IntN(3) == 0 {
				if err := l.Truncate(l.EndOffset() - rng.Int64N(40)); err != nil && !errors.Is(err, kproto.OffsetOutOfRange) {
					t.Error(err)
				}
			}
		}
	})
	writers.Wait()
	close(stop)
	readers.Wait()
	items := fmt.Sprint(readAll(t, l))
	if l = e.crash(); fmt.Sprint(readAll(t, l)) != items {
		t.Fatal("after a kill the log is another")
	}
}

func appendSome(t *testing.T, l *Log, now int64) {
	for range 3000 {
		if _, err := l.AppendLeader(batchOf(now, padded(0, rand.IntN(900))), 0, AppendOptions{}); err != nil {
			t.Error(err)
			return
		}
		l.SetHighWatermark(l.EndOffset())
	}
}

// readSome reads a few chunks from somewhere on.
func readSome(l *Log, rng *rand.Rand) error {
	from := l.StartOffset()
	if n := l.EndOffset() - from; n > 0 {
		from += rng.Int64N(n)
	}
	for range 5 {
		c, err := l.Read(from, 1+rng.IntN(10_000), math.MaxInt64, true)
		if errors.Is(err, kproto.OffsetOutOfRange) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := decode(c); err != nil {
			return fmt.Errorf("from %d: %w", from, err)
		}
		if c.Next < from {
			return fmt.Errorf("from %d on to %d", from, c.Next)
		}
		from = c.Next
		c.Release()
	}
	_, _, _, err := l.OffsetForTime(1_700_000_000_000)
	return err
}

// TestFlush_Group: appends that must be durable share their syncs.
func TestFlush_Group(t *testing.T) {
	e := newEnv(t)
	syncs := 0
	gate := make(chan struct{})
	var mu sync.Mutex
	e.fs = storage.NewFaults(storage.NewMemory(), func(c storage.Call) error {
		if c.Op == storage.OpSync && len(c.Path) > 4 && c.Path[len(c.Path)-4:] == logSuffix {
			mu.Lock()
			syncs++
			first := syncs == 1
			mu.Unlock()
			if first {
				<-gate // the first sync takes until all others have appended
			}
		}
		return nil
	})
	e.cfg.FlushMessages, e.cfg.SegmentBytes = 1, 1<<20
	l := e.open()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			a, err := l.AppendLeader(batchOf(e.now(), "x"), 0, AppendOptions{})
			if err != nil || l.RecoveryPoint() <= a.Last {
				t.Errorf("offset %d, recovery point %d, %v", a.Last, l.RecoveryPoint(), err)
			}
		})
	}
	for l.EndOffset() < 20 {
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
	if syncs > 3 {
		t.Fatalf("%d syncs for 20 appends", syncs)
	}
}

// TestConcurrent_Compact has a log appended to, read, flushed and compacted at the same time, and then closed, and another
// one deleted, while a compaction and readers are at them. What each key was given last is there, now and afterwards.
func TestConcurrent_Compact(t *testing.T) {
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), t.TempDir()
	e.cfg.CleanupCompact, e.cfg.CleanupDelete, e.cfg.MinCleanableRatio, e.cfg.SegmentBytes = true, false, 0.01, 20_000
	l := e.open()
	gone, err := e.dir.Create("gone", 0, Incarnation{Czxid: 8})
	must(t, err)
	last := map[string]string{}
	stop := make(chan struct{})
	var around, writers sync.WaitGroup
	var passes atomic.Int64
	forever := func(do func() bool) {
		around.Go(func() {
			for do() {
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for _, log := range []*Log{l, gone} {
		rng := rand.New(rand.NewPCG(3, 3))
		forever(func() bool {
			err := readSome(log, rng)
			if err != nil && !errors.Is(err, kproto.NotLeaderOrFollower) { // which says that it is closed
				t.Error(err)
			}
			return err == nil
		})
	}
	forever(func() bool {
		e.dir.flushRolled()
		for e.dir.compactOne(t.Context()) {
			passes.Add(1)
		}
		return true
	})
	writers.Go(func() {
		rng := rand.New(rand.NewPCG(4, 4))
		for i := range 3000 {
			key, value := fmt.Sprint("k", rng.IntN(50)), padded(int64(i), 100)
			last[key] = value
			for _, log := range []*Log{l, gone} {
				if _, err := log.AppendLeader(batchOf(e.now(), key+"="+value), 0, AppendOptions{}); err != nil && log == l {
					t.Error(err)
				}
				log.SetHighWatermark(log.EndOffset())
			}
			if i%500 == 499 {
				for seen := passes.Load(); passes.Load() == seen && !t.Failed(); {
					runtime.Gosched()
				}
			}
			if i == 2500 {
				if err := e.dir.Delete("gone", 0); err != nil {
					t.Error(err)
				}
			}
		}
	})
	writers.Wait()
	must(t, e.dir.Close())
	close(stop)
	around.Wait()
	l = e.open()
	got := map[string]string{}
	for _, it := range readAll(t, l) {
		got[it.key] = it.value
	}
	if !maps.Equal(got, last) {
		t.Errorf("%d keys, not %d", len(got), len(last))
	}
	if l.Size() > 250_000 {
		t.Errorf("it has %d bytes", l.Size())
	}
}
