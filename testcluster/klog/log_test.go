package klog

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func TestAppendRead(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	e.fill(l, 200, 120)
	checkFilled(t, l, 0, 200)
	if len(l.list()) < 5 {
		t.Fatalf("%d segments", len(l.list()))
	}
	l.ring.clear() // and once more, all from the files
	checkFilled(t, l, 0, 200)
	l = e.reopen()
	checkFilled(t, l, 0, 200)
	e.fill(l, 50, 2000)
	checkFilled(t, l, 0, 250)
}

func TestRead_Bounds(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	for range 20 {
		e.append(l, "a", "b", "c")
	}
	one := len(batchOf(e.now(), "a", "b", "c"))
	for _, where := range []string{"memory", "disk"} {
		read := func(from int64, max int, end int64, atLeastOne bool, size int, next int64) {
			t.Helper()
			c, err := l.Read(from, max, end, atLeastOne)
			if err != nil || c.Size != size || c.Next != next {
				t.Fatalf("%s: %d bytes to %d, %v; not %d to %d", where, c.Size, c.Next, err, size, next)
			}
			c.Release()
		}
		read(0, one, 60, false, one, 3)
		read(4, one, 60, false, one, 6) // the batch that has it
		read(0, one-1, 60, false, 0, 0)
		read(0, one-1, 60, true, one, 3)
		read(0, 3*one+5, 60, true, 3*one, 9)
		read(0, 100*one, 8, true, 2*one, 6) // 8 is within a batch
		read(57, 100*one, math.MaxInt64, true, one, 60)
		read(60, 100*one, math.MaxInt64, true, 0, 60)
		read(7, 100*one, 6, true, 0, 7)
		for _, from := range []int64{-1, 61, math.MaxInt64} {
			if _, err := l.Read(from, 100, 60, true); !errors.Is(err, kproto.OffsetOutOfRange) {
				t.Fatalf("%s: offset %d: %v", where, from, err)
			}
		}
		l.ring.clear()
	}
}

func TestReopen_KeepsState(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	id := kproto.UUID{1, 2, 3}
	must(t, l.SetIncarnation(Incarnation{TopicID: id, Czxid: 99}))
	must(t, l.AssignEpoch(3, 0))
	a, err := l.AppendLeader(idempotent(5, 0, 0, e.now(), "x", "y"), 3, AppendOptions{})
	must(t, err)
	must(t, l.AssignEpoch(4, 2))
	_, err = l.AppendLeader(batchOf(e.now(), "z"), 4, AppendOptions{})
	must(t, err)
	l.SetHighWatermark(2)
	for _, how := range []func() *Log{e.reopen, e.crashAfterCheckpoint} {
		l = how()
		if got := l.Incarnation(); got != (Incarnation{id, 99}) {
			t.Fatalf("incarnation %v", got)
		}
		if l.LatestEpoch() != 4 || l.HighWatermark() != 2 || l.EndOffset() != 3 {
			t.Fatalf("epoch %d, high watermark %d, end %d", l.LatestEpoch(), l.HighWatermark(), l.EndOffset())
		}
		if e, end := l.EndOffsetForEpoch(3); e != 3 || end != 2 {
			t.Fatalf("epoch 3 ends as %d at %d", e, end)
		}
		b, err := l.AppendLeader(idempotent(5, 0, 0, e.now(), "x", "y"), 4, AppendOptions{})
		if err != nil || !b.Duplicate || b.Base != a.Base || b.Last != a.Last {
			t.Fatalf("the same batch again: %+v %v", b, err)
		}
	}
}

func (e *env) crashAfterCheckpoint() *Log {
	must(e.t, e.dir.writeCheckpoints())
	return e.crash()
}

func TestRoll_ByTime(t *testing.T) {
	e := newEnv(t)
	e.cfg.SegmentMs = 1000
	l := e.open()
	e.fill(l, 1, 10)
	e.clock.advance(900 * time.Millisecond)
	e.fill(l, 1, 10)
	if len(l.list()) != 1 {
		t.Fatal("rolled too early")
	}
	e.clock.advance(200 * time.Millisecond)
	e.fill(l, 1, 10)
	if len(l.list()) != 2 || l.list()[1].base != 2 {
		t.Fatalf("%d segments", len(l.list()))
	}
	checkFilled(t, e.crash(), 0, 3)
}

