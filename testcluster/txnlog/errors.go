package txnlog

import (
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// CorruptError says that a file's bytes are not what was written: nothing was changed, and
// a person has to decide.
type CorruptError struct {
	File   string
	Offset int64 // where the broken part begins; in a compressed file, before compression
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: corrupt at offset %d: %s", e.File, e.Offset, e.Reason)
}

// GapError says that transactions are missing between two that are there: a log file was
// removed, or the snapshot is older than the oldest log.
type GapError struct {
	File     string       // the file in which Got stands
	Expected zkproto.Zxid // the first that is missing
	Got      zkproto.Zxid // what stands there instead
}

func (e *GapError) Error() string {
	return fmt.Sprintf("%s: transactions %v to %v are missing before this file's %v",
		e.File, e.Expected, e.Got-1, e.Got)
}

// NoSnapshotError says that there are transaction logs but no snapshot to start from, which
// happens when the snapshot folder was lost. Apache: snapshot.trust.empty overrides it.
type NoSnapshotError struct {
	SnapDir string
	LogDir  string
}

func (e *NoSnapshotError) Error() string {
	return fmt.Sprintf("no snapshot in %s, but there are transaction logs in %s: something is missing", e.SnapDir, e.LogDir)
}

// NoValidSnapshotError says that none of the snapshots could be read.
type NoValidSnapshotError struct {
	Dir   string
	Tried int
	Last  error // why the last one tried was refused
}

func (e *NoValidSnapshotError) Error() string {
	return fmt.Sprintf("none of the %d newest snapshots in %s is valid; the last one tried: %v", e.Tried, e.Dir, e.Last)
}

func (e *NoValidSnapshotError) Unwrap() error { return e.Last }

// MisplacedError says that a log lies in the snapshot folder or a snapshot in the log
// folder, though they are two: the configuration was changed without moving the files.
type MisplacedError struct {
	Dir  string
	File string
}

func (e *MisplacedError) Error() string {
	return fmt.Sprintf("%s: %s does not belong here: dataDir and dataLogDir differ, move the file to the other or make them equal", e.Dir, e.File)
}

// ErrOrder says that a transaction was appended whose zxid is not above the last one's.
var ErrOrder = errors.New("zxid does not grow")

// ErrFailed is wrapped by what a Log or a Writer reports once a write or sync has failed:
// what of the last batch is on the disk is then unknown, and trying again would not tell.
var ErrFailed = errors.New("the transaction log has failed")

// ErrClosed says that the Log or Writer was closed.
var ErrClosed = errors.New("the transaction log is closed")
