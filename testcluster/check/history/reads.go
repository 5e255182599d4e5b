package history

import (
	"cmp"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Consistent judges what reads of any kind have seen against the writes' zxids: a path and an mzxid have one value and
// one version, whoever is asked; and a server that had applied all up to a zxid when it read shows the last write up
// to there. (Apache's server takes the zxid of an answer a little later than the read: the last rule is not for it.)
func Consistent(ops []Op) []Problem { return append(oneState(ops), atZxid(ops)...) }

// place is one state of one znode.
type place struct {
	path  string
	mzxid zkproto.Zxid
}

// state returns what an answer tells of a znode's state; ok is false where it tells nothing.
func (o *Op) state() (at place, value string, version int32, ok bool) {
	switch {
	case !o.done() || o.Kind == Delete || o.Mzxid == 0:
		return at, "", 0, false
	case o.Kind.Write():
		value = o.Value
	default:
		value = o.Got
	}
	return place{o.Path, o.Mzxid}, value, o.GotVersion, true
}

func oneState(ops []Op) []Problem {
	var found []Problem
	seen := map[place]int{}
	for i := range ops {
		at, value, version, ok := ops[i].state()
		if !ok {
			continue
		}
		first, twice := seen[at]
		if !twice {
			seen[at] = i
			continue
		}
		if _, v, n, _ := ops[first].state(); v != value || n != version {
			found = append(found, Problem{Rule: "one path and one mzxid have two states", Ops: []Op{ops[first], ops[i]}})
		}
	}
	return found
}

// writesOf are one path's acknowledged writes by zxid, and whether there are others, which may have come at any time.
type writesOf struct {
	done []*Op
	// perhaps: there are others; deleted: deletes among them.
	perhaps, deleted bool
}

func byPath(ops []Op) map[string]*writesOf {
	all := map[string]*writesOf{}
	for i := range ops {
		o := &ops[i]
		if !o.Kind.Write() {
			continue
		}
		w := all[o.Path]
		if w == nil {
			w = &writesOf{}
			all[o.Path] = w
		}
		switch {
		case o.Unknown, o.done() && o.Zxid == 0: // nobody knows when
			w.perhaps = true
			w.deleted = w.deleted || o.Kind == Delete
		case o.done():
			w.done = append(w.done, o)
		}
	}
	for _, w := range all {
		slices.SortFunc(w.done, func(a, b *Op) int { return cmp.Compare(a.Zxid, b.Zxid) })
	}
	return all
}

// upTo is the last acknowledged write up to a zxid, or nil.
func (w *writesOf) upTo(zxid zkproto.Zxid) *Op {
	n, _ := slices.BinarySearchFunc(w.done, zxid, func(o *Op, z zkproto.Zxid) int {
		if o.Zxid <= z {
			return -1
		}
		return 1
	})
	if n == 0 {
		return nil
	}
	return w.done[n-1]
}

func atZxid(ops []Op) []Problem {
	var found []Problem
	writes := byPath(ops)
	for i := range ops {
		o := &ops[i]
		w := writes[o.Path]
		if o.Kind.Write() || o.Unknown || o.Zxid == 0 || w == nil {
			continue
		}
		last := w.upTo(o.Zxid)
		switch {
		case o.Code == zkproto.OK && o.Mzxid > o.Zxid:
			found = append(found, Problem{Rule: "a read saw what its server had not applied", Ops: []Op{*o}})
		case last == nil:
		case o.Code == zkproto.OK && o.Mzxid < last.Zxid:
			found = append(found, Problem{Rule: "a server had applied a write, and showed an older state", Ops: []Op{*last, *o}})
		case o.Code == zkproto.NoNode && last.Kind != Delete && !w.deleted:
			found = append(found, Problem{Rule: "a server had applied a write, and did not have the znode", Ops: []Op{*last, *o}})
		}
	}
	return found
}
