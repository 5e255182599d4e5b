package klog

import (
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// fuzzFiles are the files of a small log that was closed in order.
func fuzzFiles(f *testing.F) (log, index, times, snapshot []byte) {
	e := newEnv(f)
	l := e.open()
	for i := range int32(12) {
		b := idempotent(5, 0, i, e.now()+int64(i), padded(int64(i), 100))
		if i%3 == 0 {
			b = compressed(f, kproto.CodecSnappy, b)
		}
		_, err := l.AppendLeader(b, i/4, AppendOptions{})
		must(f, err)
	}
	must(f, e.dir.Close())
	read := func(offset int64, suffix string) []byte {
		b, err := storage.ReadFile(e.fs, l.file(fileName(offset, suffix)))
		must(f, err)
		return b
	}
	return read(0, logSuffix), read(0, indexSuffix), read(0, timeSuffix), read(12, snapshotSuffix)
}

// FuzzOpen opens folders with arbitrary files. It must not panic, nor take memory out of proportion; what it
// opens must be whole, take an append, and be the same when it is opened again.
func FuzzOpen(f *testing.F) {
	log, index, times, snapshot := fuzzFiles(f)
	f.Add(log, index, times, snapshot, "0\n1\n0 0\n", int64(0), false)
	f.Add(log, index, times, snapshot, "0\n3\n0 0\n1 4\n2 8\n", int64(12), true)
	f.Add(log[:len(log)-3], index, times, snapshot, "", int64(5), false)
	f.Add(append(log[:300:300], make([]byte, 400)...), make([]byte, 4096), make([]byte, 1200), []byte{}, "0\n0\n", int64(3), false)
	f.Fuzz(func(t *testing.T, log, index, times, snapshot []byte, epochs string, point int64, clean bool) {
		e := newEnv(t)
		folder := filepath.Join(testDir, "t-0")
		must(t, e.fs.MkdirAll(folder, 0o755))
		for name, b := range map[string][]byte{
			fileName(0, logSuffix): log, fileName(0, indexSuffix): index, fileName(0, timeSuffix): times,
			fileName(12, snapshotSuffix): snapshot, epochsFile: []byte(epochs),
		} {
			must(t, storage.WriteFile(e.fs, filepath.Join(folder, name), b))
		}
		points := offsets{partitionKey{"t", 0}: point}
		must(t, storage.WriteFile(e.fs, filepath.Join(testDir, recoveryPointFile), points.format()))
		if clean {
			must(t, storage.WriteFile(e.fs, filepath.Join(testDir, cleanShutdownFile), nil))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := Open(t.Context(), e.options())
		if err != nil {
			return
		}
		defer d.Abandon()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
			t.Fatalf("%d bytes allocated for files of %d", got, len(log)+len(index)+len(times)+len(snapshot))
		}
		l := d.Log("t", 0)
		c, err := l.Read(l.StartOffset(), 1<<20, math.MaxInt64, true)
		if err == nil && !clean && point <= 0 {
			checkBatches(t, c)
		}
		end := l.EndOffset()
		_, _, _, _ = l.OffsetForTime(0)
		if _, err := l.AppendLeader(batchOf(1, "x"), max(l.LatestEpoch(), 0), AppendOptions{}); err != nil {
			if end < math.MaxInt64-1 && !errors.Is(err, kproto.KafkaStorageError) {
				t.Fatal(err)
			}
			return
		}
		must(t, d.Close())
		d, err = Open(t.Context(), e.options())
		if err != nil && (clean || point > 0) {
			return // what the files say was durable is rotten, and came to light
		}
		must(t, err)
		defer d.Abandon()
		if got := d.Log("t", 0).EndOffset(); got != end+1 {
			t.Fatalf("the log ends at %d, not %d", got, end+1)
		}
	})
}

// checkBatches checks that all batches are whole; what their records are is the producers' business.
func checkBatches(t *testing.T, c Chunk) {
	t.Helper()
	for _, b := range c.Bufs {
		for len(b) > 0 {
			h, err := kproto.ParseBatchHeader(b)
			if err != nil || h.Size() > len(b) || !kproto.CheckCRC(b[:h.Size()]) {
				t.Fatalf("a torn batch is served: %v", err)
			}
			b = b[h.Size():]
		}
	}
}

// FuzzAppend appends arbitrary bytes, as a client and as a leader may send them. What a leader takes from a client, a
// consumer can read, record by record.
func FuzzAppend(f *testing.F) {
	f.Add(batchOf(1, "a", "b"), false)
	f.Add(idempotent(1, 2, 3, 4, "k=v"), true)
	for c := kproto.CodecGzip; c <= kproto.CodecZstd; c++ {
		f.Add(compressed(f, c, batchOf(1, "a", "b")), c%2 == 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, compact bool) {
		e := newEnv(t)
		e.cfg.CleanupCompact = compact
		l := e.open()
		sealed := append([]byte(nil), b...)
		if len(sealed) >= kproto.BatchHeaderSize {
			kproto.SealBatch(sealed)
		}
		_, _ = l.AppendLeader(append([]byte(nil), b...), 0, AppendOptions{})
		_, _ = l.AppendLeader(sealed, 0, AppendOptions{})
		items, err := readFrom(l, 0, 1<<20)
		if err != nil || int64(len(items)) != l.EndOffset() {
			t.Fatalf("%d records before offset %d, %v", len(items), l.EndOffset(), err)
		}
		_, _ = l.AppendFollower(append([]byte(nil), sealed...), math.MaxInt32)
		end := l.EndOffset()
		if l = e.crash(); l.EndOffset() != end {
			t.Fatalf("the log ends at %d, not %d", l.EndOffset(), end)
		}
	})
}
