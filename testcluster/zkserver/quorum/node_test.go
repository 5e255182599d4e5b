package quorum

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// eachNetwork runs a test in memory and over TCP.
func eachNetwork(t *testing.T, run func(t *testing.T, network string)) {
	for _, network := range []string{"memory", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			run(t, network)
		})
	}
}

// others are the servers that run, without those given.
func (c *cluster) others(not ...*server) []*server {
	return slices.DeleteFunc(c.running(), func(s *server) bool { return slices.Contains(not, s) })
}

func TestNode_WritesAndGoesOnWithoutItsLeader(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ voters, observers int }{{1, 0}, {3, 0}, {5, 0}, {3, 2}} {
		t.Run(fmt.Sprintf("%d+%d", size.voters, size.observers), func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, network string) {
				c := newCluster(t, network, size.voters, size.observers, nil)
				leader := c.leader(c.running()...)
				c.write(leader, values("first", 20)...)
				c.same(20, c.running()...)
				if size.voters < 3 {
					return
				}
				id := leader.id
				leader.stop(c)
				leader = c.leader(c.running()...)
				c.write(leader, values("second", 20)...)
				c.same(40, c.running()...)
				c.start(id)
				c.leader(c.running()...)
				c.write(leader, "third")
				c.same(41, c.running()...)
			})
		})
	}
}

// TestNode_AllRestart has everything come back from the disks alone.
func TestNode_AllRestart(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, nil)
		c.write(c.leader(c.running()...), values("a", 10)...)
		for range 2 {
			for _, s := range c.servers {
				s.stop(c)
			}
			for id := range c.servers {
				c.start(id)
			}
			c.leader(c.running()...)
		}
		c.write(c.leader(c.running()...), "b")
		c.same(11, c.running()...)
	})
}

// away stops a follower, lets the others write n times, and starts it again.
func (c *cluster) away(n int, meanwhile func(leader *server)) (leader, back *server) {
	c.t.Helper()
	leader = c.leader(c.running()...)
	c.write(leader, values("before", 10)...)
	c.same(10, c.running()...)
	back = c.others(leader)[0]
	back.stop(c)
	c.leader(c.running()...) // the leader still has a quorum
	c.write(leader, values("meanwhile"+c.filler, n)...)
	if meanwhile != nil {
		meanwhile(leader)
	}
	c.start(back.id)
	c.leader(c.running()...)
	c.write(leader, "after")
	c.same(11+n, c.running()...)
	return leader, back
}

func TestNode_FollowerComesBack(t *testing.T) {
	t.Parallel()
	small := func(c *cluster) { c.core = func(cfg *zab.Config) { cfg.CommitLogCount = 5 } }
	for _, test := range []struct {
		name     string
		n        int
		change   func(*cluster)
		snapshot bool // of the others, meanwhile
		installs int
	}{
		{name: "nothing missed"},
		{name: "from memory", n: 20},
		{name: "from the log", n: 50, change: func(c *cluster) {
			small(c)
			c.options = func(o *Options) { o.SnapshotSizeFactor = 1000 }
		}},
		{name: "the log is longer than a snapshot", n: 50, change: small, installs: 1},
		{name: "the log is not to be read", n: 50, installs: 1, change: func(c *cluster) {
			c.core = func(cfg *zab.Config) { cfg.CommitLogCount, cfg.NoLogSync = 5, true }
		}},
		{name: "always a snapshot", n: 3, installs: 1, change: func(c *cluster) {
			c.core = func(cfg *zab.Config) { cfg.ForceSnapshot = true }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, network string) {
				c := newCluster(t, network, 3, 0, test.change)
				_, back := c.away(test.n, nil)
				if got := len(back.app.installs); got != test.installs || len(back.app.rebuilds) != 0 {
					t.Fatalf("%d snapshots were installed, want %d; %d times truncated", got, test.installs, len(back.app.rebuilds))
				}
				last := back.app.applied().last()
				c.await("all in its log", func() bool { return back.node.Status().Persisted == last })
				log := back.logOf(t)
				if whole := back.app.applied(); test.installs == 0 && !slices.Equal(log, whole) {
					t.Fatalf("the log has %d of %d transactions", len(log), len(whole))
				} else if !slices.Equal(log, whole[len(whole)-len(log):]) {
					t.Fatalf("the log has %v", log)
				}
				// And it is good for a restart, and for a leader.
				back.stop(c)
				c.start(back.id)
				c.leader(c.running()...)
				c.same(11+test.n, c.running()...)
			})
		})
	}
}

