package zkserver

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
	"github.com/zoka-project/zoka/testcluster/zab"
)

// TestMember_Chaos: while servers crash, come back and are cut off, clients write. At the end
// all members have the same tree, in it is everything that was acknowledged, and the sessions'
// ephemerals are gone with them.
func TestMember_Chaos(t *testing.T) {
	c := startCluster(t, 3, 1, func(cfg *Config) {
		cfg.SnapCount, cfg.Ensemble.CommitLogCount, cfg.Ensemble.SnapshotSizeFactor = 100, 20, 0.1
	})
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	var writers sync.WaitGroup
	acked := make([]int, 6)
	for i := range acked {
		z, err := zkclient.New(zkclient.Config{Servers: c.connectString(c.members[i%len(c.members)]), SessionTimeout: 4 * time.Second, Renew: true})
		if err != nil {
			t.Fatal(err)
		}
		writers.Go(func() {
			defer func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				z.Close(ctx)
			}()
			acked[i] = writeUntil(ctx, t, z, i)
		})
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for ctx.Err() == nil {
		c.disturb(ctx, rnd)
	}
	writers.Wait()
	c.awaitAlike()
	z := c.leader().client()
	for i, n := range acked {
		if n == 0 {
			t.Errorf("writer %d has written nothing", i)
		}
		for k := range n {
			if _, err := z.Exists(t.Context(), fmt.Sprintf("/w%d-%d", i, k), nil); err != nil {
				t.Errorf("writer %d: %d of %d: %v", i, k, n, err)
			}
		}
	}
	await(t, "the ephemerals are gone", func() bool { return c.leader().s.Stats().Ephemerals == 0 })
	t.Logf("acknowledged: %v", acked)
}

// writeUntil makes nodes one after the other until ctx ends, and returns how many were
// acknowledged. One whose outcome is unknown is tried again until it is there.
func writeUntil(ctx context.Context, t *testing.T, z *zkclient.Client, writer int) (acked int) {
	for ctx.Err() == nil {
		path := fmt.Sprintf("/w%d-%d", writer, acked)
		mode := zkproto.ModePersistent
		_, _, err := z.Create(ctx, path, []byte(path), zkproto.OpenACL(), mode, 0)
		switch {
		case err == nil, errors.Is(err, zkproto.NodeExists):
			acked++
		}
		if acked%7 == 0 {
			// Its session may end meanwhile, and the node with it.
			_, _, _ = z.Create(ctx, fmt.Sprintf("/e%d-%d", writer, acked), nil, zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
		}
		if data, _, err := z.Get(ctx, path, nil); err == nil && string(data) != path {
			t.Errorf("%s has %q", path, data)
		}
	}
	return acked
}

// disturb does one bad thing and undoes it.
func (c *cluster) disturb(ctx context.Context, rnd *rand.Rand) {
	victim := c.members[rnd.IntN(len(c.members))]
	pause := time.Duration(50+rnd.IntN(300)) * time.Millisecond
	switch rnd.IntN(3) {
	case 0:
		victim.crash()
		sleep(ctx, pause)
		victim.start()
	case 1:
		victim.stop()
		sleep(ctx, pause)
		victim.start()
	case 2:
		for _, m := range c.members {
			if m != victim {
				m.cuts.Set([]zab.ServerID{zab.ServerID(victim.id)}, []zab.ServerID{zab.ServerID(victim.id)})
				victim.cuts.Set([]zab.ServerID{1, 2, 3, 4}, []zab.ServerID{1, 2, 3, 4})
			}
		}
		sleep(ctx, 4*pause)
		for _, m := range c.members {
			m.cuts.Set(nil, nil)
		}
	}
	sleep(ctx, pause)
}

// sleep waits, but not longer than the test's work.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
