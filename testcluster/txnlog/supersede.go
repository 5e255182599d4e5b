package txnlog

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// CannotGoBackError says that the state at a zxid cannot be restored: no snapshot, with the log
// behind it, leads there.
type CannotGoBackError struct {
	Dir     string
	Zxid    zkproto.Zxid // the one wanted
	Nearest zkproto.Zxid // of the snapshots; -1: there is none
}

func (e *CannotGoBackError) Error() string {
	if e.Nearest < 0 {
		return fmt.Sprintf("cannot go back to zxid %v: no snapshot in %s", e.Zxid, e.Dir)
	}
	return fmt.Sprintf("cannot go back to zxid %v: the nearest snapshot in %s is of %v", e.Zxid, e.Dir, e.Nearest)
}

// RemoveSnapshotsAbove removes, durably, the snapshots of what came after zxid, which is
// about to be cut from the log. Without a snapshot to start from instead it is a
// *CannotGoBackError, and nothing is removed.
func (f *Folder) RemoveSnapshotsAbove(zxid zkproto.Zxid) error {
	snaps, err := listFiles(f.fs, f.snapDir, snapPrefix)
	if err != nil {
		return fmt.Errorf("remove snapshots above %v: %w", zxid, err)
	}
	kept := 0
	for kept < len(snaps) && snaps[kept].zxid <= zxid {
		kept++
	}
	if kept == 0 {
		nearest := zkproto.Zxid(-1)
		if len(snaps) > 0 {
			nearest = snaps[0].zxid
		}
		return &CannotGoBackError{Dir: f.snapDir, Zxid: zxid, Nearest: nearest}
	}
	if _, err := removeAll(f.fs, f.snapDir, snaps[kept:]); err != nil {
		return fmt.Errorf("remove snapshots above %v: %w", zxid, err)
	}
	return nil
}

// Supersede begins the log anew behind a snapshot of zxid if the log ends before it: otherwise
// it would have a hole that cannot be told from the end of an epoch. The snapshots before zxid
// go too, as the log no longer leads on from them. Without such a snapshot it is a
// *CannotGoBackError, and nothing is removed.
//
// The server of an ensemble calls it when its snapshot has transactions that its log has not.
func (f *Folder) Supersede(l *Log, zxid zkproto.Zxid) error {
	if l.Last() >= zxid {
		return nil
	}
	snaps, err := listFiles(f.fs, f.snapDir, snapPrefix)
	if err != nil {
		return fmt.Errorf("begin the log anew behind snapshot %v: %w", zxid, err)
	}
	kept := 0
	for kept < len(snaps) && snaps[kept].zxid < zxid {
		kept++
	}
	if kept == len(snaps) {
		nearest := zkproto.Zxid(-1)
		if kept > 0 {
			nearest = snaps[kept-1].zxid
		}
		return &CannotGoBackError{Dir: f.snapDir, Zxid: zxid, Nearest: nearest}
	}
	if _, err := removeAll(f.fs, f.snapDir, snaps[:kept]); err != nil {
		return fmt.Errorf("begin the log anew behind snapshot %v: %w", zxid, err)
	}
	f.logger.Info("the log begins anew behind a snapshot", "zxid", zxid, "log_ended_at", l.Last())
	return l.TruncateAfter(0)
}

// NewestSnapshotSize is the length in bytes of the newest snapshot's file; 0 if there is none.
func (f *Folder) NewestSnapshotSize() (int64, error) {
	list, err := f.Snapshots()
	if err != nil || len(list) == 0 {
		return 0, err
	}
	info, err := f.fs.Stat(list[0].Path)
	if err != nil {
		return 0, fmt.Errorf("size of a snapshot: %w", err)
	}
	return info.Size(), nil
}
