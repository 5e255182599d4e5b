package txnlog

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// versionDir is the folder inside dataDir and dataLogDir in which the files lie.
const versionDir = "version-2"

// FolderConfig says where a server's files are.
type FolderConfig struct {
	DataDir string // dataDir: snapshots and epochs
	LogDir  string // dataLogDir: transaction logs; "" is DataDir
	// NoCreate refuses folders that are not there: datadir.autocreate=false.
	NoCreate bool
	// TrustEmpty starts from nothing where there are logs and no snapshot:
	// snapshot.trust.empty.
	TrustEmpty bool
	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
}

// Folder is where one server's files lie. Its methods may be called at the same time.
type Folder struct {
	fs         storage.FS
	snapDir    string
	logDir     string
	trustEmpty bool
	logger     *slog.Logger
}

// OpenFolder makes the folders if they are missing and checks that the files lie where they
// belong (*MisplacedError).
func OpenFolder(fsys storage.FS, c FolderConfig) (*Folder, error) {
	if c.LogDir == "" {
		c.LogDir = c.DataDir
	}
	f := &Folder{
		fs:         fsys,
		snapDir:    filepath.Join(c.DataDir, versionDir),
		logDir:     filepath.Join(c.LogDir, versionDir),
		trustEmpty: c.TrustEmpty,
		logger:     c.Logger,
	}
	if f.logger == nil {
		f.logger = slog.New(slog.DiscardHandler)
	}
	for _, dir := range []string{f.snapDir, f.logDir} {
		if err := ensureDir(fsys, dir, !c.NoCreate); err != nil {
			return nil, fmt.Errorf("open the data folder: %w", err)
		}
	}
	if f.snapDir != f.logDir {
		if err := refuse(fsys, f.snapDir, logPrefix); err != nil {
			return nil, err
		}
		if err := refuse(fsys, f.logDir, snapPrefix); err != nil {
			return nil, err
		}
	}
	return f, f.removeTemps()
}

// SnapDir is the folder with the snapshots and epochs, LogDir the one with the logs; both
// end in version-2.
func (f *Folder) SnapDir() string { return f.snapDir }

// LogDir is the folder with the logs.
func (f *Folder) LogDir() string { return f.logDir }

// OpenLog opens the transaction log; see the function of that name.
func (f *Folder) OpenLog(opts Options) (*Log, error) {
	if opts.Logger == nil {
		opts.Logger = f.logger
	}
	return OpenLog(f.fs, f.logDir, opts)
}

// Sizes are the bytes of all files in the snapshot folder and in the log folder, as
// AdminServer's dirs command tells them. If the two are one, so are the numbers.
func (f *Folder) Sizes() (snapBytes, logBytes int64, err error) {
	if snapBytes, err = dirSize(f.fs, f.snapDir); err != nil {
		return 0, 0, err
	}
	logBytes, err = dirSize(f.fs, f.logDir)
	return snapBytes, logBytes, err
}

func dirSize(fsys storage.FS, dir string) (sum int64, err error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // purged meanwhile
		}
		if err != nil {
			return 0, err
		}
		if !e.IsDir() {
			sum += info.Size()
		}
	}
	return sum, nil
}

func ensureDir(fsys storage.FS, dir string, create bool) error {
	info, err := fsys.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return &fs.PathError{Op: "open", Path: dir, Err: errors.New("not a folder")}
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) && create:
		return fsys.MkdirAll(dir, 0o755)
	}
	return err
}

// refuse reports a file with the prefix in dir.
func refuse(fsys storage.FS, dir, prefix string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && !e.IsDir() {
			return &MisplacedError{Dir: dir, File: e.Name()}
		}
	}
	return nil
}

// removeTemps removes snapshots that were being written when the last run ended.
func (f *Folder) removeTemps() error {
	entries, err := f.fs.ReadDir(f.snapDir)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix+snapPrefix) && !e.IsDir() {
			if err := f.fs.Remove(filepath.Join(f.snapDir, e.Name())); err != nil {
				return fmt.Errorf("remove an unfinished snapshot: %w", err)
			}
		}
	}
	return nil
}
