package quorum

import (
	"fmt"
	"io"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// writeSnapshot sends what stands behind a SNAP packet.
func (n *Node) writeSnapshot(w io.Writer, zxid zab.Zxid) error {
	if err := n.o.App.WriteSnapshot(w, zxid); err != nil {
		return fmt.Errorf("send a snapshot of %v: %w", zxid, err)
	}
	_, err := w.Write(snapshotEnd)
	return err
}

// streamChunk is how much of the log is handed to a link at a time.
const streamChunk = 64 << 10

// writeLog sends the log's transactions after from up to to, each as PROPOSAL and COMMIT.
// They must all be there: a learner takes what it is sent for the whole history.
func (n *Node) writeLog(w io.Writer, from, to zab.Zxid) error {
	it := n.o.Log.ReadFrom(from + 1)
	defer it.Close()
	var buf []byte
	last := from
	for last < to && it.Next() && it.Zxid() <= to {
		last = it.Zxid()
		buf = transport.AppendPacket(buf, &zab.Packet{Type: zab.Proposal, Zxid: last, Data: it.Txn()})
		buf = transport.AppendPacket(buf, &zab.Packet{Type: zab.Commit, Zxid: last})
		if len(buf) >= streamChunk {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if err := it.Err(); err != nil {
		return fmt.Errorf("send the log after %v: %w", from, err)
	}
	if last != to {
		return fmt.Errorf("send the log after %v: it ends at %v, not at %v", from, last, to)
	}
	_, err := w.Write(buf)
	return err
}

// probe looks what the log has for a learner, and tells the core.
func (n *Node) probe(p zab.Probe) {
	result, err := n.search(p.Zxid)
	if err != nil {
		n.o.Logger.Warn("the log cannot be read for a learner, which gets a snapshot", "zxid", p.Zxid, "err", err)
		result = zab.ProbeResult{}
	}
	if n.enter() {
		n.core.Probed(p.Link, result)
		n.leave()
	}
}

// search finds the last transaction that is not above zxid, and whether what follows is worth
// sending: without a snapshot always, as with Apache's server (ZKDatabase.getProposalsFromTxnLog),
// otherwise if it is small beside the snapshot.
func (n *Node) search(zxid zab.Zxid) (zab.ProbeResult, error) {
	size, err := n.o.Folder.NewestSnapshotSize()
	if err != nil || n.o.SnapshotSizeFactor < 0 {
		return zab.ProbeResult{}, err
	}
	limit := int64(float64(size) * n.o.SnapshotSizeFactor)
	it := n.o.Log.ReadAround(zxid)
	defer it.Close()
	var result zab.ProbeResult
	sum := int64(0)
	for n.ctx.Err() == nil && it.Next() {
		if it.Zxid() <= zxid {
			result.Before, result.Found = it.Zxid(), true
			continue
		}
		sum += int64(len(it.Txn()))
		if !result.Found || size > 0 && sum > limit {
			return zab.ProbeResult{}, nil
		}
	}
	return result, it.Err()
}
