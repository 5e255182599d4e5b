package torture

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// opsPerZnode is how many operations one register gets: the model checker's work grows fast with it, and faster with
// those without an answer. So a znode is left for the next one when there has been one of them.
const opsPerZnode = 300

// registers are the znodes that several clients write and read, one after another.
type registers struct {
	turn atomic.Int64
}

// register is one client of them.
type register struct {
	*actor
	all     *registers
	moves   bool
	version int32 // last seen
}

func (g *register) work(ctx context.Context) {
	for ctx.Err() == nil {
		if g.moves && g.rnd.IntN(40) == 0 {
			g.line.hangUp(false)
		}
		op := g.all.next(g.id, g.rnd.IntN(8), g.rnd.IntN(2) == 0, g.version)
		patience, cancel := g.patience()
		done, _ := g.do(patience, op, zkproto.ModePersistent)
		cancel()
		if done == nil {
			continue
		}
		g.version = done.GotVersion
		if done.Unknown {
			g.all.leave()
		}
	}
}

// path is the znode of a turn.
func (r *registers) path(turn int64) string { return fmt.Sprintf("/k%d", turn/opsPerZnode) }

// leave goes on to the next znode.
func (r *registers) leave() {
	n := r.turn.Load()
	for !r.turn.CompareAndSwap(n, (n/opsPerZnode+1)*opsPerZnode) {
		n = r.turn.Load()
	}
}

// next is an operation of a random kind on the znode whose turn it is.
func (r *registers) next(client, dice int, exact bool, version int32) history.Op {
	n := r.turn.Add(1)
	op := history.Op{Path: r.path(n), Version: -1}
	switch dice {
	case 0:
		op.Kind = history.Create
	case 1, 2, 3:
		op.Kind = history.Set
	case 4:
		op.Kind = history.Delete
	case 5, 6:
		op.Kind = history.SyncRead
	case 7:
		op.Kind = history.Read
	}
	if op.Kind == history.Create || op.Kind == history.Set {
		op.Value = fmt.Sprintf("%d.%d", client, n)
	}
	if exact && op.Kind != history.Create {
		op.Version = version
	}
	return op
}

// Foreign is a client that is not ours. A get returns the znode's data. Zxids of answers are not asked for. An error is
// one of NoNode, NodeExists and BadVersion of zkproto, or anything else, and then the outcome is not known.
type Foreign interface {
	Create(path, value string) error
	Set(path, value string, version int32) (zkproto.Stat, error)
	Delete(path string, version int32) error
	Get(path string) (string, zkproto.Stat, error)
	Sync(path string) error
	Close()
}

// foreigner is the same as a register's client, by foreign hands.
type foreigner struct {
	*register
	c Foreign
}

func (f *foreigner) close() { f.c.Close() }

func (f *foreigner) work(ctx context.Context) {
	for ctx.Err() == nil {
		op := f.all.next(f.id, f.rnd.IntN(8), f.rnd.IntN(2) == 0, f.version)
		op.Client, op.Server, op.Call = f.id, "a foreign client's", f.r.now()
		if f.carryOut(&op) {
			f.done = append(f.done, op)
			f.version = op.GotVersion
			if op.Unknown {
				f.all.leave()
			}
		}
	}
}

// carryOut returns false where there is nothing to record.
func (f *foreigner) carryOut(op *history.Op) bool {
	var err error
	var stat zkproto.Stat
	switch op.Kind {
	case history.Create:
		err = f.c.Create(op.Path, op.Value)
	case history.Set:
		stat, err = f.c.Set(op.Path, op.Value, op.Version)
	case history.Delete:
		err = f.c.Delete(op.Path, op.Version)
	case history.SyncRead, history.Read:
		if op.Kind == history.SyncRead {
			if err := f.c.Sync(op.Path); err != nil {
				return false
			}
		}
		op.Got, stat, err = f.c.Get(op.Path)
	}
	op.Return = f.r.now()
	switch {
	case err == nil:
		op.Mzxid, op.GotVersion = stat.Mzxid, stat.Version
		if op.Kind == history.Set {
			op.Zxid = stat.Mzxid
		}
	case errors.Is(err, zkproto.NoNode), errors.Is(err, zkproto.NodeExists), errors.Is(err, zkproto.BadVersion):
		errors.As(err, &op.Code)
		op.Got = ""
	case !op.Kind.Write():
		return false
	default:
		op.Unknown = true
	}
	return true
}
