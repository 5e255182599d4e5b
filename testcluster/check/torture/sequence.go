package torture

import (
	"context"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// sequenceRoot is the parent of all sequential znodes.
const sequenceRoot = "/seq"

// sequencer creates sequential znodes, and deletes two of three.
type sequencer struct {
	*actor
}

func (q *sequencer) work(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		op := history.Op{Kind: history.Create, Path: sequenceRoot + "/n-", Value: fmt.Sprintf("%d.%d", q.id, n), Version: -1}
		done, err := q.do(q.r.life, op, zkproto.ModePersistentSequential)
		if err != nil {
			continue
		}
		if n%3 > 0 { // the highest number goes, and must not come again
			_, _ = q.do(q.r.life, history.Op{Kind: history.Delete, Path: done.Path, Version: 0}, 0)
		}
	}
}

// twice names the paths that were given to two creates.
func twice(ops []history.Op) []history.Problem {
	var found []history.Problem
	given := map[string]int{}
	for i := range ops {
		o := &ops[i]
		if o.Kind != history.Create || o.Unknown || !strings.HasPrefix(o.Path, sequenceRoot+"/") {
			continue
		}
		if first, again := given[o.Path]; again {
			found = append(found, history.Problem{Rule: "a sequence number was given twice", Ops: []history.Op{ops[first], *o}})
		}
		given[o.Path] = i
	}
	return found
}

// pipeline keeps many writes under way: a session's writes take effect in its order.
type pipeline struct {
	*actor
}

const (
	pipelineDepth = 8
	pipelineTurns = opsPerZnode / pipelineDepth // on one znode
)

func (p *pipeline) work(ctx context.Context) {
	znode, turns := 0, 0
	for n := 0; ctx.Err() == nil; n++ {
		if turns == pipelineTurns {
			znode, turns = znode+1, 0
		}
		if !p.turn(n, fmt.Sprintf("/pipe-%d-%d", p.id, znode), turns == 0) {
			turns = pipelineTurns - 1 // some went without an answer: this znode has seen enough
		}
		turns++
	}
}

// turn sends some writes and waits for their answers. It returns false where one had none.
func (p *pipeline) turn(n int, path string, first bool) bool {
	var calls [pipelineDepth]*call
	for i := range calls {
		op := history.Op{Kind: history.Set, Path: path, Value: fmt.Sprintf("%d.%d", n, i), Version: -1}
		if i == 0 && first {
			op.Kind = history.Create
		}
		calls[i] = p.start(p.r.life, op, zkproto.ModePersistent)
	}
	all := true
	for _, k := range calls {
		done, ok, _ := p.wait(p.r.life, k)
		if ok {
			p.done = append(p.done, *done)
		}
		all = all && ok && !done.Unknown
	}
	return all
}
