package torture

import (
	"context"
	"fmt"
	"strings"
	"sync"

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

// watcher keeps the events of a recursive watch of one server, parted by losses of the connection.
type watcher struct {
	*actor
	mu    sync.Mutex
	parts [][]zkproto.WatchedEvent
}

func (w *watcher) event(e zkproto.WatchedEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Type == zkproto.EventNone || len(w.parts) == 0 {
		w.parts = append(w.parts, nil)
	}
	if e.Type != zkproto.EventNone {
		last := len(w.parts) - 1
		w.parts[last] = append(w.parts[last], e)
	}
}

func (w *watcher) work(ctx context.Context) {
	session := zkproto.SessionID(0)
	for ctx.Err() == nil {
		if now := w.c.Session().ID; now != session || now == 0 { // a watch goes with its session
			if err := w.c.AddWatch(w.r.life, sequenceRoot, zkproto.AddWatchPersistentRecursive, w.event); err == nil {
				session = now
			}
		}
		_, _ = w.do(w.r.life, history.Op{Kind: history.Read, Path: sequenceRoot, Version: -1}, 0)
		pause(ctx, tick)
	}
}

// judgeEvents compares the events with the znodes whose creation was acknowledged.
func (w *watcher) judgeEvents(ops []history.Op) {
	created := map[zkproto.Zxid]string{}
	for i := range ops {
		if o := &ops[i]; o.Kind == history.Create && !o.Unknown && strings.HasPrefix(o.Path, sequenceRoot+"/") {
			created[o.Zxid] = o.Path
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, part := range w.parts {
		w.r.count(func(r *Report) { r.Events += len(part) })
		if len(part) > 0 {
			w.judgePart(part, created)
		}
	}
}

func (w *watcher) judgePart(part []zkproto.WatchedEvent, created map[zkproto.Zxid]string) {
	told := map[zkproto.Zxid]bool{}
	last := zkproto.Zxid(0)
	for _, e := range part {
		if e.Zxid < last {
			w.r.problem("the event %v of %v comes after one of %v", e, e.Zxid, last)
		}
		last = e.Zxid
		if e.Type != zkproto.EventNodeCreated {
			continue
		}
		told[e.Zxid] = true
		if path, there := created[e.Zxid]; there && path != e.Path {
			w.r.problem("%v created %s, and its event says %s", e.Zxid, path, e.Path)
		}
	}
	for zxid, path := range created {
		if zxid > part[0].Zxid && zxid < last && !told[zxid] {
			w.r.problem("client %d: %s was created at %v, between events of %v and %v, and nobody was told", w.id, path, zxid, part[0].Zxid, last)
		}
	}
}
