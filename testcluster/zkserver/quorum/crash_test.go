package quorum

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// writer writes to whoever leads, as fast as it goes, and remembers what was acknowledged.
type writer struct {
	c    *cluster
	mu   sync.Mutex // also guards which servers run
	acks []item
	n    atomic.Int64
	quit chan struct{}
	done chan struct{}
}

func startWriter(c *cluster) *writer {
	w := &writer{c: c, quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) run() {
	defer close(w.done)
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for {
		select {
		case <-w.quit:
			return
		default:
		}
		if !w.burst() {
			<-retry.C
		}
	}
}

// burst proposes a few transactions at a leader, and waits until it has committed them or
// serves no more.
func (w *writer) burst() bool {
	a, node := w.leader()
	if a == nil {
		return false
	}
	var sent []item
	for range 1 + w.n.Load()%7 {
		value := fmt.Sprintf("value %d", w.n.Add(1))
		err := node.Propose(func(z zab.Zxid) []byte {
			sent = append(sent, item{z, value})
			return txnOf(z, value)
		})
		if err != nil {
			break
		}
	}
	if len(sent) == 0 {
		return false
	}
	last := sent[len(sent)-1].zxid
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.tree.last() < last && a.role.Serving() && a.role.Epoch == last.Epoch() && !a.ended && a.failure == nil {
		a.changed.Wait()
	}
	for _, it := range sent {
		if it.zxid <= a.tree.last() && a.tree.last().Epoch() == it.zxid.Epoch() {
			w.acks = append(w.acks, it)
		}
	}
	return true
}

func (w *writer) leader() (*app, *Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.c.running() {
		if r := s.serving(); r.Serving() && r.State == zab.Leading {
			return s.app, s.node
		}
	}
	return nil, nil
}

// progress waits until so many more writes have been begun, but not for long: without a quorum
// none are.
func (w *writer) progress(n int64) {
	until := w.n.Load() + n
	w.c.reached(100*time.Millisecond, func() bool { return w.n.Load() >= until })
}

func (w *writer) stop() {
	close(w.quit)
	<-w.done
}

var seeds = flag.Uint64("seeds", 4, "how many runs there are of TestNode_NothingAcknowledgedIsLost, and from which number on")
var firstSeed = flag.Uint64("firstseed", 0, "the first run")

// TestNode_NothingAcknowledgedIsLost cuts the power of servers, one or all, at random moments
// under writes, and pulls their cables. The disks keep what was synced, and of the rest what
// chance has let through.
func TestNode_NothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	n := *seeds
	if testing.Short() {
		n = min(n, 2)
	}
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			network := []string{"memory", "memory", "memory", "tcp"}[seed%4]
			c := newCluster(t, network, []int{3, 3, 5}[rng.IntN(3)], rng.IntN(2), func(c *cluster) {
				count, factor, force := []int{1, 20, 500}[rng.IntN(3)], []float64{-1, 2, 100}[rng.IntN(3)], rng.IntN(5) == 0
				c.core = func(cfg *zab.Config) { cfg.CommitLogCount, cfg.ForceSnapshot = count, force }
				c.options = func(o *Options) { o.SnapshotSizeFactor = factor }
			})
			w := startWriter(c)
			for range 30 {
				w.progress(rng.Int64N(60))
				if rng.IntN(5) < 3 {
					w.trouble(rng)
				} else {
					w.mend(func() bool { return rng.IntN(2) == 0 })
				}
			}
			w.mend(func() bool { return true })
			begin := time.Now()
			c.leader(c.running()...)
			t.Logf("all serve after %v", time.Since(begin))
			w.progress(20)
			w.stop()
			c.write(c.leader(c.running()...), "the end")
			c.agree(w.acks)
		})
	}
}

