package klog

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// history is what a run has been promised about its log.
type history struct {
	created bool
	end     int64
	start   int64
	flushed int64                     // what a flush or a truncation has made durable
	values  map[int64]string          // what stands at an offset
	maybe   map[int64]map[string]bool // what stands there too if an operation that is under way, or has failed, did not happen
}

func newHistory() *history {
	return &history{values: map[int64]string{}, maybe: map[int64]map[string]bool{}}
}

func (h *history) clone() *history {
	c := *h
	c.values = maps.Clone(h.values)
	c.maybe = map[int64]map[string]bool{}
	for k, v := range h.maybe {
		c.maybe[k] = maps.Clone(v)
	}
	return &c
}

func (h *history) allow(offset int64, value string) {
	if h.maybe[offset] == nil {
		h.maybe[offset] = map[string]bool{}
	}
	h.maybe[offset][value] = true
}

// cut takes back what stands from offset to on, or may still stand there.
func (h *history) cut(to int64, sure bool) {
	for o, v := range h.values {
		if o >= to {
			delete(h.values, o)
			h.allow(o, v)
		}
	}
	if sure {
		maps.DeleteFunc(h.maybe, func(o int64, _ map[string]bool) bool { return o >= to })
	}
	h.end, h.flushed = min(h.end, to), min(h.flushed, to)
	h.start = min(h.start, to)
}

// crashRun drives one log through random operations.
type crashRun struct {
	rng *rand.Rand
	e   *env
	l   *Log
	h   *history

	epoch int32 // the leader's; those never go back
}

func (r *crashRun) open() error {
	d, err := Open(r.e.t.Context(), r.e.options())
	if err != nil {
		return err
	}
	r.e.dir = d
	if r.l = d.Log("t", 0); r.l == nil {
		if r.l, err = d.Create("t", 0, Incarnation{Czxid: 1}); err != nil {
			return err
		}
	}
	r.h.created = true
	r.h.end, r.h.start = r.l.EndOffset(), r.l.StartOffset()
	return nil
}

func (r *crashRun) step() error {
	h, l := r.h, r.l
	switch op := r.rng.IntN(20); {
	case op < 11:
		return r.append()
	case op < 14:
		err := l.Flush()
		if err == nil {
			h.flushed = h.end
			maps.DeleteFunc(h.maybe, func(int64, map[string]bool) bool { return true })
		}
		return err
	case op == 14:
		r.e.dir.flushRolled()
		return r.e.dir.writeCheckpoints()
	case op == 15 && h.end > h.start:
		to := h.start + r.rng.Int64N(h.end-h.start+1)
		h.cut(to, false)
		h.flushed = min(h.flushed, to-2) // the batch that has it goes as a whole
		err := l.Truncate(to)
		if err == nil {
			h.cut(l.EndOffset(), true)
		}
		return err
	case op == 16 && r.rng.IntN(4) == 0:
		to := r.rng.Int64N(h.end + 10)
		h.cut(0, false)
		err := l.TruncateFullyAndStartAt(to)
		if err == nil {
			h.cut(0, true)
			h.start, h.end = to, to
		}
		return err
	case op == 17 && h.end > h.start:
		to := h.start + r.rng.Int64N(h.end-h.start+1)
		l.SetHighWatermark(h.end)
		if err := l.SetStartOffset(to); err != nil {
			return err
		}
		h.start = to
		return l.retain()
	case op == 18:
		if err := r.e.dir.Close(); err != nil {
			return err
		}
		h.flushed = h.end
		return r.open()
	case op == 19:
		r.e.dir.Abandon()
		return r.open()
	}
	return nil
}

