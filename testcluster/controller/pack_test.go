package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// TestPack_OfManyPartitions: one create of the folder that they share, every change once and whole, bounded multis, each
// with its fence.
func TestPack_OfManyPartitions(t *testing.T) {
	m := newModel(t)
	m.register(1)
	parts := make(map[int32]*kzk.Partition)
	for id := range int32(2000) {
		parts[id] = &kzk.Partition{Replicas: []int32{1}}
	}
	m.create(kzk.TopicPath("many"), string(kzk.EncodeTopic(&kzk.Topic{Partitions: parts})))
	changes := controller.Plan(m.input())
	multis := controller.Pack(0, changes)
	if len(multis) < 2 || len(multis) > 20 {
		t.Fatalf("%d multis for %d changes", len(multis), len(changes))
	}
	next := 0
	for n, multi := range multis {
		if size := len((&zkproto.MultiRequest{Ops: multi.Ops}).AppendTo(nil)); size > 512<<10 {
			t.Errorf("multi %d has %d bytes", n, size)
		}
		if fence, ok := multi.Ops[0].Req.(*zkproto.PathVersionRequest); !ok || fence.Path != kzk.ControllerEpochPath {
			t.Errorf("multi %d begins with %v", n, multi.Ops[0])
		}
		for _, i := range multi.Changes() {
			if i != next {
				t.Fatalf("change %d follows %d", i, next-1)
			}
			next++
		}
		for i, op := range multi.Ops[1:] {
			change, parent := multi.Change(i + 1)
			if parent != (i < multi.Parents) || !slices.ContainsFunc(append(changes[change].Parents, changes[change].Ops...),
				func(of zkproto.MultiOp) bool { return of.Req == op.Req }) {
				t.Fatalf("multi %d: operation %d is not of change %d", n, i+1, change)
			}
		}
		ops := multi.Ops
		if n > 0 { // the folder is there by now: whoever finds that goes on without
			if at, code := m.multi(ops...); at != 1 || code != zkproto.NodeExists {
				t.Fatalf("multi %d: operation %d: %v", n, at, code)
			}
			ops = append(ops[:1:1], ops[2:]...)
		}
		m.must(ops...)
	}
	if next != len(changes) || len(controller.Plan(m.input())) > 0 {
		t.Errorf("%d of %d changes; left: %v", next, len(changes), controller.Plan(m.input()))
	}
}

// TestPack_OfOneHugeChange: it is alone.
func TestPack_OfOneHugeChange(t *testing.T) {
	op := func(i int) zkproto.MultiOp {
		return zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/" + strings.Repeat("x", 1000) + fmt.Sprint(i)}}
	}
	var huge []zkproto.MultiOp
	for i := range 600 {
		huge = append(huge, op(i))
	}
	small := []zkproto.MultiOp{op(-1)}
	multis := controller.Pack(3, []controller.Change{{Ops: small}, {Ops: huge}, {Ops: small}, {Ops: small}})
	var sizes []int
	for _, m := range multis {
		sizes = append(sizes, len(m.Ops)-1)
	}
	if want := []int{1, 600, 2}; !slices.Equal(sizes, want) {
		t.Errorf("operations %d, want %d", sizes, want)
	}
}
