package history

import (
	"cmp"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Ordered judges zxids against time: each transaction has its own; a write that is called after another was answered
// has a greater one; so has, or the same, a sync-read. Within a session the answers' zxids never decrease, wherever the
// session was, and those of its writes increase. A session's operations must stand in the order of their calls.
func Ordered(ops []Op) []Problem {
	found := unique(ops)
	found = append(found, realTime(ops)...)
	return append(found, sessions(ops)...)
}

// second tells whether an operation is another one of the transaction before it in the history.
func second(ops []Op, i int) bool {
	return i > 0 && ops[i].Multi != 0 && ops[i].Multi == ops[i-1].Multi
}

func unique(ops []Op) []Problem {
	var found []Problem
	seen := map[zkproto.Zxid]int{}
	for i := range ops {
		o := &ops[i]
		if !o.Kind.Write() || o.Unknown || o.Zxid == 0 {
			continue
		}
		first, twice := seen[o.Zxid]
		switch {
		case !twice:
			seen[o.Zxid] = i
		case o.Multi == 0 || o.Multi != ops[first].Multi:
			found = append(found, Problem{Rule: "two writes have one zxid", Ops: []Op{ops[first], *o}})
		}
	}
	return found
}

// realTime walks calls and answers in the order of time, and keeps the answered write with the greatest zxid.
func realTime(ops []Op) []Problem {
	type moment struct {
		at     int64
		answer bool
		op     int
	}
	var moments []moment
	for i := range ops {
		o := &ops[i]
		if o.Unknown || o.Zxid == 0 || o.Kind == Read {
			continue
		}
		moments = append(moments, moment{o.Call, false, i})
		if o.Kind.Write() {
			moments = append(moments, moment{o.Return, true, i})
		}
	}
	slices.SortFunc(moments, func(a, b moment) int { // calls first: what happens at one moment is in no order
		return cmp.Or(cmp.Compare(a.at, b.at), boolCompare(a.answer, b.answer))
	})
	var found []Problem
	greatest := -1
	for _, m := range moments {
		o := &ops[m.op]
		switch {
		case m.answer:
			if greatest < 0 || o.Zxid > ops[greatest].Zxid {
				greatest = m.op
			}
		case greatest < 0:
		case o.Kind.Write() && o.Zxid <= ops[greatest].Zxid:
			found = append(found, Problem{Rule: "a write that was called after another was answered has a lower zxid", Ops: []Op{ops[greatest], *o}})
		case o.Kind == SyncRead && o.Zxid < ops[greatest].Zxid:
			found = append(found, Problem{Rule: "a sync-read that was called after a write was answered has a lower zxid", Ops: []Op{ops[greatest], *o}})
		}
	}
	return found
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func sessions(ops []Op) []Problem {
	var found []Problem
	last := map[zkproto.SessionID]int{}
	for i := range ops {
		o := &ops[i]
		if o.Unknown || o.Zxid == 0 || o.Session == 0 || second(ops, i) {
			continue
		}
		before, any := last[o.Session]
		last[o.Session] = i
		switch {
		case !any:
		case o.Zxid < ops[before].Zxid:
			found = append(found, Problem{Rule: "a session saw a newer state before", Ops: []Op{ops[before], *o}})
		case o.Kind.Write() && o.Zxid == ops[before].Zxid:
			found = append(found, Problem{Rule: "a session's write has a zxid that the session saw before", Ops: []Op{ops[before], *o}})
		}
	}
	return found
}