func (r *crashRun) append() error {
	values := make([]string, 1+r.rng.IntN(3))
	for i := range values {
		values[i] = fmt.Sprintf("%d.%x.", r.h.end+int64(i), r.rng.Uint32()) + padded(0, []int{5, 50, 300, 900, 2500}[r.rng.IntN(5)])
	}
	for i, v := range values {
		r.h.allow(r.h.end+int64(i), v)
	}
	if r.rng.IntN(4) == 0 {
		r.epoch++
		if err := r.l.AssignEpoch(r.epoch, r.l.EndOffset()); err != nil {
			return err
		}
	}
	sequence := int32(0)
	for _, p := range r.l.Producers() {
		sequence = p.LastSequence + 1
	}
	a, err := r.l.AppendLeader(idempotent(1, 0, sequence, r.e.now(), values...), r.epoch, AppendOptions{})
	if err != nil {
		return err
	}
	for i, v := range values {
		r.h.values[a.Base+int64(i)] = v
	}
	r.h.end = a.Last + 1
	return nil
}

// run makes random operations until they are over or one fails.
func run(t *testing.T, rng *rand.Rand, fsys storage.FS, h *history) (*env, error) {
	e := newEnv(t)
	e.fs = fsys
	e.cfg.SegmentBytes = 9000
	r := &crashRun{rng: rng, e: e, h: h}
	if err := r.open(); err != nil {
		return e, err
	}
	for range 40 {
		if err := r.step(); err != nil {
			return e, err
		}
	}
	return e, nil
}

// checkImage opens what a crash has left and compares it with what was promised.
func checkImage(t *testing.T, fsys storage.FS, h *history, what string) {
	t.Helper()
	e := newEnv(t)
	e.fs = fsys
	d, err := Open(t.Context(), e.options())
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer d.Abandon()
	l := d.Log("t", 0)
	if l == nil {
		if h.created {
			t.Fatalf("%s: the log is gone", what)
		}
		return
	}
	start, end := l.StartOffset(), l.EndOffset()
	if end < h.flushed {
		t.Fatalf("%s: the log ends at %d, but %d was durable", what, end, h.flushed)
	}
	if hw := l.HighWatermark(); hw < start || hw > end || l.RecoveryPoint() > end {
		t.Fatalf("%s: high watermark %d, recovery point %d of %d to %d", what, hw, l.RecoveryPoint(), start, end)
	}
	l.ring.clear()
	items, err := readFrom(l, start, 900)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if int64(len(items)) != end-start {
		t.Fatalf("%s: %d records from %d to %d", what, len(items), start, end)
	}
	for i, it := range items {
		if it.offset != start+int64(i) {
			t.Fatalf("%s: offset %d after %d records from %d", what, it.offset, i, start)
		}
		if v, ok := h.values[it.offset]; (!ok || v != it.value) && !h.maybe[it.offset][it.value] {
			t.Fatalf("%s: offset %d is %.40q, not %.40q; %d to %d, durable %d", what, it.offset, it.value, v, start, end, h.flushed)
		}
	}
	checkDerived(t, l, what)
}

// checkDerived checks what a log knows of its leader epochs and producers against its batches.
func checkDerived(t *testing.T, l *Log, what string) {
	t.Helper()
	last := int32(-1)
	for _, seg := range l.list() {
		scan := seg.scan(0, headerWindow)
		for {
			h, err := scan.header()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			last = h.LastSequence()
			if h.LastOffset() >= l.StartOffset() {
				epoch, end := l.EndOffsetForEpoch(h.PartitionLeaderEpoch)
				if epoch != h.PartitionLeaderEpoch || end <= h.LastOffset() {
					t.Fatalf("%s: epoch %d of offset %d ends as %d at %d", what, h.PartitionLeaderEpoch, h.BaseOffset, epoch, end)
				}
			}
			scan.skip(h)
		}
	}
	p := l.Producers()
	if last >= 0 && (len(p) != 1 || p[0].LastSequence != last) {
		t.Fatalf("%s: the last sequence number is %d, the producers are %+v", what, last, p)
	}
}

