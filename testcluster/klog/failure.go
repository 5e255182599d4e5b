package klog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// A log folder whose disk fails once has failed for good: with a full disk, an I/O error, or a file system that has
// become read-only, nobody knows what the next write would do. It takes no more appends, and nothing more is written
// to it. What it has can still be read, as far as the disk lets it be, by the replicas that take over.
//
// Source: LogDirFailureChannel, LogManager.handleLogDirFailure.

// Failed is closed when the folder has failed: see Err.
func (d *Dir) Failed() <-chan struct{} { return d.gone }

// Err says why the folder has failed, a [*FailedError] with the file and the cause; nil if it has not.
func (d *Dir) Err() error { return d.shared.err() }

func (s *shared) err() error {
	if err := s.failed.Load(); err != nil {
		return err
	}
	return nil
}

// fail ends the use of the folder, and returns why: the first time counts.
func (d *Dir) fail(err error) error {
	if d.shared.failed.CompareAndSwap(nil, &FailedError{d.o.Path, err}) {
		close(d.gone)
	}
	return d.Err()
}

// fail ends the use of the log's folder for good, and returns why.
func (l *Log) fail(doing string, err error) error {
	return l.shared.fail(fmt.Errorf("%s %s: %w", doing, l, err))
}

// notWritten is the answer where something could not be written that must be. Only a lack of file descriptors is not
// the disk's fault, and passes.
func (l *Log) notWritten(doing string, err error) error {
	if outOfDescriptors(err) {
		return fmt.Errorf("%s %s: %w: %w", doing, l, kproto.KafkaStorageError, err)
	}
	return l.fail(doing, err)
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// ofTheDisk tells what a disk does wrong from what a caller may expect: a file that is not there, or there already, or
// was closed by somebody else; or a name that is too long for it.
func ofTheDisk(err error) bool {
	for _, ordinary := range []error{io.EOF, fs.ErrNotExist, fs.ErrExist, fs.ErrClosed, syscall.ENAMETOOLONG} {
		if errors.Is(err, ordinary) {
			return false
		}
	}
	return !outOfDescriptors(err)
}

// watchedFS is the file system of a folder: failed is told of all that its disk does wrong.
type watchedFS struct {
	storage.FS
	failed func(error) error
}

func (w *watchedFS) look(err error) error {
	if err != nil && ofTheDisk(err) {
		_ = w.failed(err) // the caller goes on with err itself
	}
	return err
}

func (w *watchedFS) OpenFile(path string, flag int, perm fs.FileMode) (storage.File, error) {
	f, err := w.FS.OpenFile(path, flag, perm)
	if err != nil {
		return nil, w.look(err)
	}
	return &watchedFile{f, w}, nil
}

func (w *watchedFS) Remove(path string) error { return w.look(w.FS.Remove(path)) }

func (w *watchedFS) Rename(oldPath, newPath string) error {
	return w.look(w.FS.Rename(oldPath, newPath))
}

func (w *watchedFS) ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := w.FS.ReadDir(path)
	return entries, w.look(err)
}

func (w *watchedFS) Stat(path string) (fs.FileInfo, error) {
	info, err := w.FS.Stat(path)
	return info, w.look(err)
}

func (w *watchedFS) MkdirAll(path string, perm fs.FileMode) error {
	return w.look(w.FS.MkdirAll(path, perm))
}

func (w *watchedFS) SyncDir(path string) error { return w.look(w.FS.SyncDir(path)) }

// watchedFile is an open file of a watchedFS. What Close says is of no interest: all that counts was synced before.
type watchedFile struct {
	storage.File
	w *watchedFS
}

func (f *watchedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	return n, f.w.look(err)
}

func (f *watchedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, f.w.look(err)
}

func (f *watchedFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.w.look(err)
}

func (f *watchedFile) Size() (int64, error) {
	n, err := f.File.Size()
	return n, f.w.look(err)
}

func (f *watchedFile) Sync() error { return f.w.look(f.File.Sync()) }

func (f *watchedFile) Truncate(size int64) error { return f.w.look(f.File.Truncate(size)) }

func (f *watchedFile) Allocate(offset, length int64) error {
	return f.w.look(f.File.Allocate(offset, length))
}
