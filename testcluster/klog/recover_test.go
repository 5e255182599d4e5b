package klog

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestRecover_ReadsNothingBefore: what is below the recovery point is not read again, but for the headers behind the
// last index entry.
func TestRecover_ReadsNothingBefore(t *testing.T) {
	e := newEnv(t)
	e.cfg.SegmentBytes = 50_000
	l := e.open()
	e.fill(l, 1000, 200)
	must(t, l.Flush())
	must(t, e.dir.writeCheckpoints())
	e.fill(l, 3, 200)
	active := l.active().path(logSuffix)
	e.dir.Abandon()
	reads, opened := 0, false
	e.fs = storage.NewFaults(e.fs, func(c storage.Call) error {
		if !opened && c.Op == storage.OpRead && strings.HasSuffix(c.Path, logSuffix) {
			reads++
			if c.Path != active {
				t.Errorf("%s is read", c.Path)
			}
		}
		return nil
	})
	l = e.open()
	opened = true
	if reads == 0 || reads > 12 {
		t.Errorf("%d reads of the active segment", reads)
	}
	checkFilled(t, l, 0, 1003)
}

// TestRecover_Indexes: after every kind of end the indexes of old segments are whole: what they hold in memory is in
// their files by then, or is made again.
func TestRecover_Indexes(t *testing.T) {
	for name, end := range map[string]func(*env) *Log{
		"in order":   (*env).reopen,
		"killed":     (*env).crash,
		"checkpoint": (*env).crashAfterCheckpoint,
		"flushed": func(e *env) *Log {
			e.dir.flushRolled()
			return e.crashAfterCheckpoint()
		},
	} {
		for _, every := range []int64{1, 1 << 40} {
			e := newEnv(t)
			e.cfg.FlushMessages = every
			l := e.open()
			e.fill(l, 100, 200)
			want := map[int64][3]int64{}
			for _, s := range l.list()[:len(l.list())-1] {
				want[s.base] = [3]int64{int64(s.offsets.entries()), int64(s.times.entries()), s.maxTime.Load()}
			}
			l = end(e)
			must(t, l.Flush())
			for _, s := range l.list()[:len(l.list())-1] {
				got := [3]int64{int64(s.offsets.entries()), int64(s.times.entries()), s.maxTime.Load()}
				if got[0] != want[s.base][0] || got[2] != want[s.base][2] {
					t.Errorf("%s, flush.messages %d: segment %d has %v, not %v", name, every, s.base, got, want[s.base])
				}
				if s.offsets.inMemory() || s.times.inMemory() {
					t.Errorf("%s: the indexes of segment %d are still in memory", name, s.base)
				}
			}
			checkFilled(t, l, 0, 100)
			e.dir.Abandon()
		}
	}
}

// TestRecover_BadIndexes: old segments get indexes from their logs where those that are there cannot be theirs.
func TestRecover_BadIndexes(t *testing.T) {
	for name, damage := range map[string]func(fsys storage.FS, path string) error{
		"missing":   func(fsys storage.FS, path string) error { return fsys.Remove(path) },
		"too large": func(fsys storage.FS, path string) error { return storage.WriteFile(fsys, path, make([]byte, 1200)) },
		"torn":      func(fsys storage.FS, path string) error { return storage.WriteFile(fsys, path, make([]byte, 7)) },
		"high": func(fsys storage.FS, path string) error {
			return storage.WriteFile(fsys, path, bytes.Repeat([]byte{0xff}, 24))
		},
	} {
		t.Run(name, func(t *testing.T) { testBadIndexes(t, damage) })
	}
}

func testBadIndexes(t *testing.T, damage func(fsys storage.FS, path string) error) {
	e := newEnv(t)
	l := e.open()
	e.fill(l, 100, 200)
	must(t, e.dir.Close())
	names, err := folderNames(e.fs, l.folder())
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, indexSuffix) || strings.HasSuffix(name, timeSuffix) {
			must(t, damage(e.fs, filepath.Join(l.folder(), name)))
		}
	}
	l = e.open()
	checkFilled(t, l, 0, 100)
	for _, s := range l.list() {
		if s.maxTime.Load() != e.now() {
			t.Fatalf("segment %d: newest %d", s.base, s.maxTime.Load())
		}
	}
}

// TestRecover_Orphans: what a crash leaves beside the segments is no part of the log.
func TestRecover_Orphans(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	e.fill(l, 20, 200)
	e.dir.Abandon()
	for _, name := range []string{
		fileName(7777, indexSuffix), fileName(7777, timeSuffix), fileName(3, logSuffix) + deletedSuffix,
		fileName(0, logSuffix) + cleanedSuffix, fileName(0, indexSuffix) + swapSuffix, epochsFile + ".tmp",
	} {
		must(t, storage.WriteFile(e.fs, filepath.Join(l.folder(), name), []byte("rubbish")))
	}
	must(t, e.fs.MkdirAll(filepath.Join(testDir, "no partition"), 0o755))
	must(t, e.fs.MkdirAll(filepath.Join(testDir, "f-0.abc-future"), 0o755))
	l = e.open()
	checkFilled(t, l, 0, 20)
	names, err := folderNames(e.fs, l.folder())
	must(t, err)
	for _, name := range names {
		if b, err := storage.ReadFile(e.fs, filepath.Join(l.folder(), name)); err == nil && string(b) == "rubbish" {
			t.Errorf("%s is left", name)
		}
	}
	if n := len(e.dir.Logs()); n != 1 {
		t.Errorf("%d logs", n)
	}
}
