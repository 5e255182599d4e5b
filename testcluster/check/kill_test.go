package check_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// killTime is how long the server is killed and restarted: ZOKA_KILL_SECONDS, else a few
// seconds.
func killTime(t *testing.T) time.Duration {
	if s := os.Getenv("ZOKA_KILL_SECONDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("ZOKA_KILL_SECONDS: %v", err)
		}
		return time.Duration(n) * time.Second
	}
	if testing.Short() {
		return 2 * time.Second
	}
	return 4 * time.Second
}

// Several clients write while the server is killed and restarted at random. Afterwards
// everything acknowledged is there, and no write half done: on the server itself, on the
// server after one more kill, and on Apache's server started on the same folder.
func TestKill_NothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	s := newProcess(t)
	s.start()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)

	ctx, cancel := context.WithTimeout(t.Context(), killTime(t))
	defer cancel()
	writers := make([]*writer, 6)
	var wg sync.WaitGroup
	for i := range writers {
		writers[i] = &writer{root: fmt.Sprintf("/w%d", i), rnd: rand.New(rand.NewPCG(seed, uint64(i))), timeout: 20 * time.Second}
		wg.Go(func() { writers[i].run(ctx, t, s.addr) })
	}
	kills := s.killAtRandom(ctx, rand.New(rand.NewPCG(seed, 99)))
	wg.Wait()

	var acknowledged, unknown int
	for _, w := range writers {
		acknowledged += w.ledger.Writes(check.Acknowledged)
		unknown += w.ledger.Writes(check.Unknown)
	}
	t.Logf("%d kills, %d writes acknowledged, %d without an answer", kills, acknowledged, unknown)
	if kills == 0 || acknowledged == 0 {
		t.Fatal("nothing was put to the test")
	}
	verify(t, "after the kills", s.addr, writers)
	s.kill()
	s.start()
	verify(t, "after one more kill", s.addr, writers)
	s.stop()
	t.Run("Apache", func(t *testing.T) {
		apache := peertest.StartZK39(t, peertest.Options{DataDir: s.dir})
		verify(t, "on Apache's server", apache.Addr(), writers)
	})
}

// writer writes below its root, one thing at a time.
type writer struct {
	root    string
	rnd     *rand.Rand
	timeout time.Duration // of the session
	ledger  check.Ledger
	n       int
	last    zkproto.Zxid
}

func (w *writer) run(ctx context.Context, t *testing.T, addr string) {
	c, err := zkclient.New(zkclient.Config{Servers: addr, SessionTimeout: w.timeout, Renew: true})
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close(context.WithoutCancel(ctx))
	for _, path := range []string{w.root, w.root + "/set", w.root + "/left", w.root + "/right"} {
		if _, _, err := c.Create(ctx, path, []byte("0"), zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil && !errors.Is(err, zkproto.NodeExists) {
			t.Errorf("%s: the writer could not begin: %v", path, err)
			return
		}
	}
	w.ledger.Wrote(w.root+"/set", check.Present("0"), check.Acknowledged)
	w.ledger.Wrote(w.root+pair, check.Present("0 0"), check.Acknowledged)
	for ctx.Err() == nil {
		w.n++
		w.write(ctx, t, c)
	}
}

// pair names the two znodes that are always written together.
const pair = "/left+right"

// write does one write of a random kind.
func (w *writer) write(ctx context.Context, t *testing.T, c *zkclient.Client) {
	value := strconv.Itoa(w.n)
	record := func(place string, to check.State, err error) {
		w.ledger.Wrote(place, to, check.OutcomeOf(err, zkclient.OutcomeUnknown))
	}
	switch w.rnd.IntN(4) {
	case 0:
		path := fmt.Sprintf("%s/c%06d", w.root, w.n)
		_, stat, err := c.Create(ctx, path, []byte(value), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		record(path, check.Present(value), err)
		w.ordered(t, stat.Czxid, err)
	case 1:
		stat, err := c.Set(ctx, w.root+"/set", []byte(value), -1)
		record(w.root+"/set", check.Present(value), err)
		w.ordered(t, stat.Mzxid, err)
	case 2:
		ops := make([]zkproto.MultiOp, 2)
		for i, name := range [...]string{"/left", "/right"} {
			ops[i] = zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: w.root + name, Data: []byte(value), Version: -1}}
		}
		_, err := c.Multi(ctx, ops)
		record(w.root+pair, check.Present(value+" "+value), err)
	case 3:
		// The second operation is refused, and with it the first.
		path := fmt.Sprintf("%s/m%06d", w.root, w.n)
		_, err := c.Multi(ctx, []zkproto.MultiOp{
			zkclient.CreateOp(path, nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
			{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: w.root, Version: -1}},
		})
		if err == nil {
			t.Errorf("%s: a znode with children was deleted", w.root)
		}
		w.ledger.Wrote(path, check.Absent, check.Acknowledged)
	}
}

// ordered demands that a client's writes take effect in its order.
func (w *writer) ordered(t *testing.T, zxid zkproto.Zxid, err error) {
	if err != nil {
		return
	}
	if zxid <= w.last {
		t.Errorf("%s: write %d has zxid %v, an earlier one had %v", w.root, w.n, zxid, w.last)
	}
	w.last = zxid
}

// verify reads every place of the writers back.
func verify(t *testing.T, when, addr string, writers []*writer) {
	t.Helper()
	for _, w := range writers {
		verifyLedger(t, when, addr, &w.ledger)
	}
}

// verifyLedger reads every place back with a client of its own.
func verifyLedger(t *testing.T, when, addr string, ledger *check.Ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := zkclient.New(zkclient.Config{Servers: addr})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, place := range ledger.Places() {
		found, err := look(ctx, c, place)
		if err == nil {
			err = ledger.Verify(place, found)
		}
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
}

func look(ctx context.Context, c *zkclient.Client, place string) (check.State, error) {
	if root, both := strings.CutSuffix(place, pair); both {
		left, err1 := look(ctx, c, root+"/left")
		right, err2 := look(ctx, c, root+"/right")
		return check.Present(left.Value + " " + right.Value), errors.Join(err1, err2)
	}
	data, _, err := c.Get(ctx, place, nil)
	if errors.Is(err, zkproto.NoNode) {
		return check.Absent, nil
	}
	return check.Present(string(data)), err
}
