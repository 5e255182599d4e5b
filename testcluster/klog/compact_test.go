package klog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func compactConfig() Config {
	cfg := smallConfig()
	cfg.CleanupDelete, cfg.CleanupCompact, cfg.MinCleanableRatio = false, true, 0.01
	return cfg
}

func newCompactEnv(t testing.TB) *env {
	e := newEnv(t)
	e.cfg = compactConfig()
	return e
}

// compactAll compacts until there is nothing to do.
func (e *env) compactAll() {
	for e.dir.compactOne(context.Background()) {
	}
}

// table is what the records of a log mean: the last value of each key, and its offset.
type table map[string]item

func tableOf(items []item) table {
	m := table{}
	for _, it := range items {
		m[it.key] = it
		if it.null {
			delete(m, it.key)
		}
	}
	return m
}

// write appends n records with random keys, some of them deletions, in batches of some codec.
func (e *env) write(l *Log, rng *rand.Rand, n int) {
	e.t.Helper()
	for n > 0 {
		var values []string
		for range 1 + rng.IntN(4) {
			k := fmt.Sprintf("k%d", rng.IntN(20))
			v := padded(l.EndOffset()+int64(len(values)), rng.IntN(200))
			if rng.IntN(6) == 0 {
				v = ""
			}
			values = append(values, k+"="+v)
		}
		b := compressed(e.t, kproto.Codec(rng.IntN(5)), batchOf(e.now(), values...))
		_, err := l.AppendLeader(b, 0, AppendOptions{})
		must(e.t, err)
		n -= len(values)
	}
	l.SetHighWatermark(l.EndOffset())
}

func TestCompact(t *testing.T) {
	e := newCompactEnv(t)
	l := e.open()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		e.write(l, rng, 300)
		before, size := readAll(t, l), l.Size()
		e.compactAll()
		after := readAll(t, l)
		if !maps.Equal(tableOf(before), tableOf(after)) {
			t.Fatalf("before %v\nafter %v", tableOf(before), tableOf(after))
		}
		if l.Size() >= size {
			t.Fatalf("%d bytes became %d", size, l.Size())
		}
		active := l.active().base
		seen := map[string]bool{}
		for _, it := range after {
			if it.offset < active && seen[it.key] && !it.null {
				t.Fatalf("key %s is there twice", it.key)
			}
			if it.offset < active {
				seen[it.key] = true
			}
		}
		end := l.EndOffset()
		for _, again := range []func() *Log{e.reopen, e.crash} {
			l = again()
			if got := readAll(t, l); l.EndOffset() != end || fmt.Sprint(got) != fmt.Sprint(after) {
				t.Fatalf("after a restart the log is another: %d to %d", l.StartOffset(), l.EndOffset())
			}
		}
		l.SetHighWatermark(end)
	}
	if n := len(l.list()); n > 12 {
		t.Fatalf("%d segments are left of %d records", n, l.EndOffset())
	}
}

// TestCompact_LeavesAlone: what is above the high watermark, too young, or in a topic that is not compacted.
func TestCompact_LeavesAlone(t *testing.T) {
	e := newCompactEnv(t)
	l := e.open()
	e.write(l, rand.New(rand.NewPCG(2, 2)), 300)
	size := l.Size()
	same := func(what string) {
		t.Helper()
		e.dir.ConfigChanged("t")
		e.compactAll()
		if l.Size() != size {
			t.Fatalf("%s: compacted", what)
		}
	}
	l.SetHighWatermark(5)
	same("above the high watermark")
	l.SetHighWatermark(l.EndOffset())
	e.cfg.MinCompactionLagMs = 1000
	same("young")
	e.clock.advance(time.Hour)
	e.cfg.MinCleanableRatio = 1.1
	same("not dirty enough")
	e.cfg.MinCleanableRatio, e.cfg.CleanupCompact = 0.1, false
	same("not compacted")
	e.cfg.CleanupCompact, e.cfg.MinCleanableRatio, e.cfg.MaxCompactionLagMs = true, 1.1, 1000
	e.dir.ConfigChanged("t")
	e.compactAll()
	if l.Size() >= size {
		t.Fatal("not compacted when it was due")
	}
}

