package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// Op is a kind of call on a file system or a file.
type Op uint8

const (
	OpOpen Op = iota
	OpRemove
	OpRename
	OpReadDir
	OpStat
	OpMkdir
	OpSyncDir
	OpLock
	OpRead
	OpWrite
	OpSize
	OpSync
	OpTruncate
	OpAllocate
	OpClose
)

var opNames = [...]string{"open", "remove", "rename", "readdir", "stat", "mkdir", "syncdir", "lock",
	"read", "write", "size", "sync", "truncate", "allocate", "close"}

func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return fmt.Sprintf("op %d", uint8(o))
}

// Call is one call that is about to be made.
type Call struct {
	N    int64 // 1 for the first call on the Faults
	Op   Op
	Path string // for a rename, the old path
}

// ShortWrite is an answer for a write: it lets the first Bytes bytes through and then fails with Err.
type ShortWrite struct {
	Bytes int
	Err   error
}

func (s *ShortWrite) Error() string {
	return fmt.Sprintf("short write of %d bytes: %v", s.Bytes, s.Err)
}

func (s *ShortWrite) Unwrap() error { return s.Err }

// Faults is a file system that fails on demand.
type Faults struct {
	under  FS
	inject func(Call) error
	n      atomic.Int64
}

// NewFaults wraps a file system. Before each call inject is asked; when it returns an error
// the call is not made and fails with that error, as a *fs.PathError. A sync that is made to
// fail loses the bytes that it was to save. inject may also only look on: it may take a
// [Memory.Crash] of the file system beneath.
func NewFaults(under FS, inject func(Call) error) *Faults {
	return &Faults{under: under, inject: inject}
}

// Calls is the number of calls so far.
func (f *Faults) Calls() int64 { return f.n.Load() }

func (f *Faults) ask(op Op, path string) error {
	if err := f.inject(Call{N: f.n.Add(1), Op: op, Path: path}); err != nil {
		return pathError(op.String(), path, err)
	}
	return nil
}

func (f *Faults) OpenFile(path string, flag int, perm fs.FileMode) (File, error) {
	if err := f.ask(OpOpen, path); err != nil {
		return nil, err
	}
	file, err := f.under.OpenFile(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, f: f}, nil
}

func (f *Faults) Remove(path string) error {
	if err := f.ask(OpRemove, path); err != nil {
		return err
	}
	return f.under.Remove(path)
}

func (f *Faults) Rename(oldPath, newPath string) error {
	if err := f.ask(OpRename, oldPath); err != nil {
		return err
	}
	return f.under.Rename(oldPath, newPath)
}

func (f *Faults) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := f.ask(OpReadDir, path); err != nil {
		return nil, err
	}
	return f.under.ReadDir(path)
}

func (f *Faults) Stat(path string) (fs.FileInfo, error) {
	if err := f.ask(OpStat, path); err != nil {
		return nil, err
	}
	return f.under.Stat(path)
}

func (f *Faults) MkdirAll(path string, perm fs.FileMode) error {
	if err := f.ask(OpMkdir, path); err != nil {
		return err
	}
	return f.under.MkdirAll(path, perm)
}

func (f *Faults) SyncDir(path string) error {
	if err := f.ask(OpSyncDir, path); err != nil {
		return err
	}
	return f.under.SyncDir(path)
}

func (f *Faults) Lock(path string) (io.Closer, error) {
	if err := f.ask(OpLock, path); err != nil {
		return nil, err
	}
	return f.under.Lock(path)
}

// faultyFile is an open file of a Faults. Name is the only method that cannot fail.
type faultyFile struct {
	File
	f *Faults
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.f.ask(OpRead, f.Name()); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *faultyFile) Write(p []byte) (int, error) {
	return f.write(p, f.File.Write)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	return f.write(p, func(p []byte) (int, error) { return f.File.WriteAt(p, off) })
}

func (f *faultyFile) write(p []byte, write func([]byte) (int, error)) (int, error) {
	err := f.f.ask(OpWrite, f.Name())
	if err == nil {
		return write(p)
	}
	if short := (*ShortWrite)(nil); errors.As(err, &short) {
		n, werr := write(p[:min(max(short.Bytes, 0), len(p))])
		if werr != nil {
			return n, werr
		}
		return n, err
	}
	return 0, err
}

func (f *faultyFile) Size() (int64, error) {
	if err := f.f.ask(OpSize, f.Name()); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *faultyFile) Sync() error {
	err := f.f.ask(OpSync, f.Name())
	if err == nil {
		return f.File.Sync()
	}
	if m, ok := f.File.(interface{ loseUnsynced() }); ok {
		m.loseUnsynced()
	}
	return err
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.f.ask(OpTruncate, f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Allocate(offset, length int64) error {
	if err := f.f.ask(OpAllocate, f.Name()); err != nil {
		return err
	}
	return f.File.Allocate(offset, length)
}

// Close closes the file beneath even when it is made to fail: a descriptor is gone after
// close(2), whatever it returned.
func (f *faultyFile) Close() error {
	err := f.f.ask(OpClose, f.Name())
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
