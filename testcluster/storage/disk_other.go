//go:build !linux

package storage

import "os"

func syncData(f *os.File) error { return f.Sync() }

func allocate(f *os.File, offset, length int64) error { return extend(f, offset+length) }
