package txnlog

import (
	"errors"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// withHistory is a folder with a log from 1 to last and snapshots of the zxids given.
func withHistory(t *testing.T, mem *storage.Memory, last zkproto.Zxid, snaps ...zkproto.Zxid) (*Folder, *Log) {
	t.Helper()
	f := openFolder(t, mem)
	l, err := f.OpenLog(Options{PreAlloc: -1})
	must(t, err)
	if last > 0 {
		fill(t, l, 1, last, 3)
	}
	for _, zxid := range snaps {
		must(t, sample(zxid, 3).save(f, zxid, Plain))
	}
	return f, l
}

func snapshotZxids(t *testing.T, f *Folder) string {
	t.Helper()
	list, err := f.Snapshots()
	must(t, err)
	var s []string
	for _, info := range list {
		s = append(s, info.Zxid.String())
	}
	return strings.Join(s, " ")
}

func TestRemoveSnapshotsAbove(t *testing.T) {
	mem := storage.NewMemory()
	f, l := withHistory(t, mem, 9, 2, 4, 6, 8)
	defer l.Close()
	must(t, f.RemoveSnapshotsAbove(6))
	must(t, f.RemoveSnapshotsAbove(5))
	if got := snapshotZxids(t, openFolder(t, mem.Crash(1))); got != "0x4 0x2" {
		t.Fatalf("after a crash there are %s", got)
	}
	err := f.RemoveSnapshotsAbove(1)
	if back := (*CannotGoBackError)(nil); !errors.As(err, &back) || back.Nearest != 2 || back.Zxid != 1 {
		t.Fatalf("error %v", err)
	}
	if got := snapshotZxids(t, f); got != "0x4 0x2" {
		t.Fatalf("after a refusal there are %s", got)
	}
}

// TestSupersede is about what would be a hole: the log ends at 5, and goes on at 9.
func TestSupersede(t *testing.T) {
	mem := storage.NewMemory()
	f, l := withHistory(t, mem, 5, 2, 5)
	must(t, f.Supersede(l, 5)) // the log has all of it
	if got := snapshotZxids(t, f); got != "0x5 0x2" || l.Last() != 5 {
		t.Fatalf("snapshots %s, log up to %v", got, l.Last())
	}
	err := f.Supersede(l, 8)
	if back := (*CannotGoBackError)(nil); !errors.As(err, &back) || back.Nearest != 5 || l.Last() != 5 {
		t.Fatalf("without the snapshot: error %v, log up to %v", err, l.Last())
	}
	must(t, sample(8, 3).save(f, 8, Plain))
	must(t, f.Supersede(l, 8))
	if got := snapshotZxids(t, f); got != "0x8" || l.Last() != 0 {
		t.Fatalf("snapshots %s, log up to %v", got, l.Last())
	}
	fill(t, l, 9, 12, 3)
	must(t, l.Close())
	l, err = openFolder(t, mem.Crash(1)).OpenLog(Options{})
	must(t, err)
	defer l.Close()
	if first, err := l.First(); err != nil || first != 9 || l.Last() != 12 {
		t.Fatalf("the log is from %v to %v, %v", first, l.Last(), err)
	}
}

func TestNewestSnapshotSize(t *testing.T) {
	f, l := withHistory(t, storage.NewMemory(), 0)
	defer l.Close()
	if size, err := f.NewestSnapshotSize(); size != 0 || err != nil {
		t.Fatalf("without one: %d, %v", size, err)
	}
	must(t, sample(1, 10).save(f, 1, Plain))
	must(t, sample(2, 20).save(f, 2, Plain))
	loaded, err := f.LoadNewest(func() SnapshotSink { return new(content) })
	must(t, err)
	if size, err := f.NewestSnapshotSize(); size != loaded.Size || err != nil {
		t.Fatalf("%d, %v, want %d", size, err, loaded.Size)
	}
}

func TestReadAround(t *testing.T) {
	l := openLog(t, newMemory(t), Options{})
	if it := l.ReadAround(7); it.Next() || it.Err() != nil {
		t.Fatalf("an empty log has %v, %v", it.Zxid(), it.Err())
	}
	for _, r := range [][2]zkproto.Zxid{{4, 10}, {11, 20}, {1<<32 + 1, 1<<32 + 5}} {
		fill(t, l, r[0], r[1], 1)
		must(t, l.Roll())
	}
	for around, begin := range map[zkproto.Zxid]zkproto.Zxid{1: 4, 4: 4, 10: 4, 11: 11, 99: 11, 1 << 32: 11, 1<<32 + 5: 1<<32 + 1, 1 << 40: 1<<32 + 1} {
		it := l.ReadAround(around)
		if !it.Next() || it.Zxid() != begin {
			t.Fatalf("around %v it begins with %v, want %v: %v", around, it.Zxid(), begin, it.Err())
		}
		for it.Next() {
		}
		if it.Err() != nil || it.Zxid() != 1<<32+5 {
			t.Fatalf("around %v it ends with %v, %v", around, it.Zxid(), it.Err())
		}
		it.Close()
	}
}
