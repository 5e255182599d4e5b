package txnlog

import (
	"fmt"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// MinRetained is the least number of snapshots that Purge keeps: autopurge.snapRetainCount
// has it as its floor.
const MinRetained = 3

// Purge removes all but the newest keep snapshots (at least MinRetained), and the logs that
// none of those needs: the one in which the oldest kept snapshot's next transaction stands
// is the last to stay. It returns the paths removed, also after an error.
//
// Snapshots go first, durably: no crash leaves an old snapshot whose logs are gone.
func (f *Folder) Purge(keep int) (removed []string, err error) {
	snaps, err := listFiles(f.fs, f.snapDir, snapPrefix)
	if err != nil {
		return nil, fmt.Errorf("purge: %w", err)
	}
	old := len(snaps) - max(keep, MinRetained)
	if old <= 0 {
		return nil, nil
	}
	logs, err := listFiles(f.fs, f.logDir, logPrefix)
	if err != nil {
		return nil, fmt.Errorf("purge: %w", err)
	}
	if len(logs) > 0 {
		logs = logs[:startFor(logs, snaps[old].zxid)]
	}
	for _, part := range []struct {
		dir   string
		files []file
	}{{f.snapDir, snaps[:old]}, {f.logDir, logs}} {
		paths, err := removeAll(f.fs, part.dir, part.files)
		removed = append(removed, paths...)
		if err != nil {
			return removed, fmt.Errorf("purge: %w", err)
		}
	}
	return removed, nil
}

func removeAll(fsys storage.FS, dir string, files []file) (removed []string, err error) {
	for _, f := range files {
		if err := fsys.Remove(f.path); err != nil {
			return removed, err
		}
		removed = append(removed, f.path)
	}
	if len(files) == 0 {
		return nil, nil
	}
	return removed, fsys.SyncDir(dir)
}
