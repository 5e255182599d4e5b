package znode

import (
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// applyDelete removes a node. Its parent's pzxid grows even where the node is gone already, in replay.
// Source: DataTree.deleteNode.
func (t *Tree) applyDelete(h *txn.Header, path string, events []Event) (Result, []Event) {
	parentPath, name, ok := cut(path)
	if !ok {
		return Result{Err: zkproto.BadArguments, Path: path}, events
	}
	p := t.find(parentPath)
	if p == none {
		return Result{Err: zkproto.NoNode, Path: path}, events
	}
	if pn := t.nodes.at(p); int64(h.Zxid) > pn.pzxid {
		pn.pzxid = int64(h.Zxid)
		t.resum(p, parentPath)
	}
	i := t.lookup(p, name)
	if i == none {
		return Result{Err: zkproto.NoNode, Path: path}, events
	}
	acl := t.ACL(Node{i})
	t.cutOff(i, path)
	return Result{Path: path}, append(events,
		Event{zkproto.EventNodeDeleted, path, acl},
		Event{zkproto.EventNodeChildrenChanged, parentPath, t.ACL(Node{p})})
}

// cutOff removes a node and whatever is below it. Something can be below it in replay only: a snapshot may have later
// children of a node of the same path, and those will be created again.
func (t *Tree) cutOff(i uint32, path string) {
	for i != none {
		// Leaves first, so that a node goes when it has no children.
		leaf := i
		for t.nodes.at(leaf).child != none {
			leaf = t.nodes.at(leaf).child
		}
		if leaf == i {
			t.drop(i, path)
			return
		}
		t.drop(leaf, t.path(leaf))
	}
}

// drop removes a node without children.
func (t *Tree) drop(i uint32, path string) {
	n := t.nodes.at(i)
	bytes := int64(max(n.dataLen, 0))
	t.dataSize -= javaLen(path) + bytes
	t.unsum(i)
	t.acls.release(n.acl)
	t.disown(i, n.owner)
	for _, w := range t.walks {
		if w.at == i {
			w.at = t.nodes.after(i)
		}
	}
	t.remove(i)
	t.nodes.unlink(i)
	t.recs.release(n.rec, n.payload())
	t.nodes.release(i)
	t.quotaDeleted(path)
	t.charge(path, -bytes, -1)
}

// applyCloseSession removes the paths that the transaction lists, and then whatever else the session has: all where the
// transaction lists nothing. Source: DataTree.killSession.
func (t *Tree) applyCloseSession(h *txn.Header, paths []string, events []Event) []Event {
	for _, path := range paths {
		_, events = t.applyDelete(h, path, events)
	}
	for _, path := range t.Ephemerals(h.Session) {
		_, events = t.applyDelete(h, path, events)
	}
	return events
}

// Ephemerals returns the paths of a session's ephemeral nodes, sorted.
func (t *Tree) Ephemerals(session zkproto.SessionID) []string {
	set := t.ephemerals[session]
	if len(set) == 0 {
		return nil
	}
	paths := make([]string, 0, len(set))
	for i := range set {
		paths = append(paths, t.path(i))
	}
	slices.Sort(paths)
	return paths
}
