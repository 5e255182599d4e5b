package quorum

import (
	"fmt"

	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// openLog starts the log's goroutine.
func (n *Node) openLog() {
	o := n.o.Writer
	o.Persisted, o.Counted = nil, n.report
	o.Failed = func(err error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.fail(err)
	}
	n.writer = txnlog.NewWriter(n.o.Log, o)
}

// report tells the core that count more operations are durable. It runs on the log's
// goroutine. Operations are done in order, so how many there were is the number of the last.
func (n *Node) report(count int) {
	n.persisted += uint64(count)
	if n.enter() {
		n.core.Persisted(n.persisted)
		n.leave()
	}
}

// write queues what must become durable. The lock is held.
func (n *Node) write(ops []zab.DiskOp) {
	for i := range ops {
		if err := n.writeOne(&ops[i]); err != nil {
			n.fail(err)
			return
		}
	}
}

func (n *Node) writeOne(op *zab.DiskOp) error {
	zxid := op.Zxid
	switch op.Kind {
	case zab.AppendTxn:
		return n.writer.Append(op.Entry.Data)
	case zab.WriteAccepted:
		return n.writeEpoch(txnlog.AcceptedEpoch, op.Epoch)
	case zab.WriteCurrent:
		return n.writeEpoch(txnlog.CurrentEpoch, op.Epoch)
	case zab.TruncateLog:
		return n.writer.DoCut(zxid, func(l *txnlog.Log) error {
			return n.reported(n.truncate(l, zxid))
		})
	case zab.InstallSnapshot:
		tree, err := n.arrived(op.Link, zxid)
		if err != nil {
			return err
		}
		return n.writer.DoCut(zxid, func(l *txnlog.Log) error {
			return n.reported(n.install(l, tree, zxid))
		})
	}
	return fmt.Errorf("disk operation %d of an unknown kind %d", op.Seq, op.Kind)
}

func (n *Node) writeEpoch(name txnlog.EpochFile, epoch int64) error {
	return n.writer.Do(func(*txnlog.Log) error {
		return n.reported(n.o.Folder.WriteEpoch(name, epoch))
	})
}

// reported reports an operation, unless it has failed.
func (n *Node) reported(err error) error {
	if err == nil {
		n.report(1)
	}
	return err
}

// truncate takes log, snapshots and tree back to zxid. The snapshots go first: a crash then
// leaves the state from before, and never a snapshot that the log does not lead up to.
func (n *Node) truncate(l *txnlog.Log, zxid zab.Zxid) error {
	if err := n.o.Folder.RemoveSnapshotsAbove(zxid); err != nil {
		return err
	}
	if err := l.TruncateAfter(zxid); err != nil {
		return err
	}
	// zxid itself must be there, in the log or as a snapshot: what comes next goes on from it.
	if err := n.o.Folder.Supersede(l, zxid); err != nil {
		return err
	}
	return n.o.App.Rebuild(zxid)
}

// install puts a leader's tree in the place of everything. What of the log is above zxid was
// never committed and goes first, so that a crash leaves nothing that would be replayed onto
// the new tree; what is below stays until the new tree is durable.
func (n *Node) install(l *txnlog.Log, tree any, zxid zab.Zxid) error {
	if err := l.TruncateAfter(zxid); err != nil {
		return err
	}
	if err := n.o.App.Install(tree, zxid); err != nil {
		return fmt.Errorf("install the leader's snapshot of %v: %w", zxid, err)
	}
	if err := n.o.Folder.RemoveSnapshotsAbove(zxid); err != nil {
		return err
	}
	return n.o.Folder.Supersede(l, zxid)
}
