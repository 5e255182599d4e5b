package txnlog

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// appendRange queues transactions first to last.
func appendRange(t *testing.T, w *Writer, first, last zkproto.Zxid) {
	t.Helper()
	for z := first; z <= last; z++ {
		must(t, w.Append(makeTxn(z, []byte("body"))))
	}
}

// TestWriter_CommitsInGroups holds the first sync back until more has been appended: one
// more sync covers it all.
func TestWriter_CommitsInGroups(t *testing.T) {
	mem := newMemory(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var syncs atomic.Int64
	var hold atomic.Bool
	fsys := storage.NewFaults(mem, func(c storage.Call) error {
		if c.Op == storage.OpSync {
			syncs.Add(1)
			if hold.CompareAndSwap(true, false) {
				entered <- struct{}{}
				<-release
			}
		}
		return nil
	})
	l := openLog(t, fsys, Options{})
	persisted := make(chan zkproto.Zxid, 100)
	w := NewWriter(l, WriterOptions{Persisted: func(z zkproto.Zxid) { persisted <- z }})
	appendRange(t, w, 1, 1)
	if got := <-persisted; got != 1 {
		t.Fatalf("persisted %v", got)
	}
	hold.Store(true)
	before := syncs.Load()
	appendRange(t, w, 2, 2)
	<-entered
	appendRange(t, w, 3, 50)
	if w.Pending() == 0 {
		t.Fatal("nothing is pending while a sync runs")
	}
	close(release)
	if a, b := <-persisted, <-persisted; a != 2 || b != 50 {
		t.Fatalf("persisted %v, %v", a, b)
	}
	if got := syncs.Load() - before; got != 2 {
		t.Fatalf("%d syncs for 49 transactions", got)
	}
	must(t, w.Close())
	if w.Pending() != 0 {
		t.Fatalf("%d bytes pending after Close", w.Pending())
	}
	all, err := openAndRead(mem.Crash(1))
	if err != nil || len(all) != 50 {
		t.Fatalf("%d transactions, %v", len(all), err)
	}
}

func TestWriter_BatchSizeAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openLog(t, newMemory(t), Options{})
		reports := make(chan zkproto.Zxid, 10)
		w := NewWriter(l, WriterOptions{MaxBatch: 3, FlushDelay: time.Minute,
			Persisted: func(z zkproto.Zxid) { reports <- z }})
		begin := time.Now()
		expect := func(when time.Duration, want ...zkproto.Zxid) {
			t.Helper()
			synctest.Wait()
			var got []zkproto.Zxid
			for len(reports) > 0 {
				got = append(got, <-reports)
			}
			if !slices.Equal(got, want) || time.Since(begin) != when {
				t.Fatalf("persisted %v after %v, want %v after %v", got, time.Since(begin), want, when)
			}
		}
		appendRange(t, w, 1, 2)
		expect(0)
		appendRange(t, w, 3, 7)
		expect(0, 3, 6)
		<-time.After(time.Minute)
		expect(time.Minute, 7)
		appendRange(t, w, 8, 8)
		must(t, w.Close()) // does not wait for the delay
		expect(time.Minute, 8)
	})
}

func TestWriter_RollAndTruncateKeepTheirPlace(t *testing.T) {
	mem := newMemory(t)
	w := NewWriter(openLog(t, mem, Options{}), WriterOptions{})
	appendRange(t, w, 1, 10)
	must(t, w.Roll())
	appendRange(t, w, 11, 20)
	must(t, w.Roll())
	appendRange(t, w, 21, 30)
	must(t, w.TruncateAfter(15))
	appendRange(t, w, 16, 17)
	if err := w.Append(makeTxn(17, nil)); !errors.Is(err, ErrOrder) {
		t.Fatalf("the same zxid again: %v", err)
	}
	must(t, w.Close())
	if got, want := fileNames(t, mem), "log.1 log.10 log.b"; got != want {
		t.Fatalf("files %q, want %q", got, want)
	}
	all, err := openAndRead(mem)
	if err != nil || len(all) != 17 {
		t.Fatalf("%d transactions, %v", len(all), err)
	}
	if err := w.Append(makeTxn(18, nil)); !errors.Is(err, ErrClosed) {
		t.Fatalf("append after Close: %v", err)
	}
	if err := w.Roll(); !errors.Is(err, ErrClosed) {
		t.Fatalf("roll after Close: %v", err)
	}
}

