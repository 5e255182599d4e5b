package storage

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is a file system. Paths are those of the operating system. Errors are *fs.PathError,
// *os.LinkError or wrap one, so that errors.Is finds fs.ErrNotExist, syscall.ENOSPC and so on.
type FS interface {
	// OpenFile opens a file with flags of package os (O_RDONLY, O_RDWR|O_CREATE|O_EXCL, ...).
	// O_APPEND is not supported: a caller knows where its file ends.
	OpenFile(path string, flag int, perm fs.FileMode) (File, error)
	// Remove unlinks one file, or an empty folder. The removal is durable after SyncDir.
	Remove(path string) error
	// Rename replaces newPath in one step, or moves a folder to a name that is free. It is durable
	// after SyncDir.
	Rename(oldPath, newPath string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(path string) ([]fs.DirEntry, error)
	Stat(path string) (fs.FileInfo, error)
	// MkdirAll makes a folder and its parents, durably.
	MkdirAll(path string, perm fs.FileMode) error
	// SyncDir makes the names in a folder durable.
	SyncDir(path string) error
	// Lock takes the file at path, which is created when missing, for this process alone
	// until the Closer is closed. It does not wait: ErrLocked says that another has it.
	Lock(path string) (io.Closer, error)
}

// File is an open file. Write goes on where the last Write ended and begins at 0; the
// methods with an offset do not move it.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Writer
	io.Closer
	// Name is the path that the file was opened by.
	Name() string
	// Size is the length in bytes now.
	Size() (int64, error)
	// Sync makes the bytes and the size durable, not the times (fdatasync). After an error
	// what was written since the last Sync is lost.
	Sync() error
	// Truncate sets the size. Bytes gained read as zero.
	Truncate(size int64) error
	// Allocate makes the file at least offset+length long and reserves room on the disk for
	// that part. Bytes gained read as zero, others are untouched.
	Allocate(offset, length int64) error
}

// Create opens a new or emptied file for reading and writing.
func Create(fsys FS, path string) (File, error) {
	return fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
}

// Open opens a file for reading.
func Open(fsys FS, path string) (File, error) {
	return fsys.OpenFile(path, os.O_RDONLY, 0)
}

// NewReader returns a sequential reader of the whole of f.
func NewReader(f File) io.Reader { return io.NewSectionReader(f, 0, 1<<62) }

// ReadFile returns a file's bytes.
func ReadFile(fsys FS, path string) ([]byte, error) {
	f, err := Open(fsys, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(NewReader(f))
}

// WriteFile replaces a file's content in one step: after a crash at any instant the file
// holds the old bytes or the new ones. It writes path.tmp, syncs it, renames it over path
// and syncs the folder; on return the new bytes are durable.
func WriteFile(fsys FS, path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := Create(fsys, tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = fsys.Remove(tmp) // a best effort: the error that counts is the first
		return err
	}
	if err := fsys.Rename(tmp, path); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}
