package torture

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// pairs writes two znodes in one transaction each time, reads both at once, and tries transactions that must fail.
type pairs struct {
	*actor
	n, round int
}

// pairOps is how often a pair is written before the next pair takes its place.
const pairOps = 150

func (p *pairs) paths() (left, right string) {
	return fmt.Sprintf("/left-%d-%d", p.id, p.round), fmt.Sprintf("/right-%d-%d", p.id, p.round)
}

// never begins the paths that only failing transactions create.
const never = "/never-"

func (p *pairs) work(ctx context.Context) {
	made := false
	for ctx.Err() == nil {
		p.n++
		left, right := p.paths()
		switch dice := p.rnd.IntN(6); {
		case p.rnd.IntN(200) == 0:
			p.line.hangUp(false)
		case !made:
			made = p.write(history.Create, left, right) || p.there(left)
		case dice == 0:
			p.look(left, right)
		case dice == 1:
			p.fail(left)
		default:
			p.write(history.Set, left, right)
		}
		if p.n%pairOps == 0 {
			p.round, made = p.round+1, false
		}
	}
}

// write creates or sets both.
func (p *pairs) write(kind history.Kind, paths ...string) bool {
	value := fmt.Sprint(p.n)
	ops, records := make([]zkproto.MultiOp, len(paths)), make([]history.Op, len(paths))
	for i, path := range paths {
		ops[i] = zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: path, Data: []byte(value), Version: -1}}
		if kind == history.Create {
			ops[i] = zkclient.CreateOp(path, []byte(value), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		}
		records[i] = history.Op{
			Client: p.id, Session: p.c.Session().ID, Kind: kind, Path: path, Value: value, Version: -1,
			Call: p.r.now(), Multi: int64(p.id)<<40 | int64(p.n),
		}
	}
	patience, cancel := p.patience()
	defer cancel()
	var resp zkproto.MultiResponse
	call := p.c.Start(patience, zkproto.OpMulti, &zkproto.MultiRequest{Ops: ops}, &resp)
	err := call.Wait(patience)
	if err == nil {
		err = multiError(resp.Results)
	}
	unknown := zkclient.OutcomeUnknown(err)
	if err != nil && !unknown {
		if err == errMulti && kind == history.Set {
			p.r.problem("a transaction on %s and %s, which exist, was refused: %v", paths[0], paths[1], resp.Results)
		}
		return false
	}
	for i, o := range records {
		o.Return, o.Unknown, o.Server = p.r.now(), unknown, p.c.Server()
		if !unknown {
			o.Zxid, o.Mzxid = call.Zxid(), call.Zxid()
			if kind == history.Set {
				o.GotVersion = resp.Results[i].Stat.Version
			}
		}
		if o.Session != p.c.Session().ID {
			o.Session = 0
		}
		p.done = append(p.done, o)
	}
	return !unknown
}

var errMulti = errors.New("an operation of the transaction was refused")

func multiError(results []zkproto.MultiResult) error {
	for _, res := range results {
		if res.Op == zkproto.OpError {
			return errMulti
		}
	}
	return nil
}

// there tells whether a create without an answer was carried out. While that is open the pair is not written.
func (p *pairs) there(left string) bool {
	done, err := p.do(p.r.life, history.Op{Kind: history.SyncRead, Path: left, Version: -1}, 0)
	return done != nil && err == nil
}

// look reads both in one step.
func (p *pairs) look(left, right string) {
	res, err := p.c.MultiRead(p.r.life, []zkproto.MultiOp{
		{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: left}},
		{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: right}},
	})
	switch {
	case err != nil:
	case len(res) != 2:
		p.r.problem("a multiRead of two has %d results", len(res))
	case string(res[0].Data) != string(res[1].Data) || res[0].Err != res[1].Err || res[0].Stat.Mzxid != res[1].Stat.Mzxid:
		p.r.problem("a transaction is half there: %s is %v, and %s is %v", left, res[0], right, res[1])
	}
}

// fail tries a transaction whose second half is refused.
func (p *pairs) fail(left string) {
	_, err := p.c.Multi(p.r.life, []zkproto.MultiOp{
		zkclient.CreateOp(fmt.Sprintf("%s%d-%d", never, p.id, p.n), nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
		{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: left, Version: 1 << 30}},
	})
	if err == nil {
		p.r.problem("the check of version %d of %s succeeded", 1<<30, left)
	}
}

// judgeTree demands that each pair is there in one state.
func (p *pairs) judgeTree(who string, tree map[string]check.Node) {
	each := &pairs{actor: p.actor, round: p.round}
	for ; each.round >= 0; each.round-- {
		left, right := each.paths()
		l, inLeft := tree[left]
		r, inRight := tree[right]
		if inLeft != inRight || string(l.Data) != string(r.Data) || l.Stat.Mzxid != r.Stat.Mzxid {
			p.r.problem("%s: a transaction is half there: %s is %v, and %s is %v", who, left, l, right, r)
		}
	}
}