// TestCrash_AtEveryCall looks, before each call on the disk, at what a power cut and a kill would leave.
func TestCrash_AtEveryCall(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	images := 0
	for seed := range seeds {
		mem := storage.NewMemory()
		h := newHistory()
		rng := rand.New(rand.NewPCG(seed, 1))
		crashes := rand.New(rand.NewPCG(seed, 2))
		over := false
		_, err := run(t, rng, storage.NewFaults(mem, func(c storage.Call) error {
			if over || t.Failed() || c.Op == storage.OpRead || c.Op == storage.OpSize || c.Op == storage.OpStat || c.Op == storage.OpReadDir {
				return nil // nothing has changed since the call before
			}
			images++
			cut := crashes.Uint64()
			checkImage(t, mem.Crash(cut), h, fmt.Sprintf("seed %d, before call %d (%s %s), power cut %d", seed, c.N, c.Op, c.Path, cut))
			return nil
		}), h)
		over = true
		must(t, err)
	}
	if images < 500 {
		t.Fatalf("%d images", images)
	}
}

// TestCrash_InRecovery cuts the power again while the log is opened after a power cut.
func TestCrash_InRecovery(t *testing.T) {
	seeds := uint64(25)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		mem := storage.NewMemory()
		h := newHistory()
		rng := rand.New(rand.NewPCG(seed, 3))
		stop := int64(60 + rng.IntN(500))
		var image *storage.Memory
		var at *history
		_, err := run(t, rng, storage.NewFaults(mem, func(c storage.Call) error {
			if c.N == stop {
				image, at = mem.Crash(seed), h.clone()
			}
			return nil
		}), h)
		must(t, err)
		if image == nil {
			continue
		}
		n := 0
		fsys := storage.NewFaults(image, func(c storage.Call) error {
			if n++; n%3 == 0 {
				checkImage(t, image.Crash(rng.Uint64()), at, fmt.Sprintf("seed %d, before call %d (%s %s) of recovery", seed, c.N, c.Op, c.Path))
			}
			return nil
		})
		checkImage(t, fsys, at, fmt.Sprintf("seed %d", seed))
	}
}

// TestError_AtEveryCall fails each call in turn, once, and goes on; then the process is killed, or the power cut.
func TestError_AtEveryCall(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		for n, more := int64(1), true; more; n += 1 + int64(seed) {
			for i, fault := range []error{syscall.EIO, &storage.ShortWrite{Bytes: int(n*37) % 700, Err: syscall.ENOSPC}} {
				mem := storage.NewMemory()
				h := newHistory()
				struck := false
				e, err := run(t, rand.New(rand.NewPCG(seed, 4)), storage.NewFaults(mem, func(c storage.Call) error {
					if c.N == n {
						struck = true
						return fault
					}
					return nil
				}), h)
				more = struck
				what := fmt.Sprintf("seed %d, call %d fails with %v (%v)", seed, n, fault, err)
				if err != nil && !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("%s: that hides the cause", what)
				}
				if e.dir != nil {
					e.dir.Abandon()
				}
				checkImage(t, mem.Crash(seed*1000+uint64(n)), h, what+", power cut")
				if i == 0 {
					checkImage(t, mem, h, what+", kill")
				}
			}
		}
	}
}

// TestError_FailedSync: what a sync has lost can still be read by the next process; it must write it again before
// it says that it is durable.
func TestError_FailedSync(t *testing.T) {
	e := newEnv(t)
	mem := storage.NewMemory()
	fail := false
	e.fs = storage.NewFaults(mem, func(c storage.Call) error {
		if fail && c.Op == storage.OpSync && len(c.Path) > 4 && c.Path[len(c.Path)-4:] == logSuffix {
			fail = false
			return syscall.EIO
		}
		return nil
	})
	l := e.open()
	e.fill(l, 5, 700)
	fail = true
	if err := l.Flush(); !errors.Is(err, syscall.EIO) || !isA[*FailedError](err) {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := l.AppendLeader(batchOf(e.now(), "x"), 0, AppendOptions{}); !errors.Is(err, kproto.KafkaStorageError) {
			t.Fatal(err)
		}
	}
	select {
	case <-e.dir.Failed():
	default:
		t.Fatal("its owner is not told")
	}
	if err := e.dir.Close(); !isA[*FailedError](err) {
		t.Fatal(err)
	}
	l = e.open()
	checkFilled(t, l, 0, 5)
	must(t, l.Flush())
	for seed := range uint64(30) {
		f := newEnv(t)
		f.fs = mem.Crash(seed)
		checkFilled(t, f.open(), 0, 5)
	}
}
