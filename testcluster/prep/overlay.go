package prep

import (
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// record is what the checks need of a node.
type record struct {
	zxid     zkproto.Zxid // of the transaction that left the node so; 0: as the tree has it
	gone     bool
	version  int32
	cversion int32 // as stored: counts creations
	aversion int32
	children int32
	dataLen  int32
	owner    int64 // as stored: marks containers and TTL nodes too
	acl      []zkproto.ACL
}

// overlay is the nodes that decided transactions change and the tree does not have yet.
type overlay struct {
	tree    *znode.Tree
	changed map[string]record
	// journal has every change in the order of zxids, so that the overlay can be trimmed
	// from its old end and rolled back from its young one.
	journal []change
	head    int // of the journal: what is before it is trimmed
	// born has the ephemeral nodes that a session created in the journal.
	born map[zkproto.SessionID][]string
}

// change is one entry of the journal.
type change struct {
	path string
	zxid zkproto.Zxid
	born zkproto.SessionID // of a created ephemeral node, else 0
	// before and had restore the record on rollback.
	before record
	had    bool
}

func newOverlay(tree *znode.Tree) overlay {
	return overlay{
		tree:    tree,
		changed: make(map[string]record),
		born:    make(map[zkproto.SessionID][]string),
	}
}

// find returns the node as all decided transactions leave it.
func (o *overlay) find(path string) (record, bool) {
	if len(o.changed) > 0 {
		if rec, ok := o.changed[path]; ok {
			return rec, !rec.gone
		}
	}
	n, ok := o.tree.Find(path)
	if !ok {
		return record{}, false
	}
	st := o.tree.Persisted(n)
	return record{
		version: st.Version, cversion: st.Cversion, aversion: st.Aversion,
		children: int32(o.tree.NumChildren(n)), dataLen: int32(len(o.tree.Data(n))),
		owner: st.EphemeralOwner, acl: o.tree.ACL(n),
	}, true
}

// put notes what a transaction makes of a node.
func (o *overlay) put(path string, rec record) {
	o.note(change{path: path, zxid: rec.zxid}, rec)
}

// putEphemeral is put for a node that was created for a session.
func (o *overlay) putEphemeral(path string, rec record, session zkproto.SessionID) {
	o.born[session] = append(o.born[session], path)
	o.note(change{path: path, zxid: rec.zxid, born: session}, rec)
}

func (o *overlay) note(c change, rec record) {
	c.before, c.had = o.changed[c.path]
	o.changed[c.path] = rec
	o.journal = append(o.journal, c)
}

// mark and rollback undo the changes of a multi that failed half-way.
func (o *overlay) mark() int { return len(o.journal) }

func (o *overlay) rollback(mark int) {
	for i := len(o.journal) - 1; i >= mark; i-- {
		c := &o.journal[i]
		if c.had {
			o.changed[c.path] = c.before
		} else {
			delete(o.changed, c.path)
		}
		if c.born != 0 {
			o.forget(c.born, len(o.born[c.born])-1)
		}
		*c = change{}
	}
	o.journal = o.journal[:mark]
}

// trim drops what the tree has once it is at the given zxid.
func (o *overlay) trim(applied zkproto.Zxid) {
	for ; o.head < len(o.journal) && o.journal[o.head].zxid <= applied; o.head++ {
		c := &o.journal[o.head]
		if rec, ok := o.changed[c.path]; ok && rec.zxid <= applied {
			delete(o.changed, c.path)
		}
		if c.born != 0 {
			o.forget(c.born, 0)
		}
		*c = change{}
	}
	switch {
	case o.head == len(o.journal):
		o.journal, o.head = o.journal[:0], 0
	case o.head > 1024 && o.head > len(o.journal)/2:
		n := copy(o.journal, o.journal[o.head:])
		clear(o.journal[n:])
		o.journal, o.head = o.journal[:n], 0
	}
}

// forget removes one path from those born for a session.
func (o *overlay) forget(session zkproto.SessionID, at int) {
	paths := o.born[session]
	if paths = append(paths[:at], paths[at+1:]...); len(paths) == 0 {
		delete(o.born, session)
		return
	}
	o.born[session] = paths
}

// ephemerals returns the paths of the ephemeral nodes that a session has, sorted.
func (o *overlay) ephemerals(session zkproto.SessionID) []string {
	paths := append([]string{}, o.tree.Ephemerals(session)...)
	paths = append(paths, o.born[session]...)
	paths = slices.DeleteFunc(paths, func(path string) bool {
		rec, ok := o.find(path)
		return !ok || rec.owner != int64(session)
	})
	slices.Sort(paths)
	return slices.Compact(paths)
}
