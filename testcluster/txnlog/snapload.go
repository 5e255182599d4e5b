package txnlog

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// SnapshotInfo is a snapshot in the folder.
type SnapshotInfo struct {
	Path   string
	Zxid   zkproto.Zxid // by its name
	Packed Compression
}

// LoadedSnapshot is what LoadNewest has found.
type LoadedSnapshot struct {
	SnapshotInfo // of none, which is no error in an empty folder, Path is "" and Zxid -1
	SnapshotTail
	// Size is the file's length in bytes.
	Size int64
}

// maxSnapshotTries is how many snapshots are tried before the folder is given up.
const maxSnapshotTries = 100

// Snapshots lists the snapshots, newest first.
func (f *Folder) Snapshots() ([]SnapshotInfo, error) {
	files, err := listFiles(f.fs, f.snapDir, snapPrefix)
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	list := make([]SnapshotInfo, 0, len(files))
	for i := len(files) - 1; i >= 0; i-- {
		list = append(list, SnapshotInfo{Path: files[i].path, Zxid: files[i].zxid, Packed: files[i].packed})
	}
	return list, nil
}

// LoadNewest reads the newest snapshot that is valid; those that are not are passed over with
// a log line. newSink is called for each try, as a sink that was fed from a corrupt snapshot
// is of no use.
//
// If there is no snapshot, the result has zxid -1, but if there are logs it is a
// *NoSnapshotError unless the configuration trusts an empty folder. If none is valid it is a
// *NoValidSnapshotError.
func (f *Folder) LoadNewest(newSink func() SnapshotSink) (LoadedSnapshot, error) {
	none := LoadedSnapshot{SnapshotInfo: SnapshotInfo{Zxid: -1}}
	list, err := f.Snapshots()
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, f.checkNoLogs()
	}
	list = list[:min(len(list), maxSnapshotTries)]
	for _, info := range list {
		loaded := LoadedSnapshot{SnapshotInfo: info}
		loaded.SnapshotTail, loaded.Size, err = f.load(info, newSink)
		if err == nil {
			return loaded, nil
		}
		if corrupt := (*CorruptError)(nil); !errors.As(err, &corrupt) {
			return none, err
		}
		f.logger.Warn("passed over a snapshot that is not valid", "file", info.Path, "err", err)
	}
	return none, &NoValidSnapshotError{Dir: f.snapDir, Tried: len(list), Last: err}
}

func (f *Folder) checkNoLogs() error {
	logs, err := listFiles(f.fs, f.logDir, logPrefix)
	if err != nil {
		return fmt.Errorf("list the transaction logs: %w", err)
	}
	if len(logs) > 0 && !f.trustEmpty {
		return &NoSnapshotError{SnapDir: f.snapDir, LogDir: f.logDir}
	}
	return nil
}

func (f *Folder) load(info SnapshotInfo, newSink func() SnapshotSink) (SnapshotTail, int64, error) {
	if info.Packed != Plain && info.Packed != Gzip {
		return SnapshotTail{}, 0, fmt.Errorf("read snapshot %s: compression %q is not supported; "+
			"let Apache's server write one with snapshot.compression.method=gz or none", info.Path, info.Packed)
	}
	file, err := storage.Open(f.fs, info.Path)
	if err != nil {
		return SnapshotTail{}, 0, fmt.Errorf("read a snapshot: %w", err)
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return SnapshotTail{}, 0, fmt.Errorf("read a snapshot: %w", err)
	}
	src := storage.NewReader(file)
	if info.Packed == Gzip {
		unpacker, err := gzip.NewReader(src)
		if err != nil {
			return SnapshotTail{}, size, unpackError(info.Path, err)
		}
		src = &gunzip{path: info.Path, src: unpacker}
	} else if err := checkEnd(file, info.Path, size); err != nil {
		return SnapshotTail{}, size, err
	}
	tail, err := ReadSnapshot(src, info.Path, newSink())
	return tail, size, err
}

// checkEnd looks whether the file ends as a snapshot does, which spares reading all of one
// that a crash cut short.
func checkEnd(file storage.File, path string, size int64) error {
	end := make([]byte, 5)
	if size < 10 {
		return &CorruptError{File: path, Offset: size, Reason: "too short for a snapshot"}
	}
	if _, err := file.ReadAt(end, size-5); err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	if string(end) != "\x00\x00\x00\x01/" {
		return &CorruptError{File: path, Offset: size - 5, Reason: "the snapshot is not complete: it does not end with a seal"}
	}
	return nil
}

// gunzip tells a damaged file from one that cannot be read.
type gunzip struct {
	path string
	src  *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.src.Read(p)
	if err != nil && err != io.EOF {
		err = unpackError(g.path, err)
	}
	return n, err
}

func unpackError(path string, err error) error {
	if disk := (*fs.PathError)(nil); errors.As(err, &disk) {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	return &CorruptError{File: path, Reason: "unpack: " + err.Error()}
}