// TestCompact_Tombstones: a deletion stays for delete.retention.ms after the pass that obeyed it.
func TestCompact_Tombstones(t *testing.T) {
	e := newCompactEnv(t)
	e.cfg.DeleteRetentionMs = 1000
	l := e.open()
	e.append(l, "gone=1")
	e.append(l, "gone=")
	more := func() {
		for range 20 {
			e.append(l, "other="+strings.Repeat("x", 400))
		}
		l.SetHighWatermark(l.EndOffset())
		e.compactAll()
	}
	count := func(want int) {
		t.Helper()
		n := 0
		for _, it := range readAll(t, l) {
			if it.key == "gone" {
				n++
			}
		}
		if n != want {
			t.Fatalf("%d records of the key, not %d", n, want)
		}
	}
	more()
	count(1)
	e.clock.advance(999 * time.Millisecond)
	l = e.reopen()
	more()
	count(1)
	e.clock.advance(time.Second)
	l = e.crash()
	more()
	count(0)
}

// TestCompact_Producers: a producer's last sequence number outlives its records.
func TestCompact_Producers(t *testing.T) {
	e := newCompactEnv(t)
	l := e.open()
	for i := range int32(3) {
		_, err := l.AppendLeader(idempotent(7, 1, 2*i, e.now(), "k=1", "k=2"), 0, AppendOptions{})
		must(t, err)
	}
	for range 40 {
		e.append(l, "k="+strings.Repeat("x", 300))
	}
	l.SetHighWatermark(l.EndOffset())
	e.compactAll()
	if items := readAll(t, l); items[0].offset < 6 {
		t.Fatalf("first record %+v", items[0])
	}
	must(t, e.dir.Close())
	names, err := folderNames(e.fs, l.folder())
	must(t, err)
	for _, o := range snapshotOffsets(names) { // only the log can tell
		must(t, e.fs.Remove(l.file(fileName(o, snapshotSuffix))))
	}
	l = e.open()
	if p := l.Producers(); len(p) != 1 || p[0].LastSequence != 5 || p[0].LastOffset != 5 {
		t.Fatalf("%+v", p)
	}
	a, err := l.AppendLeader(idempotent(7, 1, 4, e.now(), "k=1", "k=2"), 0, AppendOptions{})
	if err != nil || !a.Duplicate || a.Base != 4 {
		t.Fatalf("%+v %v", a, err)
	}
}

// TestCompact_SmallMap: with room for few keys it takes several passes.
func TestCompact_SmallMap(t *testing.T) {
	e := newCompactEnv(t)
	e.opts.Tuning.CompactionMapEntries = 5
	l := e.open()
	e.write(l, rand.New(rand.NewPCG(3, 3)), 500)
	want, size := tableOf(readAll(t, l)), l.Size()
	e.compactAll()
	if got := tableOf(readAll(t, l)); !maps.Equal(got, want) || l.Size() >= size {
		t.Fatalf("%v\n%v", want, got)
	}
}

// TestCompact_Unreadable: a log with rotten records is left as it is.
func TestCompact_Unreadable(t *testing.T) {
	e := newCompactEnv(t)
	l := e.open()
	e.write(l, rand.New(rand.NewPCG(4, 4)), 300)
	size := l.Size()
	var b [1]byte
	_, err := l.list()[0].file.ReadAt(b[:], 70)
	must(t, err)
	b[0] ^= 1
	_, err = l.list()[0].file.WriteAt(b[:], 70)
	must(t, err)
	e.compactAll()
	if l.Size() != size || !l.cleaned.givenUp {
		t.Fatalf("%d bytes became %d, given up: %v", size, l.Size(), l.cleaned.givenUp)
	}
	names, err := folderNames(e.fs, l.folder())
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, cleanedSuffix) {
			t.Fatalf("%s is left", name)
		}
	}
}

