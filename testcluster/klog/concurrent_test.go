package klog

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
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