func TestRoll_ByIndex(t *testing.T) {
	e := newEnv(t)
	e.cfg.SegmentBytes, e.cfg.SegmentIndexBytes, e.cfg.IndexIntervalBytes = 1<<20, 12*5, 0
	l := e.open()
	e.fill(l, 20, 10)
	if len(l.list()) < 3 {
		t.Fatalf("%d segments", len(l.list()))
	}
	checkFilled(t, l, 0, 20)
}

func TestRetention(t *testing.T) {
	t.Run("time", func(t *testing.T) {
		e := newEnv(t)
		l := e.open()
		e.fill(l, 100, 200)
		e.clock.advance(time.Hour)
		e.fill(l, 10, 200)
		l.SetHighWatermark(110)
		e.cfg.RetentionMs = 1000
		must(t, l.retain())
		if l.StartOffset() != 0 {
			t.Fatal("the settings changed before ConfigChanged")
		}
		e.dir.ConfigChanged("t")
		must(t, l.retain())
		start := l.StartOffset()
		if start < 90 || start > 100 {
			t.Fatalf("start %d", start)
		}
		checkFilled(t, l, start, 110)
		checkFilled(t, e.crash(), start, 110)
	})
	t.Run("not above the high watermark", func(t *testing.T) {
		e := newEnv(t)
		e.cfg.RetentionMs = 1000
		l := e.open()
		e.fill(l, 100, 200)
		e.clock.advance(time.Hour)
		l.SetHighWatermark(50)
		must(t, l.retain())
		if l.StartOffset() == 0 || l.StartOffset() > 50 {
			t.Fatalf("start %d", l.StartOffset())
		}
	})
	t.Run("all", func(t *testing.T) {
		e := newEnv(t)
		e.cfg.RetentionMs = 1000
		l := e.open()
		e.fill(l, 30, 200)
		l.SetHighWatermark(30)
		e.clock.advance(time.Hour)
		must(t, l.retain())
		checkFilled(t, l, 30, 30)
		e.fill(l, 1, 10)
		checkFilled(t, e.crash(), 30, 31)
	})
	t.Run("size", func(t *testing.T) {
		e := newEnv(t)
		e.cfg.RetentionBytes = 10000
		l := e.open()
		e.fill(l, 100, 200)
		l.SetHighWatermark(100)
		must(t, l.retain())
		if size := l.Size(); size < 10000 || size > 10000+4096 {
			t.Fatalf("%d bytes are left", size)
		}
		checkFilled(t, l, l.StartOffset(), 100)
	})
	t.Run("deleted records", func(t *testing.T) {
		e := newEnv(t)
		e.cfg.CleanupDelete, e.cfg.CleanupCompact = false, true
		l := e.open()
		for range 100 {
			e.append(l, "k="+padded(l.EndOffset(), 200))
		}
		must(t, l.SetStartOffset(60))
		if l.HighWatermark() != 60 {
			t.Fatalf("high watermark %d", l.HighWatermark())
		}
		must(t, l.retain())
		if base := l.list()[0].base; base < 40 || base > 60 {
			t.Fatalf("first segment %d", base)
		}
		checkFilled(t, l, 60, 100)
		if err := l.SetStartOffset(101); !errors.Is(err, kproto.OffsetOutOfRange) {
			t.Fatal(err)
		}
		l = e.reopen()
		checkFilled(t, l, 60, 100)
	})
}

func TestTruncate(t *testing.T) {
	for _, to := range []int64{0, 1, 17, 40, 59, 60, 75} {
		e := newEnv(t)
		l := e.open()
		for i := range 30 {
			must(t, l.AssignEpoch(int32(i/10), l.EndOffset()))
			_, err := l.AppendLeader(idempotent(1, 0, int32(2*i), e.now(), padded(int64(2*i), 200), padded(int64(2*i+1), 200)),
				int32(i/10), AppendOptions{})
			must(t, err)
		}
		l.SetHighWatermark(60)
		must(t, l.Truncate(to))
		end := min(to/2*2, 60)
		if l.HighWatermark() != end {
			t.Fatalf("to %d: high watermark %d", to, l.HighWatermark())
		}
		for range 2 {
			checkFilled(t, l, 0, end)
			if want := int32(max(end-1, 0) / 20); end > 0 && l.LatestEpoch() != want {
				t.Fatalf("to %d: epoch %d", to, l.LatestEpoch())
			}
			if p := l.Producers(); end > 0 && (len(p) != 1 || int64(p[0].LastSequence) != end-1) || end == 0 && len(p) != 0 {
				t.Fatalf("to %d: producers %+v", to, p)
			}
			l = e.crash()
		}
		_, err := l.AppendLeader(idempotent(1, 0, int32(end), e.now(), padded(end, 100)), 5, AppendOptions{})
		must(t, err)
		checkFilled(t, e.reopen(), 0, end+1)
	}
}

