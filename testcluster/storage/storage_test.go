package storage

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// both runs a test on the disk, on the memory and on faults that never strike: one contract.
func both(t *testing.T, test func(t *testing.T, fsys FS, dir string)) {
	t.Run("disk", func(t *testing.T) { test(t, Disk(), t.TempDir()) })
	mem := func() *Memory {
		m := NewMemory()
		if err := m.MkdirAll("/t", 0o755); err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("memory", func(t *testing.T) { test(t, mem(), "/t") })
	t.Run("faults", func(t *testing.T) {
		test(t, NewFaults(mem(), func(Call) error { return nil }), "/t")
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func TestFile_ReadsBackWhatWasWritten(t *testing.T) {
	both(t, func(t *testing.T, fsys FS, dir string) {
		path := filepath.Join(dir, "f")
		f, err := Create(fsys, path)
		must(t, err)
		_, err = f.Write([]byte("abc"))
		must(t, err)
		_, err = f.Write([]byte("def"))
		must(t, err)
		_, err = f.WriteAt([]byte("X"), 1)
		must(t, err)
		must(t, f.Allocate(4, 6))
		must(t, f.Sync())
		if size, err := f.Size(); err != nil || size != 10 {
			t.Fatalf("size %d, %v", size, err)
		}
		must(t, f.Truncate(8))
		must(t, f.Close())
		got, err := ReadFile(fsys, path)
		must(t, err)
		if want := "aXcdef\x00\x00"; string(got) != want {
			t.Fatalf("read %q, want %q", got, want)
		}

		r, err := Open(fsys, path)
		must(t, err)
		defer r.Close()
		p := make([]byte, 4)
		if n, err := r.ReadAt(p, 6); n != 2 || err != io.EOF {
			t.Fatalf("read past the end: %d, %v", n, err)
		}
		if _, err := r.WriteAt(p, 0); err == nil {
			t.Fatal("wrote to a file opened for reading")
		}
	})
}

func TestFile_TruncateThenGrowReadsZeros(t *testing.T) {
	both(t, func(t *testing.T, fsys FS, dir string) {
		f, err := Create(fsys, filepath.Join(dir, "f"))
		must(t, err)
		defer f.Close()
		_, err = f.Write(bytes.Repeat([]byte{7}, 1000))
		must(t, err)
		must(t, f.Truncate(100))
		must(t, f.Truncate(1000))
		p := make([]byte, 900)
		_, err = f.ReadAt(p, 100)
		must(t, err)
		if !bytes.Equal(p, make([]byte, 900)) {
			t.Fatal("bytes that were cut came back")
		}
	})
}

func TestFS_Names(t *testing.T) {
	both(t, func(t *testing.T, fsys FS, dir string) {
		sub := filepath.Join(dir, "a", "b")
		must(t, fsys.MkdirAll(sub, 0o755))
		must(t, fsys.MkdirAll(sub, 0o755))
		x, y := filepath.Join(sub, "x"), filepath.Join(sub, "y")
		must(t, WriteFile(fsys, x, []byte("1")))
		must(t, WriteFile(fsys, x, []byte("22")))
		must(t, WriteFile(fsys, y, []byte("333")))
		list, err := fsys.ReadDir(sub)
		must(t, err)
		if len(list) != 2 || list[0].Name() != "x" || list[1].Name() != "y" || list[0].IsDir() {
			t.Fatalf("list %v", list)
		}
		if info, err := list[1].Info(); err != nil || info.Size() != 3 {
			t.Fatalf("y: %v, %v", info, err)
		}
		must(t, fsys.Rename(x, y))
		got, err := ReadFile(fsys, y)
		must(t, err)
		if string(got) != "22" {
			t.Fatalf("y is %q", got)
		}
		_, err = fsys.Stat(x)
		wantErr(t, err, fs.ErrNotExist)
		if info, err := fsys.Stat(sub); err != nil || !info.IsDir() {
			t.Fatalf("stat of a folder: %v, %v", info, err)
		}
		must(t, fsys.Remove(y))
		wantErr(t, fsys.Remove(y), fs.ErrNotExist)
		wantErr(t, fsys.Rename(x, y), fs.ErrNotExist)
		_, err = fsys.ReadDir(x)
		wantErr(t, err, fs.ErrNotExist)
		_, err = Open(fsys, x)
		wantErr(t, err, fs.ErrNotExist)
		_, err = Create(fsys, filepath.Join(dir, "none", "x"))
		wantErr(t, err, fs.ErrNotExist)
		must(t, WriteFile(fsys, x, nil))
		_, err = fsys.OpenFile(x, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		wantErr(t, err, fs.ErrExist)
		if err := fsys.MkdirAll(filepath.Join(x, "z"), 0o755); err == nil {
			t.Fatal("made a folder below a file")
		}
		must(t, fsys.SyncDir(sub))
		wantErr(t, fsys.SyncDir(filepath.Join(dir, "none")), fs.ErrNotExist)
	})
}

func TestFS_LockIsExclusive(t *testing.T) {
	both(t, func(t *testing.T, fsys FS, dir string) {
		path := filepath.Join(dir, "lock")
		held, err := fsys.Lock(path)
		must(t, err)
		_, err = fsys.Lock(path)
		wantErr(t, err, ErrLocked)
		must(t, held.Close())
		again, err := fsys.Lock(path)
		must(t, err)
		must(t, again.Close())
	})
}

func TestMemory_FullDisk(t *testing.T) {
	m := NewMemory()
	m.SetCapacity(1000)
	a, err := Create(m, "/a")
	must(t, err)
	_, err = a.Write(make([]byte, 600))
	must(t, err)
	b, err := Create(m, "/b")
	must(t, err)
	wantErr(t, b.Allocate(0, 500), syscall.ENOSPC)
	if size, _ := b.Size(); size != 0 {
		t.Fatalf("a failed allocation left %d bytes", size)
	}
	n, err := b.Write(make([]byte, 500))
	wantErr(t, err, syscall.ENOSPC)
	if n != 400 || m.Used() != 1000 {
		t.Fatalf("wrote %d, used %d", n, m.Used())
	}
	_, err = a.WriteAt([]byte{1}, 5) // room that the file has already
	must(t, err)
	must(t, m.Remove("/a"))
	_, err = b.Write(make([]byte, 100))
	must(t, err)
	if m.Used() != 500 {
		t.Fatalf("used %d after the removal", m.Used())
	}
}

func TestFaults(t *testing.T) {
	m := NewMemory()
	var calls []Op
	faults := map[Op]error{}
	f := NewFaults(m, func(c Call) error {
		calls = append(calls, c.Op)
		return faults[c.Op]
	})
	file, err := Create(f, "/a")
	must(t, err)
	must(t, f.SyncDir("/"))
	_, err = file.Write([]byte("safe"))
	must(t, err)
	must(t, file.Sync())

	faults[OpWrite] = &ShortWrite{Bytes: 2, Err: syscall.ENOSPC}
	n, err := file.Write([]byte("lost"))
	wantErr(t, err, syscall.ENOSPC)
	if n != 2 {
		t.Fatalf("short write of %d", n)
	}
	faults[OpSync] = syscall.EIO
	wantErr(t, file.Sync(), syscall.EIO)
	delete(faults, OpSync)
	must(t, file.Sync()) // the kernel says yes now, and the bytes are gone all the same
	for seed := range uint64(50) {
		got, err := ReadFile(m.Crash(seed), "/a")
		must(t, err)
		if !bytes.HasPrefix(got, []byte("safe")) || bytes.Contains(got, []byte("lo")) {
			t.Fatalf("after the crash: %q", got)
		}
	}
	want := []Op{OpOpen, OpSyncDir, OpWrite, OpSync, OpWrite, OpSync, OpSync}
	if len(calls) != len(want) || f.Calls() != int64(len(want)) {
		t.Fatalf("calls %v, want %v", calls, want)
	}
}