// TestNode_TailIsCut has a server that comes back with a transaction that nobody else has: as
// a leader that had proposed it, and crashed.
func TestNode_TailIsCut(t *testing.T) {
	t.Parallel()
	for _, snapshot := range []bool{false, true} {
		t.Run(fmt.Sprintf("snapshot=%v", snapshot), func(t *testing.T) {
			eachNetwork(t, func(t *testing.T, network string) {
				c := newCluster(t, network, 3, 0, nil)
				leader := c.leader(c.running()...)
				c.write(leader, values("kept", 10)...)
				c.same(10, c.running()...)
				rest := c.others(leader)
				for _, s := range rest {
					s.node.Pause()
				}
				// What it proposes now reaches its own log alone.
				c.propose(leader, "lost", 5)
				last := leader.node.Status().Logged
				c.await("the log has it", func() bool { return leader.node.Status().Persisted == last })
				for _, s := range append(rest, leader) {
					s.stop(c)
				}
				if snapshot {
					// Taken of what was loaded: it holds what must go.
					a, err := openApp(c, leader.id, leader.fs, leader.dir)
					must(t, err)
					must(t, a.save(a.tree, a.tree.last()))
					must(t, a.log.Close())
				}
				for _, s := range rest {
					c.start(s.id)
				}
				other := c.leader(rest...)
				c.write(other, "on")
				c.start(leader.id)
				c.leader(c.running()...)
				c.write(other, "and on")
				c.same(12, c.running()...)
				if len(leader.app.rebuilds) != 1 {
					t.Fatalf("it was truncated %d times", len(leader.app.rebuilds))
				}
				leader.stop(c)
				c.start(leader.id)
				c.leader(c.running()...)
				c.same(12, c.running()...)
			})
		})
	}
}

// TestNode_Partition cuts the leader off: it must not commit, and the others must go on.
func TestNode_Partition(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, nil)
		old := c.leader(c.running()...)
		c.write(old, values("together", 5)...)
		c.same(5, c.running()...)
		rest := c.others(old)
		away := []zab.ServerID{rest[0].id, rest[1].id}
		old.cuts.Set(away, away)
		if _, err := old.propose("alone"); err != nil {
			t.Fatal(err)
		}
		leader := c.leader(rest...)
		c.write(leader, values("without", 5)...)
		c.same(10, rest...)
		c.await("the leader that is alone gives up", func() bool { r := old.serving(); return !r.Serving() })
		if h := old.app.applied(); len(h) != 5 {
			t.Fatalf("the leader that was alone has %d transactions", len(h))
		}
		old.cuts.Set(nil, nil)
		c.leader(c.running()...)
		c.write(leader, "together again")
		c.same(11, c.running()...)
	})
}

// TestNode_OneWayPartition lets a follower hear the others, who do not hear it.
func TestNode_OneWayPartition(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, nil)
		leader := c.leader(c.running()...)
		mute := c.others(leader)[0]
		rest := c.others(mute)
		mute.cuts.Set(nil, []zab.ServerID{rest[0].id, rest[1].id})
		c.await("the mute one is dropped", func() bool { r := mute.serving(); return !r.Serving() })
		c.write(c.leader(rest...), values("without", 5)...)
		mute.cuts.Set(nil, nil)
		c.leader(c.running()...)
		c.same(5, c.running()...)
	})
}

func TestNode_PauseAndResume(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, nil)
		old := c.leader(c.running()...)
		c.write(old, "awake")
		old.node.Pause()
		rest := c.others(old)
		leader := c.leader(rest...)
		c.write(leader, "asleep")
		old.node.Resume()
		c.leader(c.running()...)
		c.write(leader, "awake again")
		c.same(3, c.running()...)
		leader.node.Pause() // and closed like that
	})
}

// TestNode_LeaderIsElectedQuickly holds the way together by which an ensemble is up in a blink.
func TestNode_LeaderIsElectedQuickly(t *testing.T) {
	begin := time.Now()
	c := newCluster(t, "memory", 3, 0, nil)
	c.leader(c.running()...)
	t.Logf("three nodes serve after %v", time.Since(begin))
	leader := c.leader(c.running()...)
	begin = time.Now()
	leader.stop(c)
	c.leader(c.running()...)
	t.Logf("and without their leader after %v", time.Since(begin))
}
