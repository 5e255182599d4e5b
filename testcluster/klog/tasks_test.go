package klog

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestTasks lets a Dir look after its logs by itself, in a time that tests make.
func TestTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := storage.NewMemory()
		cfg := compactConfig()
		cfg.FlushMs = 3000
		d, err := Open(t.Context(), Options{FS: mem, Path: testDir, Config: func(topic string) Config {
			if topic == "kept" {
				return cfg
			}
			short := cfg
			short.CleanupDelete, short.CleanupCompact, short.RetentionMs = true, false, 60_000
			return short
		}})
		must(t, err)
		kept, err := d.Create("kept", 0, Incarnation{})
		must(t, err)
		short, err := d.Create("short", 0, Incarnation{})
		must(t, err)
		gone, err := d.Create("gone", 0, Incarnation{})
		must(t, err)
		for _, l := range []*Log{kept, short, gone} {
			for i := range int64(60) {
				_, err := l.AppendLeader(batchOf(time.Now().UnixMilli(), "k="+padded(i, 200)), 0, AppendOptions{})
				must(t, err)
			}
			l.SetHighWatermark(50)
		}
		must(t, d.Delete("gone", 0))
		synctest.Wait()
		if kept.RecoveryPoint() == 0 {
			t.Fatal("the old segments are not flushed")
		}
		if kept.RecoveryPoint() == 60 {
			t.Fatal("the active segment is flushed at once")
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if kept.RecoveryPoint() != 60 {
			t.Fatalf("after flush.ms the recovery point is %d", kept.RecoveryPoint())
		}
		kept.ring.mu.Lock()
		n := len(kept.ring.entries)
		kept.ring.mu.Unlock()
		if n != 0 {
			t.Fatalf("%d batches are still in memory", n)
		}
		saved, err := readOffsets(mem, filepath.Join(testDir, highWatermarkFile))
		if err != nil || saved[partitionKey{"kept", 0}] != 50 {
			t.Fatalf("%v %v", saved, err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if kept.Size() >= 60*200 {
			t.Fatal("not compacted")
		}
		if short.StartOffset() == 0 {
			t.Fatal("no segment has been removed")
		}
		if _, err := mem.Stat(gone.folder()); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal("the deleted log is still there")
		}
		must(t, d.Close())
		must(t, d.Close())
		if _, err := mem.Stat(filepath.Join(testDir, cleanShutdownFile)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRing_Bounds(t *testing.T) {
	e := newEnv(t)
	e.opts.Tuning.RingBytes = 1
	e.cfg.SegmentBytes = 1 << 20
	l := e.open()
	e.fill(l, 300, 1000)
	if l.ring.bytes > leastRing || l.ring.bytes < leastRing-1100 {
		t.Fatalf("%d bytes are in memory", l.ring.bytes)
	}
	checkFilled(t, l, 0, 300) // in part from the disk
	first := l.ring.entries[l.ring.head].base
	c, err := l.Read(first, math.MaxInt32, math.MaxInt64, true)
	must(t, err)
	if len(c.Bufs) > 3 {
		t.Fatalf("%d buffers for neighbours", len(c.Bufs))
	}
	c.Release()
	big := padded(300, 200_000)
	e.append(l, big)
	if l.ring.bytes < 200_000 || len(l.ring.entries)-l.ring.head != 1 {
		t.Fatalf("%d bytes are in memory", l.ring.bytes)
	}
	checkFilled(t, l, 0, 301)
}
