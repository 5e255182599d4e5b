package txnlog

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// fill appends and syncs transactions first to last, in batches of the given size.
func fill(t *testing.T, l *Log, first, last zkproto.Zxid, size int) (all [][]byte) {
	t.Helper()
	for z := first; z <= last; z++ {
		txn := makeTxn(z, []byte(fmt.Sprintf("body of %d", z)))
		must(t, l.Append(txn))
		all = append(all, txn)
		if len(all)%size == 0 {
			must(t, l.Sync())
		}
	}
	must(t, l.Sync())
	return all
}

func openLog(t *testing.T, fsys storage.FS, opts Options) *Log {
	t.Helper()
	if opts.PreAlloc == 0 {
		opts.PreAlloc = 4096
	}
	l, err := OpenLog(fsys, testDir, opts)
	must(t, err)
	return l
}

func fileNames(t *testing.T, fsys storage.FS) string {
	t.Helper()
	entries, err := fsys.ReadDir(testDir)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestLog_ReadsBackAcrossFilesAndRestarts(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{})
	if got := l.Last(); got != 0 {
		t.Fatalf("an empty log ends at %v", got)
	}
	all := fill(t, l, 1, 30, 7)
	must(t, l.Roll())
	must(t, l.Roll()) // nothing to end: no empty file
	all = append(all, fill(t, l, 31, 40, 3)...)
	must(t, l.Close())
	must(t, l.Close())
	if err := l.Append(makeTxn(99, nil)); !errors.Is(err, ErrClosed) {
		t.Fatalf("append to a closed log: %v", err)
	}

	l = openLog(t, mem, Options{})
	all = append(all, fill(t, l, 41, 50, 1)...)
	epoch2 := zkproto.Zxid(2<<32 + 1)
	all = append(all, fill(t, l, epoch2, epoch2+3, 2)...)
	if got, want := fileNames(t, mem), "log.1 log.1f log.29"; got != want {
		t.Fatalf("files %q, want %q", got, want)
	}
	if first, err := l.First(); err != nil || first != 1 || l.Last() != epoch2+3 {
		t.Fatalf("from %v to %v, %v", first, l.Last(), err)
	}
	for _, from := range []zkproto.Zxid{0, 1, 2, 30, 31, 35, 41, 50, 51, epoch2, epoch2 + 3, epoch2 + 4} {
		want := all
		for len(want) > 0 && txnZxid(want[0]) < from {
			want = want[1:]
		}
		got, err := readAll(l, from)
		must(t, err)
		if len(got) != len(want) || !isPrefix(got, want) {
			t.Fatalf("from %v: %d transactions, want %d", from, len(got), len(want))
		}
	}
	must(t, l.Close())
}

func TestLog_AnIteratorSeesWhatWasSyncedBefore(t *testing.T) {
	l := openLog(t, newMemory(t), Options{})
	all := fill(t, l, 1, 5, 5)
	it := l.ReadFrom(1)
	defer it.Close()
	must(t, l.Append(makeTxn(6, nil)))
	must(t, l.Roll())
	fill(t, l, 7, 9, 1)
	n := 0
	for it.Next() {
		n++
	}
	must(t, it.Err())
	if n != len(all) {
		t.Fatalf("%d transactions, want %d", n, len(all))
	}
}

func TestLog_RefusesBadTransactions(t *testing.T) {
	l := openLog(t, newMemory(t), Options{})
	fill(t, l, 5, 6, 1)
	for _, zxid := range []zkproto.Zxid{0, -1, 5, 6} {
		if err := l.Append(makeTxn(zxid, nil)); !errors.Is(err, ErrOrder) {
			t.Fatalf("zxid %v after 6: %v", zxid, err)
		}
	}
	if err := l.Append(make([]byte, txnHeaderSize-1)); err == nil {
		t.Fatal("a transaction without a whole header was taken")
	}
	fill(t, l, 7, 7, 1) // and none of it did harm
}

func TestLog_SizeLimitBeginsNewFiles(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{SizeLimit: 150})
	fill(t, l, 1, 4, 1)
	if got, want := fileNames(t, mem), "log.1 log.4"; got != want {
		t.Fatalf("files %q, want %q", got, want)
	}
}

