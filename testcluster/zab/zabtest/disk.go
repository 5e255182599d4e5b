package zabtest

import (
	"fmt"
	"math/rand/v2"
	"sort"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// disk is what survives a crash of one server, and what is on its way there.
type disk struct {
	accepted, current int64
	// snap is the tree of the last snapshot. Its name is snapZxid; what is later in it was written while it was taken.
	snap     []zab.Entry
	snapZxid zab.Zxid
	// log is what the log files have, the snapshot's part or some of it included.
	log []zab.Entry

	pending []diskOp
	busy    bool // the first ops of pending are being written
	hold    bool
	rng     *rand.Rand
	lastSeq uint64
	// crashAfter counts down to a crash; 0 is none.
	crashAfter int
}

type diskOp struct {
	zab.DiskOp
	tree []zab.Entry // of InstallSnapshot
}

// last is the last transaction in log and snapshot.
func (d *disk) last() zab.Zxid { return max(d.snapZxid, lastOf(d.log)) }

// load is the tree as a server has it after a start: all of the log has been applied.
func (d *disk) load() []zab.Entry {
	tree := d.snap[:len(d.snap):len(d.snap)]
	return append(tree, d.log[after(d.log, lastOf(tree)):]...)
}

// has says whether a transaction is durable, so that the server's votes stand for it.
func (d *disk) has(e zab.Entry) bool {
	if e.Zxid > d.last() {
		return false
	}
	mine, ok := find(d.log, e.Zxid)
	if !ok {
		mine, ok = find(d.snap, e.Zxid)
	}
	return ok && same(mine, e)
}

// do carries out one op. The error is an op that breaks a rule.
func (d *disk) do(op diskOp) error {
	switch op.Kind {
	case zab.AppendTxn:
		if op.Entry.Zxid <= d.snapZxid { // the snapshot was quicker
			if e, ok := find(d.snap, op.Entry.Zxid); !ok || !same(e, op.Entry) {
				return fmt.Errorf("%v is logged, and its snapshot has another", op.Entry.Zxid)
			}
			return nil
		}
		if last := d.last(); !follows(last, op.Entry.Zxid) {
			return fmt.Errorf("%v is logged after %v", op.Entry.Zxid, last)
		}
		d.log = append(d.log, op.Entry)
	case zab.WriteAccepted:
		if op.Epoch < d.accepted {
			return fmt.Errorf("acceptedEpoch goes from %d back to %d", d.accepted, op.Epoch)
		}
		d.accepted = op.Epoch
	case zab.WriteCurrent:
		if op.Epoch < d.current || op.Epoch > d.accepted {
			return fmt.Errorf("currentEpoch goes from %d to %d, with acceptedEpoch %d", d.current, op.Epoch, d.accepted)
		}
		d.current = op.Epoch
	case zab.TruncateLog:
		if op.Zxid < d.snapZxid {
			return fmt.Errorf("the log is truncated to %v, before the snapshot %v", op.Zxid, d.snapZxid)
		}
		d.truncate(op.Zxid)
	case zab.InstallSnapshot:
		d.truncate(op.Zxid)
		d.snap, d.snapZxid, d.log = op.tree, op.Zxid, nil
	}
	return nil
}

func (d *disk) truncate(z zab.Zxid) {
	keep := after(d.log, z)
	d.log = d.log[:keep:keep]
}

// removes says whether op can take away what had been durable, and from which zxid on.
func (op *diskOp) removes() bool { return op.Kind == zab.TruncateLog || op.Kind == zab.InstallSnapshot }

// crash ends what is on its way: the first ops of it have got there, and half of the next: of a snapshot, the log has
// been cut for it.
func (d *disk) crash(reached int, half bool) error {
	for _, op := range d.pending[:reached] {
		if err := d.do(op); err != nil {
			return err
		}
	}
	if half && reached < len(d.pending) && d.pending[reached].Kind == zab.InstallSnapshot {
		d.truncate(d.pending[reached].Zxid)
	}
	d.pending, d.busy, d.lastSeq, d.crashAfter = nil, false, 0, 0
	return nil
}

// probe says what the log files have for a learner whose last transaction is z.
func (d *disk) probe(z zab.Zxid) zab.ProbeResult {
	n := after(d.log, z)
	if n == 0 {
		return zab.ProbeResult{}
	}
	return zab.ProbeResult{Found: true, Before: d.log[n-1].Zxid}
}

// after is the index of the first entry after z.
func after(entries []zab.Entry, z zab.Zxid) int {
	return sort.Search(len(entries), func(i int) bool { return entries[i].Zxid > z })
}

func find(entries []zab.Entry, z zab.Zxid) (zab.Entry, bool) {
	n := after(entries, z)
	if n == 0 || entries[n-1].Zxid != z {
		return zab.Entry{}, false
	}
	return entries[n-1], true
}

func lastOf(entries []zab.Entry) zab.Zxid {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Zxid
}

// follows says whether next can come right after last: within an epoch there are no gaps. What came at the end of
// an epoch is not known.
func follows(last, next zab.Zxid) bool {
	if next.Epoch() == last.Epoch() {
		return next == last+1
	}
	return next.Epoch() > last.Epoch() && next.Counter() == 1
}

func same(a, b zab.Entry) bool { return a.Zxid == b.Zxid && string(a.Data) == string(b.Data) }
