package ensemble

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// errDead: the node has been killed.
var errDead = errors.New("the node has been killed")

// mortal is a node's file system until the node is killed: from then on everything fails, so
// that the server cannot write what a process that is killed would not have written. A call
// that is under way is done before.
type mortal struct {
	storage.FS
	mu   sync.RWMutex
	dead bool
}

func newMortal(under storage.FS) *mortal { return &mortal{FS: under} }

func (f *mortal) die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
}

// live runs a call that changes something.
func (f *mortal) live(op, path string, call func() error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.dead {
		return &fs.PathError{Op: op, Path: path, Err: errDead}
	}
	return call()
}

func (f *mortal) OpenFile(path string, flag int, perm fs.FileMode) (file storage.File, err error) {
	err = f.live("open", path, func() (err error) {
		file, err = f.FS.OpenFile(path, flag, perm)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &mortalFile{file, f}, nil
}

func (f *mortal) Remove(path string) error {
	return f.live("remove", path, func() error { return f.FS.Remove(path) })
}

func (f *mortal) Rename(oldPath, newPath string) error {
	return f.live("rename", oldPath, func() error { return f.FS.Rename(oldPath, newPath) })
}

func (f *mortal) MkdirAll(path string, perm fs.FileMode) error {
	return f.live("mkdir", path, func() error { return f.FS.MkdirAll(path, perm) })
}

func (f *mortal) SyncDir(path string) error {
	return f.live("syncdir", path, func() error { return f.FS.SyncDir(path) })
}

func (f *mortal) Lock(path string) (c io.Closer, err error) {
	err = f.live("lock", path, func() (err error) {
		c, err = f.FS.Lock(path)
		return err
	})
	return c, err
}

// mortalFile is an open file of it. It can always be closed.
type mortalFile struct {
	storage.File
	fs *mortal
}

func (f *mortalFile) Write(p []byte) (n int, err error) {
	err = f.fs.live("write", f.Name(), func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

func (f *mortalFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.fs.live("write", f.Name(), func() (err error) {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	return n, err
}

func (f *mortalFile) Sync() error { return f.fs.live("sync", f.Name(), f.File.Sync) }

func (f *mortalFile) Truncate(size int64) error {
	return f.fs.live("truncate", f.Name(), func() error { return f.File.Truncate(size) })
}

func (f *mortalFile) Allocate(offset, length int64) error {
	return f.fs.live("allocate", f.Name(), func() error { return f.File.Allocate(offset, length) })
}
