package znode

import (
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// SnapshotNode is a node as it stands in a snapshot. Path, "" for the root, and Data are good until the visit ends.
type SnapshotNode struct {
	Path  []byte
	Data  []byte // nil is null
	ACLID int64
	Stat  zkproto.StatPersisted
}

// Walk visits all nodes, in chunks between which transactions may be applied. Parents come before their children, and
// no path comes twice. What is created after the beginning may be missing, what is deleted may be there, and what is
// there may be of any moment since the beginning: replaying all transactions after the zxid of the beginning mends it.
type Walk struct {
	t      *Tree
	at     uint32 // the next to visit. Apply moves it on when that node is deleted
	path   []byte
	lastID int64
}

// StartWalk begins a walk. Take [Tree.ACLTable] and [Tree.LastZxid] under the same lock: those belong to the beginning.
func (t *Tree) StartWalk() *Walk {
	w := &Walk{t: t, at: root, lastID: t.acls.lastID}
	t.walks = append(t.walks, w)
	return w
}

// Close ends the walk, at any point.
func (w *Walk) Close() {
	w.t.walks = slices.DeleteFunc(w.t.walks, func(v *Walk) bool { return v == w })
	w.at = none
}

// walkBytes is after how much data a chunk ends early, so that readers who wait for the lock wait for little.
const walkBytes = 1 << 20

// Next visits up to limit nodes, fewer where their data is large, and says whether there are more.
func (w *Walk) Next(limit int, visit func(*SnapshotNode)) (more bool) {
	t := w.t
	var s SnapshotNode
	for bytes := 0; limit > 0 && bytes < walkBytes && w.at != none; limit-- {
		n := t.nodes.at(w.at)
		w.path = t.appendPath(w.path[:0], w.at)
		s = SnapshotNode{Path: w.path, Data: t.data(w.at), ACLID: t.acls.slots[n.acl].id, Stat: n.persisted()}
		if s.ACLID > w.lastID {
			// The table that was taken at the beginning lacks this list. The transaction that brought it will be
			// replayed and bring it again.
			s.ACLID = OpenACLID
		}
		bytes += len(s.Data)
		w.at = t.next(w.at)
		visit(&s)
	}
	return w.at != none
}
