package znode

import (
	"hash/maphash"
	"strings"
)

// index finds a node by its parent and name. It is an extendible hash: the upper bits of the hash choose, by way of a
// directory, one of many small tables; a table that is full splits in two by the next bit, so that no insertion ever
// rehashes more than one table. Inside a table it is open addressing with the whole hash beside each number, so that a
// probe hardly ever looks at a wrong node and a split looks at none. The hash is seeded for each tree: clients choose
// names, and must not be able to choose collisions.
type index struct {
	seed   maphash.Seed
	depth  uint8    // len(dir) is 1<<depth
	dir    []uint32 // upper bits of the hash → tables
	tables []tableRef
}

type tableRef struct {
	*table
	depth uint8 // all of its hashes agree in so many upper bits
	count int
}

type table struct {
	hashes [tableLen]uint32 // 0 is an empty place
	nodes  [tableLen]uint32
}

const (
	tableBits = 11
	tableLen  = 1 << tableBits
	tableMax  = tableLen / 8 * 7
)

func newIndex() index {
	return index{seed: maphash.MakeSeed(), dir: []uint32{0}, tables: []tableRef{{table: new(table)}}}
}

// mix joins a name's hash with the number of the parent. It is never 0.
func mix(h uint64, parent uint32) uint32 {
	h += uint64(parent) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return max(uint32(h>>32), 1)
}

func (x *index) hash(parent uint32, name string) uint32 {
	return mix(maphash.String(x.seed, name), parent)
}

func (x *index) table(h uint32) *tableRef { return &x.tables[x.dir[h>>1>>(31-x.depth)]] }

// place is a part of the hash that the directory does not use until it has 2^21 entries.
func place(h uint32) uint32 { return h & (tableLen - 1) }

// lookup returns the child of that name, or none.
func (t *Tree) lookup(parent uint32, name string) uint32 {
	h := t.index.hash(parent, name)
	tab := t.index.table(h).table
	for p := place(h); tab.hashes[p] != 0; p = (p + 1) & (tableLen - 1) {
		if tab.hashes[p] != h {
			continue
		}
		i := tab.nodes[p]
		if t.nodes.at(i).parent == parent && string(t.name(i)) == name {
			return i
		}
	}
	return none
}

// hashOf is the hash under which a node stands in the index.
func (t *Tree) hashOf(i uint32) uint32 {
	return mix(maphash.Bytes(t.index.seed, t.name(i)), t.nodes.at(i).parent)
}

// insert adds a node that has its name and parent.
func (t *Tree) insert(i uint32) {
	x, h := &t.index, t.hashOf(i)
	for x.table(h).count >= tableMax {
		x.split(h)
	}
	r := x.table(h)
	r.put(h, i)
	r.count++
}

func (tab *table) put(h, i uint32) {
	p := place(h)
	for tab.hashes[p] != 0 {
		p = (p + 1) & (tableLen - 1)
	}
	tab.hashes[p], tab.nodes[p] = h, i
}

// split divides the table of h in two.
func (x *index) split(h uint32) {
	old := *x.table(h)
	if old.depth == x.depth {
		dir := make([]uint32, 2*len(x.dir))
		for i, tab := range x.dir {
			dir[2*i], dir[2*i+1] = tab, tab
		}
		x.dir, x.depth = dir, x.depth+1
	}
	halves := [2]tableRef{{table: new(table), depth: old.depth + 1}, {table: new(table), depth: old.depth + 1}}
	for p, hi := range old.hashes {
		if hi == 0 {
			continue
		}
		half := &halves[hi>>(31-old.depth)&1]
		half.put(hi, old.nodes[p])
		half.count++
	}
	low := x.dir[h>>1>>(31-x.depth)]
	high := uint32(len(x.tables))
	x.tables[low] = halves[0]
	x.tables = append(x.tables, halves[1])
	// The directory's entries of the old table stand in a row; the second half of them is the new table's.
	n := 1 << (x.depth - old.depth)
	first := int(h>>1>>(31-x.depth)) &^ (n - 1)
	for d := first + n/2; d < first+n; d++ {
		x.dir[d] = high
	}
}

// remove takes a node out, and closes the gap so that no probe ends too early.
func (t *Tree) remove(i uint32) {
	h := t.hashOf(i)
	r := t.index.table(h)
	p := place(h)
	for r.nodes[p] != i || r.hashes[p] == 0 {
		p = (p + 1) & (tableLen - 1)
	}
	r.count--
	for q := (p + 1) & (tableLen - 1); r.hashes[q] != 0; q = (q + 1) & (tableLen - 1) {
		home := place(r.hashes[q])
		// What stands at q may move to p unless its home lies behind p, that is in (p, q].
		if (q-home)&(tableLen-1) >= (q-p)&(tableLen-1) {
			r.hashes[p], r.nodes[p] = r.hashes[q], r.nodes[q]
			p = q
		}
	}
	r.hashes[p], r.nodes[p] = 0, 0
}

// find returns the node of a path, or none. "" is the root, as it is in snapshots.
func (t *Tree) find(path string) uint32 {
	if path == "" || path == "/" {
		return root
	}
	if path[0] != '/' {
		return none
	}
	at, rest := root, path[1:]
	for {
		k := strings.IndexByte(rest, '/')
		if k < 0 {
			return t.lookup(at, rest)
		}
		if at = t.lookup(at, rest[:k]); at == none {
			return none
		}
		rest = rest[k+1:]
	}
}

// appendPath appends the path of a node; nothing for the root, as in snapshots.
func (t *Tree) appendPath(b []byte, i uint32) []byte {
	n := 0
	for j := i; j != root; j = t.nodes.at(j).parent {
		n += 1 + int(t.nodes.at(j).nameLen)
	}
	end := len(b) + n
	for cap(b) < end {
		b = append(b[:cap(b)], 0)
	}
	b = b[:end]
	for ; i != root; i = t.nodes.at(i).parent {
		name := t.name(i)
		end -= len(name)
		copy(b[end:], name)
		end--
		b[end] = '/'
	}
	return b
}

// path is the path of a node, "/" for the root.
func (t *Tree) path(i uint32) string {
	if i == root {
		return "/"
	}
	return string(t.appendPath(nil, i))
}
