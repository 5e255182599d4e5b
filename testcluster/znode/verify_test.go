package znode

import (
	"encoding/binary"
	"testing"
)

// verify checks that slabs, links, index, arena and ACL table agree with one another.
func verify(t *testing.T, tr *Tree) {
	t.Helper()
	live := make([]int, len(tr.recs.chunks))
	refs := map[uint32]int{}
	seen := 0
	for i := root; i != none; i = tr.next(i) {
		seen++
		n := tr.nodes.at(i)
		if got := tr.find(tr.path(i)); got != i {
			t.Errorf("%s is found as node %d, not %d", tr.path(i), got, i)
		}
		kids, prev := uint32(0), none
		for c := n.child; c != none; c = tr.nodes.at(c).next {
			kids++
			if d := tr.nodes.at(c); d.parent != i || d.prev != prev {
				t.Errorf("%s: parent %d, previous %d; want %d, %d", tr.path(c), d.parent, d.prev, i, prev)
			}
			prev = c
		}
		if kids != n.children {
			t.Errorf("%s has %d children and counts %d", tr.path(i), kids, n.children)
		}
		if owner := binary.NativeEndian.Uint32(tr.recs.record(n.rec)); owner != i {
			t.Errorf("%s: the record belongs to %d, not %d", tr.path(i), owner, i)
		}
		live[n.rec>>placeBits] += recordLen(n.payload())
		if n.acl != openSlot {
			refs[n.acl]++
		}
	}
	free := 0
	for i := tr.nodes.free; i != none; i = tr.nodes.at(i).next {
		free++
	}
	if seen != tr.nodes.count || seen+free+1 != int(tr.nodes.used) {
		t.Errorf("%d nodes and %d free; counted %d of %d", seen, free, tr.nodes.count, tr.nodes.used)
	}
	indexed := 0
	for _, r := range tr.index.tables {
		indexed += r.count
	}
	if indexed != seen-1 {
		t.Errorf("%d of %d nodes in the index", indexed, seen-1)
	}
	verifyArena(t, &tr.recs, live)
	count := 0
	for id := range tr.ACLTable() {
		if id > tr.acls.lastID {
			t.Errorf("ACL id %d is over %d", id, tr.acls.lastID)
		}
		count++
	}
	if count != len(refs) || tr.ACLCount() != len(refs) || len(tr.acls.byKey) > len(refs) {
		t.Errorf("%d ACL lists, ACLCount %d, %d keys; nodes have %d", count, tr.ACLCount(), len(tr.acls.byKey), len(refs))
	}
	for s, n := range refs {
		if tr.acls.slots[s].refs != n {
			t.Errorf("ACL slot %d counts %d references of %d", s, tr.acls.slots[s].refs, n)
		}
	}
}

func verifyArena(t *testing.T, a *arena, live []int) {
	t.Helper()
	total, used := 0, 0
	for c, want := range live {
		ch := &a.chunks[c]
		if ch.live != want || ch.live > ch.used || ch.live == 0 && ch.buf != nil && uint32(c) != a.head {
			t.Errorf("chunk %d: %d live of %d used, want %d live", c, ch.live, ch.used, want)
		}
		if !ch.big {
			total += ch.live
			used += ch.used
		}
	}
	if a.live != total || a.used != used {
		t.Errorf("arena: %d live of %d used, want %d of %d", a.live, a.used, total, used)
	}
}
