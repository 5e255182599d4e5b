package controller

import (
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Bounds of a multi: ZooKeeper refuses a request over jute.maxbuffer, 1 MiB, and carries out one transaction at a time.
const (
	maxOps   = 500
	maxBytes = 256 << 10
)

// Multi is several changes in one transaction.
type Multi struct {
	// Ops begin with the fence and, with Parents of them, what must be there before the rest.
	Ops     []zkproto.MultiOp
	Parents int
	of      []int // whose each operation is, as an index of the changes packed; the fence is nobody's
}

// Pack fills as few multis as their bounds allow with the changes, which must have no Trees, in their order. A change
// that is over the bounds is alone in its multi.
func Pack(epochVersion int32, changes []Change) []Multi {
	var multis []Multi
	for from := 0; from < len(changes); {
		to, ops, size := from, 0, 0
		for ; to < len(changes); to++ {
			c := &changes[to]
			ops += len(c.Parents) + len(c.Ops)
			size += sizeOf(c.Parents) + sizeOf(c.Ops)
			if to > from && (ops > maxOps || size > maxBytes) {
				break
			}
		}
		multis = append(multis, pack(epochVersion, changes[from:to], from))
		from = to
	}
	return multis
}

func pack(epochVersion int32, changes []Change, first int) Multi {
	m := Multi{Ops: []zkproto.MultiOp{Fence(epochVersion)}, of: []int{-1}}
	there := make(map[string]bool)
	for i, c := range changes {
		for _, op := range c.Parents {
			if path := pathOf(op); !there[path] {
				there[path] = true
				m.Ops, m.of = append(m.Ops, op), append(m.of, first+i)
			}
		}
	}
	m.Parents = len(m.Ops) - 1
	for i, c := range changes {
		m.Ops = append(m.Ops, c.Ops...)
		m.of = append(m.of, slices.Repeat([]int{first + i}, len(c.Ops))...)
	}
	return m
}

// Changes are the indexes of the changes in the multi.
func (m *Multi) Changes() []int {
	changes := slices.Clone(m.of[1:])
	slices.Sort(changes)
	return slices.Compact(changes)
}

// Change is the index of the change that the i-th operation belongs to, and whether it is one of its parents. The fence,
// operation 0, belongs to none.
func (m *Multi) Change(i int) (change int, parent bool) { return m.of[i], i >= 1 && i <= m.Parents }

// sizeOf is about how many bytes the operations take in a request.
func sizeOf(ops []zkproto.MultiOp) int {
	size := 0
	for _, op := range ops {
		size += 64 + len(pathOf(op))
		switch req := op.Req.(type) {
		case *zkproto.CreateRequest:
			size += len(req.Data)
		case *zkproto.SetDataRequest:
			size += len(req.Data)
		}
	}
	return size
}

func pathOf(op zkproto.MultiOp) string {
	switch req := op.Req.(type) {
	case *zkproto.CreateRequest:
		return req.Path
	case *zkproto.SetDataRequest:
		return req.Path
	case *zkproto.PathVersionRequest:
		return req.Path
	}
	return ""
}
