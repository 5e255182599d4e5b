package ensemble_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestThree_Storm: nodes lose their power, stand still and are cut off, all at random, while
// clients write. In the end every write that was acknowledged is on every node.
func TestThree_Storm(t *testing.T) {
	length := 6 * time.Second
	if testing.Short() {
		length = 2 * time.Second
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	e := start(t, ensemble.Options{InMemory: true, Sync: true, TickTime: 50 * time.Millisecond, Seed: seed})
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()

	var clients sync.WaitGroup
	var mu sync.Mutex
	var acknowledged []string
	for c := range 3 {
		clients.Go(func() {
			pace := time.NewTicker(time.Millisecond) // one listing has to hold them all in the end
			defer pace.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				zk, err := zkclient.Dial(ctx, zkclient.Config{Servers: e.ConnectString(), SessionTimeout: time.Second})
				if err != nil {
					continue
				}
				for ; ctx.Err() == nil; n++ {
					<-pace.C
					path := fmt.Sprintf("/c%d-%d", c, n)
					if _, _, err = zk.Create(ctx, path, nil, nil, zkproto.ModePersistent, 0); err != nil {
						break
					}
					mu.Lock()
					acknowledged = append(acknowledged, path)
					mu.Unlock()
				}
				_ = zk.Close(context.Background()) // it may have been lost
			}
		})
	}
	for ctx.Err() == nil {
		befall(t, ctx, e, rnd)
	}
	clients.Wait()

	do(t, e.Heal(t.Context()))
	nodes, err := e.Nodes()
	do(t, err)
	for _, n := range nodes {
		switch n.State {
		case ensemble.Down:
			do(t, e.Restart(t.Context(), n.ID))
		case ensemble.Paused:
			do(t, e.Resume(t.Context(), n.ID))
		}
	}
	leader(t, e)
	t.Logf("%d writes were acknowledged", len(acknowledged))
	for _, addr := range addrs(t, e) {
		zk := session(t, addr)
		do(t, zk.Sync(t.Context(), "/"))
		names, _, err := zk.Children(t.Context(), "/", nil)
		do(t, err)
		there := map[string]bool{}
		for _, name := range names {
			there["/"+name] = true
		}
		for _, path := range acknowledged {
			if !there[path] {
				t.Errorf("%s lacks %s", addr, path)
			}
		}
	}
}

// befall does one thing to one node, or to its links.
func befall(t *testing.T, ctx context.Context, e *ensemble.Ensemble, rnd *rand.Rand) {
	t.Helper()
	id := rnd.IntN(3) + 1
	var err error
	switch rnd.IntN(6) {
	case 0:
		err = e.Kill(t.Context(), id)
	case 1, 2:
		err = e.Restart(ctx, id)
	case 3:
		err = e.Pause(t.Context(), id)
	case 4:
		err = e.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{id}, {other(id)}}, OneWay: rnd.IntN(2) == 0})
	case 5:
		for n := 1; n <= 3 && err == nil; n++ {
			err = e.Resume(t.Context(), n)
		}
		err = errors.Join(e.Heal(t.Context()))
	}
	if err != nil && !errors.Is(err, ensemble.ErrNotRunning) && ctx.Err() == nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(rnd.IntN(200)) * time.Millisecond): // the pace of the storm
	}
}