func TestLog_FilesGrowAsApachesDo(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{PreAlloc: 8192})
	size := func() int64 {
		info, err := mem.Stat(testDir + "/log.1")
		must(t, err)
		return info.Size()
	}
	must(t, l.Append(makeTxn(1, nil)))
	must(t, l.Sync())
	if size() != 16+8192 {
		t.Fatalf("size %d", size())
	}
	must(t, l.Append(makeTxn(2, make([]byte, 20000))))
	must(t, l.Sync())
	if size() != 16+3*8192 { // 16+45 bytes, then 20045 more and a margin of 4096
		t.Fatalf("size %d", size())
	}
	must(t, l.Close())
	if size() != 16+45+20045 {
		t.Fatalf("a closed file has %d bytes", size())
	}
}

func TestLog_AFullDiskIsFinalAndLosesNothing(t *testing.T) {
	mem := newMemory(t)
	mem.SetCapacity(20000)
	var out strings.Builder
	l := openLog(t, mem, Options{PreAlloc: 16000, Logger: testLogger(&out)})
	acked := zkproto.Zxid(0)
	var err error
	for z := zkproto.Zxid(1); err == nil; z++ {
		must(t, l.Append(makeTxn(z, make([]byte, 100))))
		if err = l.Sync(); err == nil {
			acked = z
		}
	}
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrFailed) {
		t.Fatalf("error %v", err)
	}
	if acked < 19000/145 {
		t.Fatalf("gave up at %v, with room left", acked)
	}
	mem.SetCapacity(0)
	if again := l.Sync(); !errors.Is(again, ErrFailed) {
		t.Fatalf("after the failure Sync reports %v", again)
	}
	if again := l.Append(makeTxn(acked+1, nil)); !errors.Is(again, ErrFailed) {
		t.Fatalf("after the failure Append reports %v", again)
	}
	for _, want := range []string{"no room to allocate ahead", "no space left on device", testDir + "/log.1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lines do not say %q:\n%s", want, out.String())
		}
	}
	all, err := openAndRead(mem)
	must(t, err)
	if len(all) < int(acked) {
		t.Fatalf("%d transactions left of %d", len(all), acked)
	}
}

func TestLog_AFailedSyncIsNotRetried(t *testing.T) {
	mem := newMemory(t)
	armed, syncs := false, 0
	fsys := storage.NewFaults(mem, func(c storage.Call) error {
		if armed && c.Op == storage.OpSync {
			syncs++
			if syncs == 1 {
				return syscall.EIO
			}
		}
		return nil
	})
	l := openLog(t, fsys, Options{})
	fill(t, l, 1, 3, 3)
	armed = true
	must(t, l.Append(makeTxn(4, nil)))
	for range 3 {
		if err := l.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("sync: %v", err)
		}
	}
	if err := l.Close(); !errors.Is(err, ErrFailed) {
		t.Fatalf("close: %v", err)
	}
	if syncs != 1 {
		t.Fatalf("%d syncs", syncs)
	}
	if l.Last() != 3 {
		t.Fatalf("the log claims to end at %v", l.Last())
	}
}

func TestLog_SlowSyncIsOneLine(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	var took []time.Duration
	l := openLog(t, newMemory(t), Options{
		Logger:   testLogger(&out),
		SlowSync: 50 * time.Millisecond,
		Synced:   func(d time.Duration) { took = append(took, d) },
		Now: func() time.Time {
			now = now.Add(40 * time.Millisecond)
			return now
		},
	})
	fill(t, l, 1, 1, 1)
	if out.Len() != 0 {
		t.Fatalf("a fast sync was reported: %s", out.String())
	}
	l.opts.SlowSync = 40 * time.Millisecond
	fill(t, l, 2, 2, 1)
	if strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "took=40ms") {
		t.Fatalf("lines: %q", out.String())
	}
	if len(took) != 2 {
		t.Fatalf("hook called %d times", len(took))
	}
}

