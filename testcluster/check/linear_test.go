package check_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// register is one znode, as the model of a history has it.
type register struct {
	exists  bool
	value   string
	version int32
}

// question is what a client asked of a znode, and answer what it was told.
type question struct {
	op      zkproto.OpCode // getData, setData, create or delete
	path    string
	value   string
	version int32 // demanded; -1 is any
}

type answer struct {
	unknown bool // no answer came
	code    zkproto.Code
	value   string // of getData
	version int32  // of getData and setData
}

// step carries a question out on a znode. An answer that did not come is as good as any.
func (r register) step(q question, a answer) (bool, register) {
	told := answer{code: zkproto.OK}
	next := r
	switch {
	case q.op == zkproto.OpCreate && r.exists:
		told.code = zkproto.NodeExists
	case q.op == zkproto.OpCreate:
		next = register{true, q.value, 0}
	case !r.exists:
		told.code = zkproto.NoNode
	case q.op == zkproto.OpGetData:
		told.value, told.version = r.value, r.version
	case q.version != -1 && q.version != r.version:
		told.code = zkproto.BadVersion
	case q.op == zkproto.OpSetData:
		next = register{true, q.value, r.version + 1}
		told.version = next.version
	case q.op == zkproto.OpDelete:
		next = register{}
	}
	return a.unknown || a == told, next
}

