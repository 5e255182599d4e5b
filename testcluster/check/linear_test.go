package check_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// historian is one client, whose questions and answers become part of a history.
type historian struct {
	id      int
	c       *zkclient.Client
	rnd     *rand.Rand
	begun   time.Time
	version int32 // last seen
	history []history.Op
}

// opsPerZnode is how many operations one znode gets: the checker's work grows fast with it.
const opsPerZnode = 200

func (h *historian) run(ctx context.Context, t *testing.T, turn *atomic.Int64) {
	for ctx.Err() == nil {
		n := turn.Add(1)
		op := history.Op{Client: h.id, Path: fmt.Sprintf("/k%d", n/opsPerZnode), Version: -1}
		if h.rnd.IntN(2) == 0 {
			op.Version = h.version
		}
		op.Call = int64(time.Since(h.begun))
		err := h.carryOut(t, &op, fmt.Sprintf("%d.%d", h.id, n))
		op.Return = int64(time.Since(h.begun))
		switch {
		case zkclient.OutcomeUnknown(err):
			op.Unknown = true
		case err == nil, errors.Is(err, zkproto.NoNode), errors.Is(err, zkproto.NodeExists), errors.Is(err, zkproto.BadVersion):
			errors.As(err, &op.Code)
		default:
			continue // it was never sent, or a read that was not answered
		}
		h.history = append(h.history, op)
	}
}

// carryOut does something of a random kind. The one server owes every read the newest state.
func (h *historian) carryOut(t *testing.T, op *history.Op, value string) error {
	var st zkproto.Stat
	var err error
	switch h.rnd.IntN(6) {
	case 0:
		op.Kind, op.Value = history.Create, value
		_, st, err = h.c.Create(t.Context(), op.Path, []byte(value), zkproto.OpenACL(), zkproto.ModePersistent, 0)
	case 1, 2:
		op.Kind, op.Value = history.Set, value
		st, err = h.c.Set(t.Context(), op.Path, []byte(value), op.Version)
	case 3:
		op.Kind = history.Delete
		return h.c.Delete(t.Context(), op.Path, op.Version)
	default:
		op.Kind = history.Read
		if h.rnd.IntN(2) == 0 {
			op.Kind = history.SyncRead
			if err := h.c.Sync(t.Context(), op.Path); err != nil {
				return err
			}
		}
		var data []byte
		data, st, err = h.c.Get(t.Context(), op.Path, nil)
		op.Got = string(data)
	}
	op.Mzxid, op.GotVersion, h.version = st.Mzxid, st.Version, st.Version
	return err
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
	begun := time.Now()
	for i := range clients {
		h := &historian{id: i, rnd: rand.New(rand.NewPCG(seed, uint64(i))), begun: begun}
		h.c = client(t, s.addr, zkclient.Config{SessionTimeout: 20 * time.Second})
		clients[i] = h
		wg.Go(func() { h.run(ctx, t, &turn) })
	}
	kills := s.killAtRandom(ctx, rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()
	var ops []history.Op
	outcomes := map[string]int{}
	for _, h := range clients {
		ops = append(ops, h.history...)
		for _, op := range h.history {
			if op.Unknown {
				outcomes["without an answer"]++
			} else {
				outcomes[op.Code.String()]++
			}
		}
	}
	verdict := history.Linearizable(ops, history.AllReads, time.Minute)
	t.Logf("%d kills, %d operations on %d znodes: %v", kills, verdict.Ops, verdict.Znodes, outcomes)
	if kills == 0 || outcomes[zkproto.OK.String()] == 0 {
		t.Fatal("nothing was put to the test")
	}
	if verdict.Undecided > 0 {
		t.Errorf("%d znodes could not be judged", verdict.Undecided)
	}
	for _, p := range append(verdict.Problems, history.Consistent(ops)...) {
		t.Error(p)
	}
}