func TestWriter_FailureIsToldOnce(t *testing.T) {
	mem := newMemory(t)
	var broken atomic.Bool
	fsys := storage.NewFaults(mem, func(c storage.Call) error {
		if broken.Load() && c.Op == storage.OpWrite {
			return syscall.ENOSPC
		}
		return nil
	})
	persisted, failed := make(chan zkproto.Zxid, 10), make(chan error, 10)
	w := NewWriter(openLog(t, fsys, Options{}), WriterOptions{
		Persisted: func(z zkproto.Zxid) { persisted <- z },
		Failed:    func(err error) { failed <- err },
	})
	appendRange(t, w, 1, 1)
	<-persisted
	broken.Store(true)
	appendRange(t, w, 2, 2)
	if err := <-failed; !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrFailed) {
		t.Fatalf("failed with %v", err)
	}
	if err := w.Append(makeTxn(3, nil)); !errors.Is(err, ErrFailed) {
		t.Fatalf("append: %v", err)
	}
	if err := w.TruncateAfter(1); !errors.Is(err, ErrFailed) {
		t.Fatalf("truncate: %v", err)
	}
	if err := w.Close(); !errors.Is(err, ErrFailed) {
		t.Fatalf("close: %v", err)
	}
	if len(persisted) != 0 || len(failed) != 0 {
		t.Fatalf("%d more persisted, %d more failed", len(persisted), len(failed))
	}
}

// TestWriter_ReadersRunBeside reads while files are written, ended and begun.
func TestWriter_ReadersRunBeside(t *testing.T) {
	const last = 3000
	l := openLog(t, newMemory(t), Options{SizeLimit: 5000})
	var persisted atomic.Int64
	w := NewWriter(l, WriterOptions{MaxBatch: 20, Persisted: func(z zkproto.Zxid) { persisted.Store(int64(z)) }})
	done := make(chan error, 2)
	for range cap(done) {
		go func() {
			for seen := zkproto.Zxid(0); seen < last; {
				floor, from := zkproto.Zxid(persisted.Load()), max(1, seen/2)
				it := l.ReadFrom(from)
				next := from
				for it.Next() {
					if it.Zxid() != next || txnZxid(it.Txn()) != next {
						done <- fmt.Errorf("read %v where %v was due", it.Zxid(), next)
						return
					}
					next++
				}
				it.Close()
				if it.Err() != nil || next <= floor {
					done <- fmt.Errorf("read up to %v of %v: %w", next-1, floor, it.Err())
					return
				}
				seen = next - 1
			}
			done <- nil
		}()
	}
	appendRange(t, w, 1, last)
	for range cap(done) {
		must(t, <-done)
	}
	must(t, w.Close())
}

// TestWriter_DoIsOneOfManyInOrder counts what is done, as a caller with numbers of his own does.
func TestWriter_DoIsOneOfManyInOrder(t *testing.T) {
	mem := newMemory(t)
	done := 0 // the goroutine's until Close
	w := NewWriter(openLog(t, mem, Options{}), WriterOptions{MaxBatch: 4, Counted: func(n int) { done += n }})
	expect := func(queued int, last zkproto.Zxid) func(*Log) error {
		return func(l *Log) error {
			if done != queued || l.Last() != last {
				t.Errorf("%d operations are done and the log ends at %v, want %d and %v", done, l.Last(), queued, last)
			}
			done++
			return nil
		}
	}
	appendRange(t, w, 1, 9)
	must(t, w.Do(expect(9, 9)))
	must(t, w.DoCut(5, func(l *Log) error {
		must(t, expect(10, 9)(l))
		return l.TruncateAfter(5)
	}))
	must(t, w.Do(expect(11, 5)))
	if err := w.Append(makeTxn(5, nil)); !errors.Is(err, ErrOrder) {
		t.Fatalf("a zxid that was not cut: %v", err)
	}
	appendRange(t, w, 6, 7)
	must(t, w.Do(expect(14, 7)))
	must(t, w.Close())
	if done != 15 {
		t.Fatalf("%d operations were done", done)
	}
}

func TestWriter_DoThatFailsEndsIt(t *testing.T) {
	failed := make(chan error, 1)
	w := NewWriter(openLog(t, newMemory(t), Options{}), WriterOptions{Failed: func(err error) { failed <- err }})
	must(t, w.Do(func(*Log) error { return syscall.EIO }))
	if err := <-failed; err != syscall.EIO {
		t.Fatalf("failed with %v", err)
	}
	if err := w.Append(makeTxn(1, nil)); err != syscall.EIO {
		t.Fatalf("append: %v", err)
	}
	must(t, w.Close())
}
