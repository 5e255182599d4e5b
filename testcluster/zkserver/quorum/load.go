package quorum

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// EpochError says that a server's epoch files and its log contradict each other: one of them
// was removed, or brought from another server. The server must not vote like that; emptied,
// it gets everything from the others.
type EpochError struct {
	Dir               string // of the epoch files
	Accepted, Current int64  // what they say
	Last              zab.Zxid
}

func (e *EpochError) Error() string {
	if e.Accepted < e.Current {
		return fmt.Sprintf("%s: acceptedEpoch is %d, which is below currentEpoch, %d", e.Dir, e.Accepted, e.Current)
	}
	return fmt.Sprintf("%s: currentEpoch is %d and acceptedEpoch %d, but the last transaction, %v, is of epoch %d",
		e.Dir, e.Current, e.Accepted, e.Last, e.Last.Epoch())
}

// Load tells what is durable of a server whose tree has been loaded from folder and log and
// ends at last. It writes epoch files that are missing, and begins the log anew if it ends
// before the snapshot ([txnlog.Folder.Supersede]). Where Apache's server refuses to start,
// the error is an *EpochError.
//
// One case is accepted that Apache refuses: transactions beyond currentEpoch, but not beyond
// acceptedEpoch. A crash while a learner is being brought up to date leaves them, because
// currentEpoch is written last; the log is then the beginning of the newer epoch's history,
// so the epoch of its last transaction is the truth.
//
// Source: QuorumPeer.loadDataBase.
func Load(folder *txnlog.Folder, log *txnlog.Log, last zab.Zxid) (zab.Durable, error) {
	d := zab.Durable{Last: last}
	ofLast := last.Epoch()
	current, hasCurrent, err := folder.ReadEpoch(txnlog.CurrentEpoch)
	if err != nil {
		return d, err
	}
	accepted, hasAccepted, err := folder.ReadEpoch(txnlog.AcceptedEpoch)
	if err != nil {
		return d, err
	}
	d.Current, d.Accepted = current, accepted
	if !hasCurrent {
		d.Current = ofLast
	}
	if !hasAccepted {
		d.Accepted = ofLast
	}
	if ofLast > d.Current {
		if d.Current, err = intended(folder, d); err != nil {
			return d, err
		}
	}
	if d.Accepted < d.Current {
		return d, &EpochError{Dir: folder.SnapDir(), Accepted: d.Accepted, Current: d.Current, Last: last}
	}
	if !hasCurrent || d.Current != current {
		if err := folder.WriteEpoch(txnlog.CurrentEpoch, d.Current); err != nil {
			return d, err
		}
	}
	if !hasAccepted {
		if err := folder.WriteEpoch(txnlog.AcceptedEpoch, d.Accepted); err != nil {
			return d, err
		}
	}
	return d, folder.Supersede(log, last)
}

// intended is the current epoch of a server whose log is ahead of the file.
func intended(folder *txnlog.Folder, d zab.Durable) (int64, error) {
	ofLast := d.Last.Epoch()
	tmp, ok, err := folder.ReadEpoch(txnlog.CurrentEpochTemp)
	if disk := (*fs.PathError)(nil); errors.As(err, &disk) {
		return 0, err
	}
	switch {
	case err == nil && ok && tmp >= ofLast: // a torn one tells nothing
		return tmp, nil
	case d.Accepted >= ofLast:
		return ofLast, nil
	}
	return 0, &EpochError{Dir: folder.SnapDir(), Accepted: d.Accepted, Current: d.Current, Last: d.Last}
}