func TestTruncateFully(t *testing.T) {
	for _, to := range []int64{0, 5, 30, 1000} {
		e := newEnv(t)
		l := e.open()
		e.fill(l, 30, 400)
		must(t, l.Flush())
		must(t, l.TruncateFullyAndStartAt(to))
		checkFilled(t, l, to, to)
		if l.HighWatermark() != to || l.LatestEpoch() != -1 {
			t.Fatalf("high watermark %d, epoch %d", l.HighWatermark(), l.LatestEpoch())
		}
		e.fill(l, 3, 100)
		checkFilled(t, l, to, to+3)
		checkFilled(t, e.crash(), to, to+3)
	}
}

func TestFollower(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	var run []byte
	offset := int64(10)
	for i := range 40 {
		b := batchOf(e.now(), padded(offset, 300), padded(offset+1, 20))
		kproto.SetBaseOffset(b, offset)
		kproto.SetLeaderEpoch(b, int32(i/20))
		offset += 2
		run = append(run, b...)
	}
	must(t, l.TruncateFullyAndStartAt(10))
	a, err := l.AppendFollower(append(slices.Clone(run), run[:400]...), 1)
	if err == nil || l.EndOffset() != 10 {
		t.Fatalf("a batch from before: %+v %v", a, err)
	}
	if a, err = l.AppendFollower(slices.Clone(run), 0); !errors.Is(err, kproto.UnknownLeaderEpoch) || l.EndOffset() != 10 {
		t.Fatalf("a batch of a later leader: %+v %v", a, err)
	}
	a, err = l.AppendFollower(slices.Clone(run[:len(run)-5]), 1)
	must(t, err)
	if a.Base != 10 || a.Last != 87 || a.Records != 78 || a.LeaderEpoch != 1 {
		t.Fatalf("%+v", a)
	}
	checkFilled(t, l, 10, 88)
	if len(l.list()) < 3 {
		t.Fatalf("%d segments", len(l.list()))
	}
	if e, end := l.EndOffsetForEpoch(0); e != 0 || end != 50 {
		t.Fatalf("epoch 0 ends as %d at %d", e, end)
	}
	next := batchOf(e.now(), padded(88, 10))
	kproto.SetBaseOffset(next, 88)
	next[len(next)-1] ^= 1
	if _, err := l.AppendFollower(next, 1); !errors.Is(err, kproto.CorruptMessage) {
		t.Fatal(err)
	}
	l = e.crash()
	checkFilled(t, l, 10, 88)
	if e, end := l.EndOffsetForEpoch(0); e != 0 || end != 50 {
		t.Fatalf("after a crash epoch 0 ends as %d at %d", e, end)
	}
}

func TestOffsetForTime(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	t0 := e.now()
	for i := range 100 {
		b := batchOf(t0+int64(i)*100, padded(int64(3*i), 100), padded(int64(3*i+1), 10), padded(int64(3*i+2), 10))
		if i%2 == 1 {
			b = compressed(t, kproto.CodecZstd, b)
		}
		_, err := l.AppendLeader(b, 2, AppendOptions{})
		must(t, err)
	}
	check := func(ms, offset, ts int64) {
		t.Helper()
		o, got, epoch, err := l.OffsetForTime(ms)
		if err != nil || o != offset || got != ts || o >= 0 && epoch != 2 {
			t.Fatalf("time %d: offset %d, time %d, epoch %d, %v; not %d", ms-t0, o, got-t0, epoch, err, offset)
		}
	}
	for range 3 {
		check(0, 0, t0)
		check(t0, 0, t0)
		check(t0+2, 2, t0+2)
		check(t0+3, 3, t0+100)
		check(t0+5001, 151, t0+5001)
		check(t0+9902, 299, t0+9902)
		check(t0+9903, -1, -1)
		if o, ts, _, err := l.MaxTimestamp(); err != nil || o != 299 || ts != t0+9902 {
			t.Fatalf("newest %d at %d, %v", o, ts, err)
		}
		if l.EndOffset() == 300 {
			l = e.reopen()
		}
		l = e.crash()
	}
	must(t, l.SetStartOffset(100))
	check(0, 100, t0+3301)
}

