package quorum

import (
	"errors"
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

// progress waits until so many more writes have been acknowledged, but not for long: without
// a quorum none are.
func (w *writer) progress(n int64) {
	until := w.n.Load() + n
	w.c.reached(2*time.Second, func() bool { return w.n.Load() >= until })
}

func (w *writer) stop() {
	close(w.quit)
	<-w.done
}

// TestNode_NothingAcknowledgedIsLost cuts the power of servers, one or all, at random moments
// under writes. Their disks keep what was synced, and of the rest what chance has let through.
func TestNode_NothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			c := newCluster(t, "memory", 3, 0, func(c *cluster) {
				c.core = func(cfg *zab.Config) { cfg.CommitLogCount = 20 }
				c.options = func(o *Options) { o.SnapshotSizeFactor = 2 * float64(seed%2) }
			})
			w := startWriter(c)
			for range 12 {
				w.progress(rng.Int64N(60))
				w.mu.Lock()
				for _, s := range c.victims(rng) {
					if rng.IntN(3) == 0 {
						must(t, s.app.snapshot(s.node))
					}
					s.crash(c, rng.Uint64())
				}
				w.mu.Unlock()
				w.progress(rng.Int64N(200))
				w.mu.Lock()
				for id, s := range c.servers {
					if s.node == nil {
						c.start(id)
					}
				}
				w.mu.Unlock()
			}
			c.leader(c.running()...)
			w.progress(20)
			w.stop()
			c.write(c.leader(c.running()...), "the end")
			c.agree(w.acks)
		})
	}
}

// victims are the servers that crash together.
func (c *cluster) victims(rng *rand.Rand) []*server {
	list := c.running()
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:min(len(list), []int{1, 1, 1, 2, 3}[rng.IntN(5)])]
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
	c.t.Logf("%d acknowledged, %d committed", len(acks), len(h))
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
