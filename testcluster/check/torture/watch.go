package torture

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// peeker sets watches on registers and reads on: an event comes before the client can read the new state, also where
// the session has moved in between.
type peeker struct {
	*actor
	all *registers
}

func (p *peeker) work(ctx context.Context) {
	for ctx.Err() == nil {
		p.peek(ctx, p.all.path(p.all.turn.Load()))
	}
}

// peek reads a znode with a watch and then without, until it changes or is left for the next.
func (p *peeker) peek(ctx context.Context, path string) {
	var told atomic.Bool
	_, first, err := p.c.Get(p.r.life, path, func(zkproto.WatchedEvent) { told.Store(true) })
	if err != nil {
		pause(ctx, tick/20) // it is not there: nothing is watched
		return
	}
	if p.rnd.IntN(3) == 0 {
		p.line.hangUp(false) // the next server has to be told of the watch
	}
	for ctx.Err() == nil && path == p.all.path(p.all.turn.Load()) {
		now, err := p.do(p.r.life, history.Op{Kind: history.Read, Path: path, Version: -1}, 0)
		if now == nil {
			return
		}
		if err == nil && now.Mzxid == first.Mzxid {
			pause(ctx, time.Millisecond)
			continue
		}
		if err := p.c.Settle(p.r.life); err == nil && !told.Load() {
			p.r.problem("client %d read %s at mzxid %v, and then at %v (0 is gone), and its watch was not called", p.id, path, first.Mzxid, now.Mzxid)
		}
		p.r.count(func(r *Report) { r.Events++ })
		return
	}
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