func TestCreateDelete(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	e.fill(l, 30, 300)
	must(t, l.Flush())
	must(t, e.dir.writeCheckpoints())
	if _, err := e.dir.Create("t", 0, Incarnation{}); !isA[*ExistsError](err) {
		t.Fatal(err)
	}
	if _, err := e.dir.Create("../t", 0, Incarnation{}); !errors.Is(err, kproto.InvalidTopicException) {
		t.Fatal(err)
	}
	c, err := l.Read(0, 1000, 30, true)
	must(t, err)
	must(t, e.dir.Delete("t", 0))
	if _, err := decode(c); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{e.dir.Delete("t", 0), second(l.AppendLeader(batchOf(1, "x"), 0, AppendOptions{})),
		second(l.Read(3, 100, 30, true)), l.Flush(), l.Truncate(3)} {
		if !isA[*DeletedError](err) {
			t.Fatalf("on a deleted log: %v", err)
		}
	}
	l, err = e.dir.Create("t", 0, Incarnation{Czxid: 8})
	must(t, err)
	e.fill(l, 3, 10)
	l = e.crash()
	checkFilled(t, l, 0, 3)
	if l.RecoveryPoint() != 0 || l.Incarnation().Czxid != 8 {
		t.Fatalf("recovery point %d, incarnation %+v", l.RecoveryPoint(), l.Incarnation())
	}
	e.dir.removeDoomed()
	entries, err := e.fs.ReadDir(testDir)
	must(t, err)
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "t-0" {
			t.Fatalf("%s is left", entry.Name())
		}
	}
}

func TestDelete_AfterTheDelay(t *testing.T) {
	e := newEnv(t)
	e.open()
	must(t, e.dir.Delete("t", 0))
	count := func() int {
		entries, err := e.fs.ReadDir(testDir)
		must(t, err)
		return len(slices.DeleteFunc(entries, func(x fs.DirEntry) bool { return !x.IsDir() }))
	}
	e.dir.removeDoomed()
	if count() != 1 {
		t.Fatal("removed at once")
	}
	e.clock.advance(time.Minute)
	e.dir.removeDoomed()
	if count() != 0 {
		t.Fatal("not removed")
	}
}

func second[T any](_ T, err error) error { return err }

func isA[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

func TestOpen_Errors(t *testing.T) {
	e := newEnv(t)
	e.open()
	if _, err := Open(t.Context(), e.options()); !isA[*LockedError](err) || !errors.Is(err, storage.ErrLocked) {
		t.Fatal(err)
	}
	must(t, e.dir.Close())
	o := e.options()
	o.BrokerID = 2
	if _, err := Open(t.Context(), o); !isA[*MismatchError](err) {
		t.Fatal(err)
	}
	o = e.options()
	o.ClusterID = "another"
	if _, err := Open(t.Context(), o); !isA[*MismatchError](err) {
		t.Fatal(err)
	}
	must(t, storage.WriteFile(e.fs, filepath.Join(testDir, recoveryPointFile), []byte("1\nrubbish")))
	e.open()
}

func TestFlush_Messages(t *testing.T) {
	e := newEnv(t)
	e.cfg.FlushMessages = 3
	l := e.open()
	for i := range int64(10) {
		e.append(l, padded(i, 50))
		if want := (i + 1) / 3 * 3; l.RecoveryPoint() != want {
			t.Fatalf("after %d records the recovery point is %d", i+1, l.RecoveryPoint())
		}
	}
	for seed := range uint64(20) {
		f := &env{t: t, fs: e.fs.(*storage.Memory).Crash(seed), path: testDir, clock: e.clock, cfg: e.cfg}
		l := f.open()
		if l.EndOffset() < 9 {
			t.Fatalf("seed %d: end %d", seed, l.EndOffset())
		}
		checkFilled(t, l, 0, l.EndOffset())
		f.dir.Abandon()
	}
}

func TestFlush_Time(t *testing.T) {
	e := newEnv(t)
	e.cfg.FlushMs = 1000
	l := e.open()
	e.fill(l, 1, 10)
	e.clock.advance(999 * time.Millisecond)
	e.dir.flushDue()
	if l.RecoveryPoint() != 0 {
		t.Fatal("too early")
	}
	e.clock.advance(time.Millisecond)
	e.dir.flushDue()
	if l.RecoveryPoint() != 1 {
		t.Fatal("not flushed")
	}
}
