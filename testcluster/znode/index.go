package znode

import (
	"hash/maphash"
	"strings"
)

// index finds a node by its parent and name. It is an extendible hash: the upper bits of the hash choose, by way of a
// directory, one of many small tables; a table that is full splits in two by the next bit, so that no insertion ever
// rehashes more than one table. Inside a table it is open addressing with one byte of the hash beside each number, so
// that a probe rarely looks at a wrong node. The hash is seeded for each tree: clients choose names, and must not be
// able to choose collisions.
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
	tags  [tableLen]uint8 // 0 is an empty place
	nodes [tableLen]uint32
}

const (
	tableBits = 11
	tableLen  = 1 << tableBits
	tableMax  = tableLen / 8 * 7
)

func newIndex() index {
	return index{seed: maphash.MakeSeed(), dir: []uint32{0}, tables: []tableRef{{table: new(table)}}}
}

// mix joins a name's hash with the number of the parent.
func mix(h uint64, parent uint32) uint64 {
	h += uint64(parent) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func (x *index) hash(parent uint32, name string) uint64 {
	return mix(maphash.String(x.seed, name), parent)
}

func (x *index) table(h uint64) *tableRef { return &x.tables[x.dir[h>>1>>(63-x.depth)]] }

// place and tag are two parts of the hash that the directory does not use until it has 2^45 entries.
func place(h uint64) uint32 { return uint32(h) & (tableLen - 1) }

func tag(h uint64) uint8 { return max(uint8(h>>tableBits), 1) }

// lookup returns the child of that name, or none.
func (t *Tree) lookup(parent uint32, name string) uint32 {
	h := t.index.hash(parent, name)
	tab, want := t.index.table(h).table, tag(h)
	for p := place(h); tab.tags[p] != 0; p = (p + 1) & (tableLen - 1) {
		if tab.tags[p] != want {
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
func (t *Tree) hashOf(i uint32) uint64 {
	return mix(maphash.Bytes(t.index.seed, t.name(i)), t.nodes.at(i).parent)
}

// insert adds a node that has its name and parent.
func (t *Tree) insert(i uint32) {
	x, h := &t.index, t.hashOf(i)
	for x.table(h).count >= tableMax {
		t.split(h)
	}
	r := x.table(h)
	r.put(h, i)
	r.count++
}

func (tab *table) put(h uint64, i uint32) {
	p := place(h)
	for tab.tags[p] != 0 {
		p = (p + 1) & (tableLen - 1)
	}
	tab.tags[p], tab.nodes[p] = tag(h), i
}

// split divides the table of h in two.
func (t *Tree) split(h uint64) {
	x := &t.index
	old := *x.table(h)
	if old.depth == x.depth {
		dir := make([]uint32, 2*len(x.dir))
		for i, tab := range x.dir {
			dir[2*i], dir[2*i+1] = tab, tab
		}
		x.dir, x.depth = dir, x.depth+1
	}
	halves := [2]tableRef{{table: new(table), depth: old.depth + 1}, {table: new(table), depth: old.depth + 1}}
	for p, tg := range old.tags {
		if tg == 0 {
			continue
		}
		i := old.nodes[p]
		hi := t.hashOf(i)
		half := &halves[hi>>(63-old.depth)&1]
		half.put(hi, i)
		half.count++
	}
	low := x.dir[h>>1>>(63-x.depth)]
	high := uint32(len(x.tables))
	x.tables[low] = halves[0]
	x.tables = append(x.tables, halves[1])
	// The directory's entries of the old table stand in a row; the second half of them is the new table's.
	n := 1 << (x.depth - old.depth)
	first := int(h>>1>>(63-x.depth)) &^ (n - 1)
	for d := first + n/2; d < first+n; d++ {
		x.dir[d] = high
	}
}

// remove takes a node out, and closes the gap so that no probe ends too early.
func (t *Tree) remove(i uint32) {
	h := t.hashOf(i)
	r := t.index.table(h)
	p := place(h)
	for r.nodes[p] != i || r.tags[p] == 0 {
		p = (p + 1) & (tableLen - 1)
	}
	r.count--
	for q := (p + 1) & (tableLen - 1); r.tags[q] != 0; q = (q + 1) & (tableLen - 1) {
		home := place(t.hashOf(r.nodes[q]))
		// What stands at q may move to p unless its home lies behind p, that is in (p, q].
		if (q-home)&(tableLen-1) >= (q-p)&(tableLen-1) {
			r.tags[p], r.nodes[p] = r.tags[q], r.nodes[q]
			p = q
		}
	}
	r.tags[p], r.nodes[p] = 0, 0
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