// TestCompact_Truncated: a truncation during a pass wins.
func TestCompact_Truncated(t *testing.T) {
	e := newCompactEnv(t)
	mem := storage.NewMemory()
	var l *Log
	hit := false
	e.fs = storage.NewFaults(mem, func(c storage.Call) error {
		if !hit && c.Op == storage.OpSync && strings.HasSuffix(c.Path, cleanedSuffix) {
			hit = true
			return l.Truncate(10)
		}
		return nil
	})
	l = e.open()
	e.write(l, rand.New(rand.NewPCG(5, 5)), 300)
	e.compactAll()
	if !hit || l.EndOffset() > 10 {
		t.Fatalf("end %d", l.EndOffset())
	}
	items := fmt.Sprint(readAll(t, l))
	l = e.crash()
	if got := fmt.Sprint(readAll(t, l)); got != items {
		t.Fatalf("%s\n%s", items, got)
	}
}

// TestCompact_Crash looks, before each call of compactions, at what a power cut would leave: the same table.
func TestCompact_Crash(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	images := 0
	for seed := range seeds {
		e := newCompactEnv(t)
		mem := storage.NewMemory()
		crashes := rand.New(rand.NewPCG(seed, 7))
		var want table
		var end int64
		e.fs = storage.NewFaults(mem, func(c storage.Call) error {
			if want == nil || c.Op == storage.OpRead || c.Op == storage.OpSize {
				return nil
			}
			images++
			f := newCompactEnv(t)
			f.fs = mem.Crash(crashes.Uint64())
			checkTable(t, f, want, end, fmt.Sprintf("seed %d, before call %d (%s %s)", seed, c.N, c.Op, c.Path))
			return nil
		})
		l := e.open()
		rng := rand.New(rand.NewPCG(seed, 8))
		for range 3 {
			e.write(l, rng, 200)
			must(t, l.Flush())
			want, end = tableOf(readAll(t, l)), l.EndOffset()
			e.compactAll()
			e.clock.advance(36 * time.Hour)
			want = nil
		}
	}
	if images < 300 {
		t.Fatalf("%d images", images)
	}
}

func checkTable(t *testing.T, e *env, want table, end int64, what string) {
	t.Helper()
	d, err := Open(t.Context(), e.options())
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer d.Abandon()
	l := d.Log("t", 0)
	if l.EndOffset() != end {
		t.Fatalf("%s: the log ends at %d, not %d", what, l.EndOffset(), end)
	}
	items, err := readFrom(l, l.StartOffset(), 900)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := tableOf(items); !maps.Equal(got, want) {
		t.Fatalf("%s:\n%v\nis not\n%v", what, got, want)
	}
	names, err := folderNames(e.fs, l.folder())
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, cleanedSuffix) || strings.HasSuffix(name, swapSuffix) {
			t.Fatalf("%s: %s is left", what, name)
		}
	}
}

// TestCompact_Error fails each call of a compaction in turn; then the process is killed.
func TestCompact_Error(t *testing.T) {
	for n, more := int64(1), true; more; n += 2 {
		mem := storage.NewMemory()
		e := newCompactEnv(t)
		armed, calls := false, int64(0)
		e.fs = storage.NewFaults(mem, func(c storage.Call) error {
			if armed {
				if calls++; calls == n {
					return syscall.EIO
				}
			}
			return nil
		})
		l := e.open()
		e.write(l, rand.New(rand.NewPCG(11, 8)), 200)
		must(t, l.Flush())
		want, end := tableOf(readAll(t, l)), l.EndOffset()
		armed = true
		e.compactAll()
		armed, more = false, calls >= n
		if items := readAll(t, l); !maps.Equal(tableOf(items), want) {
			t.Fatalf("call %d: the running log has lost records", n)
		}
		if err := l.Err(); err != nil && !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		e.dir.Abandon()
		f := newCompactEnv(t)
		f.fs = mem.Crash(uint64(n))
		checkTable(t, f, want, end, fmt.Sprintf("call %d fails, power cut", n))
		f.fs = mem
		checkTable(t, f, want, end, fmt.Sprintf("call %d fails, kill", n))
	}
}
