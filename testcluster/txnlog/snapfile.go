package txnlog

import (
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// SnapshotFile is a snapshot that is being written. It becomes visible, whole and durable,
// with Commit.
type SnapshotFile struct {
	*SnapshotWriter
	folder *Folder
	file   storage.File
	packer *gzip.Writer // nil: plain
	path   string       // the final one
	size   int64
}

// CreateSnapshot begins the snapshot of a zxid: the last one applied now, before the tree is
// walked. packed is Plain or Gzip. Either Commit or Abort ends it.
func (f *Folder) CreateSnapshot(zxid zkproto.Zxid, packed Compression) (*SnapshotFile, error) {
	if packed != Plain && packed != Gzip {
		return nil, fmt.Errorf("write a snapshot: compression %q is not supported", packed)
	}
	name := snapName(zxid, packed)
	file, err := storage.Create(f.fs, filepath.Join(f.snapDir, tempPrefix+name))
	if err != nil {
		return nil, fmt.Errorf("create a snapshot: %w", err)
	}
	s := &SnapshotFile{folder: f, file: file, path: filepath.Join(f.snapDir, name)}
	var dst io.Writer = file
	if packed == Gzip {
		// BestSpeed: the server goes on serving while this runs.
		if s.packer, err = gzip.NewWriterLevel(file, gzip.BestSpeed); err != nil {
			s.Abort()
			return nil, fmt.Errorf("create a snapshot: %w", err)
		}
		dst = s.packer
	}
	s.SnapshotWriter = newSnapshotContent(dst)
	return s, nil
}

// Path is where the snapshot will be.
func (s *SnapshotFile) Path() string { return s.path }

// Size is the file's length in bytes, once committed.
func (s *SnapshotFile) Size() int64 { return s.size }

// Commit syncs the file, then gives it its name, then makes the name durable. After an error
// the snapshot is gone, and older ones are as they were.
func (s *SnapshotFile) Commit() error {
	if err := s.finish(); err != nil {
		s.Abort()
		return fmt.Errorf("write snapshot %s: %w", s.path, err)
	}
	file := s.file
	s.file = nil
	if err := file.Close(); err != nil {
		return fmt.Errorf("write snapshot %s: %w", s.path, err)
	}
	if err := s.folder.fs.Rename(file.Name(), s.path); err != nil {
		return fmt.Errorf("write snapshot %s: %w", s.path, err)
	}
	if err := s.folder.fs.SyncDir(s.folder.snapDir); err != nil {
		return fmt.Errorf("write snapshot %s: %w", s.path, err)
	}
	return nil
}

func (s *SnapshotFile) finish() (err error) {
	if err := s.Flush(); err != nil {
		return err
	}
	if s.packer != nil {
		if err := s.packer.Close(); err != nil {
			return err
		}
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.size, err = s.file.Size()
	return err
}

// Abort throws the snapshot away. After Commit it does nothing.
func (s *SnapshotFile) Abort() {
	if s.file == nil {
		return
	}
	// What cannot be removed now is removed at the next start.
	s.file.Close()
	_ = s.folder.fs.Remove(s.file.Name())
	s.file = nil
}