// znodes is the model for porcupine: each znode for itself.
var znodes = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var parts [][]porcupine.Operation
		at := map[string]int{}
		for _, op := range history {
			path := op.Input.(question).path
			i, ok := at[path]
			if !ok {
				i = len(parts)
				at[path], parts = i, append(parts, nil)
			}
			parts[i] = append(parts[i], op)
		}
		return parts
	},
	Init: func() any { return register{} },
	Step: func(state, input, output any) (bool, any) {
		return state.(register).step(input.(question), output.(answer))
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// historian is one client, whose questions and answers become part of a history.
type historian struct {
	id      int
	c       *zkclient.Client
	rnd     *rand.Rand
	begun   time.Time
	version int32 // last seen
	history []porcupine.Operation
}

// opsPerZnode is how many questions one znode gets: the checker's work grows fast with it.
const opsPerZnode = 200

func (h *historian) run(ctx context.Context, t *testing.T, turn *atomic.Int64) {
	for ctx.Err() == nil {
		n := turn.Add(1)
		q := question{path: fmt.Sprintf("/k%d", n/opsPerZnode), value: fmt.Sprintf("%d.%d", h.id, n), version: -1}
		if h.rnd.IntN(2) == 0 {
			q.version = h.version
		}
		call := time.Since(h.begun)
		var a answer
		var err error
		switch h.rnd.IntN(6) {
		case 0:
			q.op = zkproto.OpCreate
			_, _, err = h.c.Create(t.Context(), q.path, []byte(q.value), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		case 1, 2:
			var st zkproto.Stat
			q.op = zkproto.OpSetData
			st, err = h.c.Set(t.Context(), q.path, []byte(q.value), q.version)
			a.version, h.version = st.Version, st.Version
		case 3:
			q.op = zkproto.OpDelete
			err = h.c.Delete(t.Context(), q.path, q.version)
		default:
			q.op = zkproto.OpGetData
			if h.rnd.IntN(2) == 0 {
				if err = h.c.Sync(t.Context(), q.path); err != nil {
					continue // nothing was read
				}
			}
			var data []byte
			var st zkproto.Stat
			data, st, err = h.c.Get(t.Context(), q.path, nil)
			a.value, a.version, h.version = string(data), st.Version, st.Version
		}
		switch {
		case zkclient.OutcomeUnknown(err):
			a = answer{unknown: true}
		case err == nil, errors.Is(err, zkproto.NoNode), errors.Is(err, zkproto.NodeExists), errors.Is(err, zkproto.BadVersion):
			errors.As(err, &a.code)
		default:
			continue // it was never sent, or a read that was not answered
		}
		returned := int64(time.Since(h.begun))
		if a.unknown {
			returned = math.MaxInt64
		}
		h.history = append(h.history, porcupine.Operation{ClientId: h.id, Input: q, Output: a, Call: int64(call), Return: returned})
	}
}

// What several clients were told over kills of the server is what one znode that is written
// and read by one at a time could have told them.
func TestKill_HistoriesAreLinearizable(t *testing.T) {
	t.Parallel()
	s := newProcess(t)
	s.start()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), killTime(t))
	defer cancel()
	clients := make([]*historian, 5)
	var turn atomic.Int64
	var wg sync.WaitGroup
	for i := range clients {
		h := &historian{id: i, rnd: rand.New(rand.NewPCG(seed, uint64(i))), begun: time.Now()}
		if i > 0 {
			h.begun = clients[0].begun
		}
		h.c = client(t, s.addr, zkclient.Config{SessionTimeout: 20 * time.Second})
		clients[i] = h
		wg.Go(func() { h.run(ctx, t, &turn) })
	}
	kills := s.killAtRandom(ctx, rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()
	var history []porcupine.Operation
	outcomes := map[string]int{}
	for _, h := range clients {
		history = append(history, h.history...)
		for _, op := range h.history {
			switch a := op.Output.(answer); {
			case a.unknown:
				outcomes["without an answer"]++
			default:
				outcomes[a.code.String()]++
			}
		}
	}
	t.Logf("%d kills, %d operations on %d znodes: %v", kills, len(history), turn.Load()/opsPerZnode+1, outcomes)
	if kills == 0 || outcomes[zkproto.OK.String()] == 0 {
		t.Fatal("nothing was put to the test")
	}
	for _, part := range znodes.Partition(history) {
		if result := porcupine.CheckOperationsTimeout(znodes, part, time.Minute); result != porcupine.Ok {
			t.Errorf("the history of %s is not linearizable: %v", part[0].Input.(question).path, result)
			for _, op := range part {
				t.Logf("client %d, %d to %d: %s", op.ClientId, op.Call, op.Return, znodes.DescribeOperation(op.Input, op.Output))
			}
		}
	}
}

func TestLinearizable_BitesWhereAServerLied(t *testing.T) {
	op := func(call, ret int64, q question, a answer) porcupine.Operation {
		q.path = "/k"
		return porcupine.Operation{Input: q, Output: a, Call: call, Return: ret}
	}
	create := question{op: zkproto.OpCreate, value: "a"}
	get := question{op: zkproto.OpGetData}
	set := func(value string, version int32) question {
		return question{op: zkproto.OpSetData, value: value, version: version}
	}
	remove := question{op: zkproto.OpDelete, version: -1}
	ok, unknown := answer{}, answer{unknown: true}
	read := func(value string, version int32) answer { return answer{value: value, version: version} }
	const never = math.MaxInt64
	for name, test := range map[string]struct {
		history []porcupine.Operation
		want    porcupine.CheckResult
	}{
		"in turn": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 3, get, read("a", 0)), op(4, 5, set("b", 0), answer{version: 1}), op(6, 7, get, read("b", 1)),
		}, porcupine.Ok},
		"a stale read": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 3, set("b", 0), answer{version: 1}), op(4, 5, get, read("a", 0)),
		}, porcupine.Illegal},
		"a read beside a write may see either": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 9, set("b", 0), answer{version: 1}), op(3, 4, get, read("a", 0)), op(5, 6, get, read("b", 1)),
		}, porcupine.Ok},
		"what was seen goes back": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 9, set("b", 0), answer{version: 1}), op(3, 4, get, read("b", 1)), op(5, 6, get, read("a", 0)),
		}, porcupine.Illegal},
		"an acknowledged write is lost": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 3, get, answer{code: zkproto.NoNode}),
		}, porcupine.Illegal},
		"a write without an answer was done": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, never, set("b", -1), unknown), op(10, 11, get, read("b", 1)),
		}, porcupine.Ok},
		"a write without an answer was not done": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, never, set("b", -1), unknown), op(10, 11, get, read("a", 0)),
		}, porcupine.Ok},
		"a write without an answer was done and undone": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, never, set("b", -1), unknown), op(10, 11, get, read("b", 1)), op(12, 13, get, read("a", 0)),
		}, porcupine.Illegal},
		"a write without an answer was done twice": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, never, set("b", -1), unknown), op(10, 11, get, read("b", 2)),
		}, porcupine.Illegal},
		"one version is given twice": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 8, set("b", 0), answer{version: 1}), op(3, 9, set("c", 0), answer{version: 1}),
		}, porcupine.Illegal},
		"a deletion is refused although the znode is there": {[]porcupine.Operation{
			op(0, 1, create, ok), op(2, 3, remove, answer{code: zkproto.NoNode}),
		}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperations(znodes, test.history); got != (test.want == porcupine.Ok) {
			t.Errorf("%s: linearizable %v", name, got)
		}
	}
}
