package klog

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestFailure: whatever it is that the disk does not do, the folder has failed, once and for good, and says which file it
// was; nothing more is written to it; its end needs no disk; and the next start has all that was acknowledged.
func TestFailure(t *testing.T) {
	for _, tt := range []struct {
		name string
		op   storage.Op
		file string // a part of its path
		why  syscall.Errno
		do   func(e *env, l *Log) error
	}{
		{"an append", storage.OpWrite, "00.log", syscall.ENOSPC, func(e *env, l *Log) error {
			_, err := l.AppendLeader(batchOf(e.now(), "x"), 0, AppendOptions{})
			return err
		}},
		{"a follower's append", storage.OpWrite, "00.log", syscall.EROFS, func(e *env, l *Log) error {
			b := batchOf(e.now(), "x")
			kproto.SetBaseOffset(b, l.EndOffset())
			_, err := l.AppendFollower(b, 0)
			return err
		}},
		{"a new segment", storage.OpOpen, ".log", syscall.ENOSPC, func(e *env, l *Log) error {
			_, err := l.AppendLeader(batchOf(e.now(), padded(0, 4000)), 0, AppendOptions{})
			return err
		}},
		{"a flush", storage.OpSync, ".log", syscall.EIO, func(_ *env, l *Log) error { return l.Flush() }},
		{"leader epochs", storage.OpWrite, "leader-epoch-checkpoint", syscall.ENOSPC, func(_ *env, l *Log) error { return l.Flush() }},
		{"a folder's names", storage.OpSyncDir, "t-0", syscall.EIO, func(_ *env, l *Log) error { return l.Flush() }},
		{"a checkpoint", storage.OpRename, "replication-offset-checkpoint", syscall.EIO, func(e *env, l *Log) error {
			l.SetHighWatermark(l.EndOffset())
			return e.dir.writeCheckpoints()
		}},
		{"a truncation", storage.OpTruncate, ".log", syscall.EIO, func(_ *env, l *Log) error { return l.Truncate(7) }},
		{"a new log", storage.OpMkdir, "u-0", syscall.ENOSPC, func(e *env, _ *Log) error {
			_, err := e.dir.Create("u", 0, Incarnation{Czxid: 1})
			return err
		}},
		{"a deletion", storage.OpRename, "t-0", syscall.EROFS, func(e *env, _ *Log) error { return e.dir.Delete("t", 0) }},
		{"a read", storage.OpRead, ".log", syscall.EIO, func(_ *env, l *Log) error {
			l.ring.clear()
			_, err := l.Read(0, 1000, 8, true)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(t)
			var armed atomic.Bool
			writes := 0 // after the failure
			e.fs = storage.NewFaults(e.fs, func(c storage.Call) error {
				if !armed.Load() {
					return nil
				}
				if c.Op == tt.op && strings.Contains(c.Path, tt.file) {
					return tt.why
				}
				if e.dir.Err() != nil && (c.Op == storage.OpWrite || c.Op == storage.OpRename) && !strings.Contains(c.Path, lostFile) {
					writes++
				}
				return nil
			})
			l := e.open()
			e.fill(l, 8, 100)
			armed.Store(true)
			err := tt.do(e, l)
			if !errors.Is(err, tt.why) {
				t.Fatalf("%v", err)
			}
			<-e.dir.Failed()
			failed := e.dir.Err()
			for _, part := range []string{"log folder " + testDir + " has failed: ", tt.file, tt.why.Error()} {
				if !isA[*FailedError](failed) || !strings.Contains(failed.Error(), part) {
					t.Errorf("%v, without %q", failed, part)
				}
			}
			// Another thing that fails changes nothing.
			if _, err := l.AppendLeader(batchOf(e.now(), "y"), 0, AppendOptions{}); !errors.Is(err, kproto.KafkaStorageError) || !errors.Is(err, tt.why) {
				t.Errorf("a later append: %v", err)
			}
			if _, err := e.dir.Create("v", 0, Incarnation{}); !errors.Is(err, kproto.KafkaStorageError) {
				t.Errorf("another log: %v", err)
			}
			e.dir.retain()
			e.dir.removeDoomed()
			if err := e.dir.Close(); !errors.Is(err, tt.why) || e.dir.Err() != failed {
				t.Errorf("Close: %v", err)
			}
			if writes > 0 {
				t.Errorf("%d writes after the failure", writes)
			}
			armed.Store(false)
			l = e.open()
			if end := l.EndOffset(); tt.op != storage.OpTruncate && end != 8 {
				t.Fatalf("it ends at %d", end)
			}
			checkFilled(t, l, 0, l.EndOffset())
		})
	}
}

