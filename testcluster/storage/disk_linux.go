package storage

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// syncData leaves the file's times out, which saves a journal commit a call; the size is
// part of what fdatasync saves.
func syncData(f *os.File) error {
	return onDescriptor(f, "fdatasync", unix.Fdatasync)
}

// allocate reserves real blocks. The file systems without fallocate get a hole instead.
func allocate(f *os.File, offset, length int64) error {
	err := onDescriptor(f, "fallocate", func(fd int) error { return unix.Fallocate(fd, 0, offset, length) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return extend(f, offset+length)
	}
	return err
}

// onDescriptor runs a system call that a signal may interrupt.
func onDescriptor(f *os.File, op string, call func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var callErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if callErr = call(int(fd)); callErr != unix.EINTR {
				return
			}
		}
	})
	if err == nil {
		err = callErr
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: f.Name(), Err: err}
	}
	return nil
}
