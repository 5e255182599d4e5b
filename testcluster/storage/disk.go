package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLocked is what Lock reports when another process, or another caller, has the lock.
var ErrLocked = errors.New("locked by another process")

// Disk returns the file system of the operating system.
func Disk() FS { return disk{} }

type disk struct{}

type diskFile struct{ *os.File }

func (disk) OpenFile(path string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Remove(path string) error { return os.Remove(path) }

func (disk) Rename(oldPath, newPath string) error { return os.Rename(oldPath, newPath) }

func (disk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

func (disk) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// MkdirAll syncs the parent of every folder that it makes: a folder whose own name is not
// durable takes all its files along.
func (d disk) MkdirAll(path string, perm fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := d.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := os.Stat(path); err != nil {
		return err
	} else if !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("a file of that name is in the way")}
	}
	return d.SyncDir(parent)
}

func (disk) SyncDir(path string) error { return syncDir(path) }

func (disk) Lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f diskFile) Sync() error { return syncData(f.File) }

func (f diskFile) Allocate(offset, length int64) error { return allocate(f.File, offset, length) }

// extend is Allocate where the system cannot reserve room: the file gets a hole.
func extend(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	return f.Truncate(size)
}
