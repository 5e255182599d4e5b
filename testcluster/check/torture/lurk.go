package torture

import (
	"context"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// lurker sends one server sync-reads at a slow pace and does not wait for their answers: so some lie in the socket of a
// server that stands still, sent after others have long gone on without it. What it answers when it wakes up must not be
// from before.
type lurker struct {
	*actor
	all     *registers
	waiting []syncRead
}

type syncRead struct {
	sync *zkclient.Call
	get  *call
}

func (l *lurker) work(ctx context.Context) {
	const pace, most = 20 * time.Millisecond, 400
	for ctx.Err() == nil {
		op := history.Op{Kind: history.SyncRead, Path: l.all.path(l.all.turn.Load()), Version: -1, Call: l.r.now()}
		sync := l.c.Start(l.r.life, zkproto.OpSync, &zkproto.PathRequest{Path: op.Path}, &zkproto.PathResponse{})
		l.waiting = append(l.waiting, syncRead{sync, l.start(l.r.life, op, 0)})
		for len(l.waiting) > most || len(l.waiting) > 0 && ended(l.waiting[0].get.call) {
			l.take()
		}
		pause(ctx, pace)
	}
	for len(l.waiting) > 0 {
		l.take()
	}
}

func ended(c *zkclient.Call) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// take records the oldest one's answer.
func (l *lurker) take() {
	r := l.waiting[0]
	l.waiting = l.waiting[1:]
	err := r.sync.Wait(l.r.life)
	op, ok, _ := l.wait(l.r.life, r.get)
	if err == nil && ok {
		l.done = append(l.done, *op)
	}
}