// TestFailure_Descriptors: a lack of file descriptors is not the disk's.
func TestFailure_Descriptors(t *testing.T) {
	e := newEnv(t)
	short := false
	e.fs = storage.NewFaults(e.fs, func(c storage.Call) error {
		if short && c.Op == storage.OpOpen {
			return syscall.EMFILE
		}
		return nil
	})
	l := e.open()
	e.fill(l, 8, 100)
	short = true
	if _, err := l.AppendLeader(batchOf(e.now(), padded(8, 4000)), 0, AppendOptions{}); !errors.Is(err, kproto.KafkaStorageError) || !errors.Is(err, syscall.EMFILE) {
		t.Fatal(err)
	}
	short = false
	if err := e.dir.Err(); err != nil {
		t.Fatal(err)
	}
	e.fill(l, 1, 3900)
	checkFilled(t, e.crash(), 0, 9)
}

// TestFailure_LongName: a name that the file system does not take is a topic's failure, and not the folder's.
func TestFailure_LongName(t *testing.T) {
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), t.TempDir()
	l := e.open()
	if _, err := e.dir.Create(strings.Repeat("x", 249), 1<<30, Incarnation{}); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Errorf("%v", err)
	}
	must(t, e.dir.Err())
	e.fill(l, 3, 100)
	checkFilled(t, e.reopen(), 0, 3)
}

// TestFailure_AtStart: a folder whose disk fails while it is opened is not opened, and its lock is free.
func TestFailure_AtStart(t *testing.T) {
	e := newEnv(t)
	e.fill(e.open(), 8, 100)
	e.dir.Abandon()
	under := e.fs
	e.fs = storage.NewFaults(under, func(c storage.Call) error {
		if c.Op == storage.OpWrite {
			return syscall.EROFS
		}
		return nil
	})
	if _, err := Open(t.Context(), e.options()); !errors.Is(err, syscall.EROFS) {
		t.Fatal(err)
	}
	e.fs = under
	checkFilled(t, e.open(), 0, 8)
}

// mountSmall mounts a file system of that size. What uses it is to begin later, and so to end earlier.
func mountSmall(t *testing.T, size string) string {
	t.Helper()
	path := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", path).CombinedOutput(); err != nil {
		t.Skipf("a file system of its own needs the right to mount one: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", path).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", path, err, out)
		}
	})
	return path
}

// TestFailure_FullDisk fills a real disk: what was acknowledged before is there when there is room again.
func TestFailure_FullDisk(t *testing.T) {
	mount := mountSmall(t, "512k")
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), filepath.Join(mount, "kafka")
	e.cfg.SegmentBytes = 32 << 10
	l := e.open()
	acknowledged := int64(0)
	var err error
	for ; err == nil; acknowledged++ {
		_, err = l.AppendLeader(batchOf(e.now(), padded(acknowledged, 1000)), 0, AppendOptions{})
	}
	acknowledged--
	if !errors.Is(err, syscall.ENOSPC) || acknowledged < 100 {
		t.Fatalf("%d records, then %v", acknowledged, err)
	}
	<-e.dir.Failed()
	if failed := e.dir.Err(); !strings.Contains(failed.Error(), "no space left on device") {
		t.Error(failed)
	}
	checkFilled(t, l, 0, acknowledged)
	if err := e.dir.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close: %v", err)
	}
	if _, err := Open(t.Context(), e.options()); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("there is still no room, but %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,size=2m", mount).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	l = e.open()
	checkFilled(t, l, 0, acknowledged)
	e.fill(l, 10, 1000)
	checkFilled(t, e.reopen(), 0, acknowledged+10)
}

// TestFailure_ReadOnly: a file system that becomes read-only, as many do at their first error.
func TestFailure_ReadOnly(t *testing.T) {
	mount := mountSmall(t, "2m")
	e := newEnv(t)
	e.fs, e.path = storage.Disk(), filepath.Join(mount, "kafka")
	e.fill(e.open(), 10, 100)
	must(t, e.dir.Close())
	remount := func(how string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,"+how, mount).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	remount("ro")
	_, err := Open(t.Context(), e.options())
	if path := (*fs.PathError)(nil); !errors.Is(err, syscall.EROFS) || !errors.As(err, &path) || !strings.HasPrefix(path.Path, e.path+string(os.PathSeparator)) {
		t.Errorf("%v", err)
	}
	remount("rw")
	checkFilled(t, e.open(), 0, 10)
}
