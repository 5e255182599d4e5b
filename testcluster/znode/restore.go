package znode

import (
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ErrBadSnapshot is the cause of every error of a [Restore].
var ErrBadSnapshot = errors.New("snapshot does not hold a tree")

// Restore builds a tree out of a snapshot: first every RestoreACL, then RestoreNode in the order of the snapshot, then
// Tree.
type Restore struct {
	t    *Tree
	slot map[int64]uint32 // ids of ACL lists in the snapshot → slots
}

// NewRestore begins a tree.
func NewRestore(o Options) *Restore {
	return &Restore{t: empty(o), slot: map[int64]uint32{OpenACLID: openSlot}}
}

// RestoreACL takes one row of the snapshot's table of ACL lists.
func (r *Restore) RestoreACL(id int64, acl []zkproto.ACL) {
	if _, ok := r.slot[id]; !ok {
		r.slot[id] = r.t.acls.add(id, acl, string(zkproto.AppendACLs(nil, acl)))
	}
}

// RestoreNode takes one node; the root is "". It copies the data. An id that the table of ACL lists lacks, which
// Apache's servers write for a list that came up while the snapshot was written, grants nobody anything until replay
// brings the list.
func (r *Restore) RestoreNode(path string, data []byte, aclID int64, stat *zkproto.StatPersisted) error {
	t := r.t
	slot, ok := r.slot[aclID]
	if !ok {
		slot = t.acls.add(aclID, []zkproto.ACL{{Perms: 0, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}}, "")
		r.slot[aclID] = slot
	}
	if slot != openSlot {
		t.acls.slots[slot].refs++
	}
	if path == "" {
		return r.restoreRoot(data, slot, stat)
	}
	if t.nodes.count == 0 {
		return fmt.Errorf("restore %q: %w: it is before the root", path, ErrBadSnapshot)
	}
	parent, name, ok := cut(path)
	if !ok || path[0] != '/' {
		return fmt.Errorf("restore %q: %w: not a path", path, ErrBadSnapshot)
	}
	p := t.find(parent)
	if p == none {
		return fmt.Errorf("restore %q: %w: it is before its parent", path, ErrBadSnapshot)
	}
	if t.lookup(p, name) != none {
		return fmt.Errorf("restore %q: %w: it is there twice", path, ErrBadSnapshot)
	}
	t.add(p, path, name, data, slot, stat)
	return nil
}

func (r *Restore) restoreRoot(data []byte, slot uint32, stat *zkproto.StatPersisted) error {
	t := r.t
	if t.nodes.count != 0 {
		return fmt.Errorf("restore the root: %w: it is there twice", ErrBadSnapshot)
	}
	t.plant()
	n := t.nodes.at(root)
	n.setPersisted(stat)
	n.acl = slot
	t.replace(root, data)
	t.dataSize += int64(len(data))
	t.resum(root, "")
	return nil
}

// Tree ends the work and returns the tree; its last zxid is the caller's to set. Usage of quotas is counted anew, and
// /zookeeper/config, which snapshots before 3.5 lack, is made.
func (r *Restore) Tree() (*Tree, error) {
	t := r.t
	if t.nodes.count == 0 {
		return nil, fmt.Errorf("restore: %w: no root", ErrBadSnapshot)
	}
	for s := range t.acls.slots[1:] {
		if t.acls.slots[s+1].refs == 0 {
			t.acls.drop(uint32(s + 1))
		}
	}
	for _, path := range [...]string{systemPath, quotaPath} {
		if t.find(path) == none {
			t.graft(path, []byte{}, openSlot, &zkproto.StatPersisted{})
		}
	}
	if t.find(ConfigPath) == none {
		t.graftConfig()
	}
	t.findQuotas()
	return t, nil
}
