package znode

import (
	"iter"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// OpenACLID is the number of the open ACL in snapshots. It stands for a null list; a list that grants everything to
// everybody has a number of its own like any other.
const OpenACLID int64 = -1

// aclTable holds every list of ACLs once. Nodes have a slot of it; snapshots have the slot's id, a number that is never
// given twice. Source: ReferenceCountedACLCache.
type aclTable struct {
	slots  []aclSlot
	free   []uint32
	byKey  map[string]uint32 // the list's wire form → slot
	lastID int64
	buf    []byte
}

type aclSlot struct {
	id   int64
	acl  []zkproto.ACL
	key  string
	refs int
}

// openSlot is the slot of [OpenACLID]; its references are not counted.
const openSlot uint32 = 0

func newACLTable() aclTable {
	return aclTable{
		slots: []aclSlot{{id: OpenACLID, acl: zkproto.OpenACL()}},
		byKey: map[string]uint32{},
	}
}

// intern returns the slot of a list and counts one more reference to it.
func (a *aclTable) intern(acl []zkproto.ACL) uint32 {
	if acl == nil {
		return openSlot
	}
	a.buf = zkproto.AppendACLs(a.buf[:0], acl)
	s, ok := a.byKey[string(a.buf)]
	if !ok {
		s = a.add(a.lastID+1, slices.Clone(acl), string(a.buf))
	}
	a.slots[s].refs++
	return s
}

// add takes a list into the table, without a reference to it.
func (a *aclTable) add(id int64, acl []zkproto.ACL, key string) uint32 {
	a.lastID = max(a.lastID, id)
	slot := aclSlot{id: id, acl: acl, key: key}
	var s uint32
	if n := len(a.free); n > 0 {
		s = a.free[n-1]
		a.free = a.free[:n-1]
		a.slots[s] = slot
	} else {
		s = uint32(len(a.slots))
		a.slots = append(a.slots, slot)
	}
	if key != "" {
		a.byKey[key] = s
	}
	return s
}

func (a *aclTable) release(s uint32) {
	if s == openSlot {
		return
	}
	if a.slots[s].refs--; a.slots[s].refs == 0 {
		a.drop(s)
	}
}

func (a *aclTable) drop(s uint32) {
	if key := a.slots[s].key; key != "" && a.byKey[key] == s {
		delete(a.byKey, key)
	}
	a.slots[s] = aclSlot{}
	a.free = append(a.free, s)
}

// ACLTable yields the numbered lists of ACLs that nodes have, without the open one. The lists are shared: do not
// change them.
func (t *Tree) ACLTable() iter.Seq2[int64, []zkproto.ACL] {
	return func(yield func(int64, []zkproto.ACL) bool) {
		for _, s := range t.acls.slots[1:] {
			if s.refs > 0 && !yield(s.id, s.acl) {
				return
			}
		}
	}
}

// ACLCount is how many lists [Tree.ACLTable] yields.
func (t *Tree) ACLCount() int { return len(t.acls.slots) - 1 - len(t.acls.free) }
