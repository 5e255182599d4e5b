package history

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// register is one znode, as the model has it.
type register struct {
	exists  bool
	value   string
	version int32
}

// step carries an operation out. ok says that the answer is the one that the znode gives; one that did not come is as
// good as any.
func (r register) step(o *Op) (ok bool, next register) {
	told, value, version := zkproto.OK, "", int32(0)
	next = r
	read := !o.Kind.Write()
	switch {
	case o.Kind == Create && r.exists:
		told = zkproto.NodeExists
	case o.Kind == Create:
		next = register{true, o.Value, 0}
	case !r.exists:
		told = zkproto.NoNode
	case read:
		value, version = r.value, r.version
	case o.Version != -1 && o.Version != r.version:
		told = zkproto.BadVersion
	case o.Kind == Set:
		next = register{true, o.Value, r.version + 1}
		version = next.version
	case o.Kind == Delete:
		next = register{}
	}
	return o.Unknown || o.Code == told && o.Got == value && o.GotVersion == version, next
}

// znode is the model for porcupine: both the input and the output of an operation are its *Op.
var znode = porcupine.Model{
	Init:              func() any { return register{} },
	Step:              func(state, input, _ any) (bool, any) { return state.(register).step(input.(*Op)) },
	DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
}

// Reads says which reads have to be linearizable.
type Reads uint8

const (
	// SyncReads: those behind a sync. It is what zoka promises.
	SyncReads Reads = iota
	// AllReads: the others too. Nobody promises that; a checker that does not find an ensemble wrong then sees nothing.
	AllReads
	// NoReads: writes alone.
	NoReads
)

func (r Reads) take(k Kind) bool {
	return k.Write() || r == AllReads || r == SyncReads && k == SyncRead
}

// Verdict is what the model checker has found.
type Verdict struct {
	Znodes, Ops int
	Undecided   int // znodes for which the time was not enough
	Problems    []Problem
}

// Linearizable judges each znode for itself, each within a time limit.
func Linearizable(ops []Op, reads Reads, limit time.Duration) Verdict {
	var v Verdict
	parts := map[string][]porcupine.Operation{}
	var paths []string
	for i := range ops {
		o := &ops[i]
		if !reads.take(o.Kind) || o.Unknown && !o.Kind.Write() {
			continue
		}
		if parts[o.Path] == nil {
			paths = append(paths, o.Path)
		}
		returned := o.Return
		if o.Unknown {
			returned = math.MaxInt64
		}
		parts[o.Path] = append(parts[o.Path], porcupine.Operation{ClientId: o.Client, Input: o, Output: o, Call: o.Call, Return: returned})
	}
	for _, path := range paths {
		part := parts[path]
		v.Znodes++
		v.Ops += len(part)
		switch porcupine.CheckOperationsTimeout(znode, part, limit) {
		case porcupine.Ok:
		case porcupine.Unknown:
			v.Undecided++
		case porcupine.Illegal:
			p := Problem{Rule: "a znode's history is not linearizable", Text: fmt.Sprintf("%s, %d operations", path, len(part))}
			for _, op := range part {
				p.Ops = append(p.Ops, *op.Input.(*Op))
			}
			v.Problems = append(v.Problems, p)
		}
	}
	return v
}