func TestLog_NoSyncNeverSyncs(t *testing.T) {
	mem := newMemory(t)
	fsys := storage.NewFaults(mem, func(c storage.Call) error {
		if c.Op == storage.OpSync {
			return syscall.EIO
		}
		return nil
	})
	l := openLog(t, fsys, Options{NoSync: true})
	all := fill(t, l, 1, 20, 4)
	must(t, l.Roll())
	all = append(all, fill(t, l, 21, 30, 4)...)
	got, err := openAndRead(mem) // a kill: the page cache is still there
	must(t, err)
	if len(got) != len(all) || !isPrefix(got, all) {
		t.Fatalf("%d of %d transactions", len(got), len(all))
	}
}

func TestLog_AHoleIsAnError(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{})
	for z := zkproto.Zxid(1); z <= 30; z += 10 {
		fill(t, l, z, z+9, 10)
		must(t, l.Roll())
	}
	must(t, mem.Remove(testDir+"/log.b"))
	for _, from := range []zkproto.Zxid{0, 5, 11, 15} {
		_, err := readAll(l, from)
		gap := (*GapError)(nil)
		if !errors.As(err, &gap) || gap.Got != 21 || gap.Expected != max(11, from) {
			t.Fatalf("from %v: %v", from, err)
		}
	}
	if got, err := readAll(l, 21); err != nil || len(got) != 10 {
		t.Fatalf("above the hole: %d, %v", len(got), err)
	}
}

func TestLog_AFileUnderAWrongName(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{})
	fill(t, l, 1, 5, 1)
	must(t, l.Roll())
	fill(t, l, 6, 9, 1)
	must(t, l.Close())
	must(t, mem.Rename(testDir+"/log.1", testDir+"/log.2"))
	_, err := openAndRead(mem)
	if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) || corrupt.File != testDir+"/log.2" {
		t.Fatalf("error %v", err)
	}
}

func TestTruncateAfter(t *testing.T) {
	for _, target := range []zkproto.Zxid{0, 1, 9, 10, 11, 15, 20, 25, 29, 30, 99} {
		mem := newMemory(t)
		l := openLog(t, mem, Options{})
		var all [][]byte
		for z := zkproto.Zxid(1); z <= 30; z += 10 {
			all = append(all, fill(t, l, z, z+9, 3)...)
			if z < 20 {
				must(t, l.Roll())
			}
		}
		must(t, l.Append(makeTxn(31, nil))) // never synced: truncated with the rest
		must(t, l.TruncateAfter(target))
		want := min(int(target), 30)
		if l.Last() != zkproto.Zxid(want) {
			t.Fatalf("after %v: the log ends at %v", target, l.Last())
		}
		got, err := readAll(l, 0)
		must(t, err)
		if len(got) != want || !isPrefix(got, all) {
			t.Fatalf("after %v: %d transactions", target, len(got))
		}
		more := fill(t, l, zkproto.Zxid(want)+1, zkproto.Zxid(want)+3, 2)
		got, err = openAndRead(mem.Crash(uint64(target)))
		must(t, err)
		if len(got) != want+3 || !isPrefix(got, append(all[:want:want], more...)) {
			t.Fatalf("after %v and a restart: %d transactions, want %d", target, len(got), want+3)
		}
	}
}

// TestTruncateAfter_BesideRot cuts at a good entry though the next one is broken, and refuses
// to pass a broken one.
func TestTruncateAfter_BesideRot(t *testing.T) {
	mem := newMemory(t)
	l := openLog(t, mem, Options{})
	all := fill(t, l, 1, 10, 2)
	must(t, l.Roll())
	fill(t, l, 11, 12, 1)
	bounds := entryBounds(t, mem, testDir+"/log.1")
	flip(t, mem, testDir+"/log.1", bounds[5]+20, func(b byte) byte { return b ^ 1 })
	broken := mem.Crash(0)
	must(t, l.TruncateAfter(5))
	got, err := openAndRead(mem)
	if err != nil || len(got) != 5 || !isPrefix(got, all) {
		t.Fatalf("%d transactions, %v", len(got), err)
	}
	l = openLog(t, broken, Options{})
	corrupt := (*CorruptError)(nil)
	if err := l.TruncateAfter(7); !errors.As(err, &corrupt) || corrupt.Offset != bounds[5] {
		t.Fatalf("error %v", err)
	}
	if err := l.Append(makeTxn(13, nil)); !errors.Is(err, ErrFailed) {
		t.Fatalf("after it: %v", err)
	}
}
