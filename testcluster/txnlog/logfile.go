package txnlog

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// logFile is the log file that is being written.
type logFile struct {
	f     storage.File
	path  string
	start zkproto.Zxid
	opts  Options
	end   int64 // behind the last entry
	size  int64 // with the room allocated
}

// allocMargin is how near to the allocated end a write may come: Apache's, so that files
// have the same sizes.
const allocMargin = 4096

// createLogFile makes a file whose header and name are durable before it takes an entry: an
// entry that was acknowledged then never stands in a file that cannot be read or found.
func createLogFile(fsys storage.FS, dir string, first zkproto.Zxid, opts Options) (*logFile, error) {
	path := filepath.Join(dir, logName(first))
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create a transaction log: %w", err)
	}
	l := &logFile{f: f, path: path, start: first, opts: opts, end: fileHeaderSize, size: fileHeaderSize}
	if err := l.begin(fsys, dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("create a transaction log: %w", err)
	}
	return l, nil
}

func (l *logFile) begin(fsys storage.FS, dir string) error {
	if _, err := l.f.WriteAt(logHeader(fileHeaderSize), 0); err != nil {
		return err
	}
	l.reserve(0)
	if l.opts.NoSync {
		return nil
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

// reserve allocates room for n more bytes, which keeps the file's size out of most syncs. A
// disk that has no room for the whole step may still have it for the entries, so a failure
// only ends the allocating.
func (l *logFile) reserve(n int) {
	step := l.opts.PreAlloc
	if step <= 0 || l.end+int64(n)+allocMargin < l.size {
		return
	}
	size := l.size
	for l.end+int64(n)+allocMargin >= size {
		size += step
	}
	if err := l.f.Allocate(l.size, size-l.size); err != nil {
		l.opts.Logger.Warn("no room to allocate ahead for the transaction log", "file", l.path, "err", err)
		l.opts.PreAlloc = -1
		return
	}
	l.size = size
}

// write puts a batch at the end and moves the mark to where it begins: all bytes before it
// have been synced.
func (l *logFile) write(batch []byte) error {
	l.reserve(len(batch))
	if _, err := l.f.WriteAt(batch, l.end); err != nil {
		return fmt.Errorf("write to the transaction log: %w", err)
	}
	if !l.opts.NoSync && l.end > fileHeaderSize {
		if _, err := l.f.WriteAt(appendMark(nil, l.end), 8); err != nil {
			return fmt.Errorf("write to the transaction log's header: %w", err)
		}
	}
	l.end += int64(len(batch))
	return nil
}

func (l *logFile) sync() error {
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("sync the transaction log: %w", err)
	}
	return nil
}

// finish gives the room not used back, marks all entries as durable, and closes the file.
func (l *logFile) finish() error {
	err := l.f.Truncate(l.end)
	if err == nil && !l.opts.NoSync {
		err = writeMark(l.f, l.end)
	}
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("end the transaction log %s: %w", l.path, err)
	}
	return nil
}