// trouble does something to one server, or to more.
func (w *writer) trouble(rng *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	victims := rng.Perm(len(w.c.members))[:[]int{1, 1, 2, len(w.c.members)}[rng.IntN(4)]]
	for _, i := range victims {
		s := w.c.servers[w.c.members[i].ID]
		if s.node == nil {
			continue
		}
		switch rng.IntN(8) {
		case 0, 1:
			s.node.Pause()
		case 2:
			s.stop(w.c)
		case 3:
			s.cuts.Set(w.c.ids(rng), w.c.ids(rng))
		case 4:
			if !s.node.paused && s.serving().Phase == zab.Broadcast { // as only who serves takes one
				must(w.c.t, s.app.snapshot(s.node))
			}
		default:
			s.crash(w.c, rng.Uint64())
		}
	}
}

// ids are any of the servers.
func (c *cluster) ids(rng *rand.Rand) []zab.ServerID {
	var ids []zab.ServerID
	for _, m := range c.members {
		if rng.IntN(2) == 0 {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// mend ends the troubles of those servers that are chosen.
func (w *writer) mend(chosen func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.c.members {
		if !chosen() {
			continue
		}
		s := w.c.servers[m.ID]
		s.cuts.Set(nil, nil)
		if s.node == nil {
			w.c.start(m.ID)
		} else {
			s.node.Resume()
		}
	}
}

// agree waits until all servers have the same, and holds what was acknowledged against it.
func (c *cluster) agree(acks []item) {
	c.t.Helper()
	all := c.running()
	var h history
	c.await("the same everywhere", func() bool {
		h = all[0].app.applied()
		return len(h) > 0 && h[len(h)-1].value == "the end" &&
			!slices.ContainsFunc(all, func(s *server) bool { return !slices.Equal(s.app.applied(), h) })
	})
	there := map[item]bool{}
	for _, it := range h {
		there[it] = true
	}
	lost := 0
	for _, it := range acks {
		if !there[it] {
			lost++
			if lost < 5 {
				c.t.Errorf("%v was acknowledged and is lost", it)
			}
		}
	}
	c.t.Logf("%d acknowledged, %d committed; %d snapshots were installed and %d logs cut", len(acks), len(h),
		c.installs.Load(), c.cuts.Load())
	if len(acks) == 0 || lost > 0 {
		c.t.Errorf("%d of %d acknowledged writes are lost", lost, len(acks))
	}
}

// TestNode_DiskFails has a server's disk refuse a write: the server leaves, the others go on.
func TestNode_DiskFails(t *testing.T) {
	t.Parallel()
	for _, leads := range []bool{true, false} {
		t.Run(fmt.Sprintf("leader=%v", leads), func(t *testing.T) {
			var full atomic.Int64 // the id of the server whose disk is
			c := newCluster(t, "memory", 3, 0, func(c *cluster) {
				for id, s := range c.servers {
					s.fs = storage.NewFaults(s.mem, func(call storage.Call) error {
						if call.Op == storage.OpWrite && full.Load() == int64(id) {
							return syscall.ENOSPC
						}
						return nil
					})
				}
			})
			leader := c.leader(c.running()...)
			c.write(leader, values("before", 5)...)
			c.same(5, c.running()...)
			broken := leader
			if !leads {
				broken = c.others(leader)[0]
			}
			full.Store(int64(broken.id))
			_, err := leader.propose("the last straw")
			must(t, err)
			c.await("the server gives up", func() bool {
				broken.app.mu.Lock()
				defer broken.app.mu.Unlock()
				return errors.Is(broken.app.failure, syscall.ENOSPC)
			})
			if _, err := broken.propose("no more"); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("it answers %v", err)
			}
			rest := c.others(broken)
			c.write(c.leader(rest...), "after")
			if err := broken.node.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("it ends with %v", err)
			}
			broken.stop(c)
			full.Store(0)
			c.start(broken.id)
			c.leader(c.running()...)
			c.write(c.leader(c.running()...), "the end")
			c.agree([]item{leader.app.applied()[0]})
		})
	}
}
