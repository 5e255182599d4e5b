package quorum

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// TestNode_PacketsOfTheApp sends what the core does not know, in order with what it does.
func TestNode_PacketsOfTheApp(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 1, nil)
		leader := c.leader(c.running()...)
		learner := c.others(leader)[2] // the observer
		for i := range 50 {
			learner.node.Send(learner.serving().Link, &zab.Packet{Type: zab.Request, Zxid: -1, Data: []byte{byte(i)}})
		}
		var link zab.LinkID
		c.await("the leader has the requests and a ping's answer", func() bool {
			requests, pings := 0, 0
			leader.app.mu.Lock()
			defer leader.app.mu.Unlock()
			for i, p := range leader.app.packets {
				switch p.Type {
				case zab.Request:
					if int(p.Data[0]) != requests {
						t.Fatalf("request %d came as number %d", p.Data[0], requests)
					}
					requests++
					link = leader.app.from[i]
				case zab.Ping:
					if leader.app.from[i] == link && bytes.Equal(p.Data, learner.app.Touched()) {
						pings++
					}
				}
			}
			return requests == 50 && pings > 0
		})
		// SYNC comes behind the commits before it.
		for i := range 50 {
			c.write(leader, fmt.Sprintf("write %d", i))
			leader.node.Send(link, &zab.Packet{Type: zab.Sync})
			c.await("the SYNC", func() bool {
				learner.app.mu.Lock()
				defer learner.app.mu.Unlock()
				syncs := 0
				for _, p := range learner.app.packets {
					if p.Type == zab.Sync {
						syncs++
					}
				}
				if syncs > len(learner.app.tree) {
					t.Fatalf("%d answers for %d transactions", syncs, len(learner.app.tree))
				}
				return syncs == i+1
			})
		}
		// Links that have gone take nothing, and the leader is told.
		learner.stop(c)
		c.await("the leader is told", func() bool {
			leader.app.mu.Lock()
			defer leader.app.mu.Unlock()
			return slices.Contains(leader.app.down, link)
		})
		leader.node.Send(link, &zab.Packet{Type: zab.Sync})
		leader.node.Send(12345, &zab.Packet{Type: zab.Sync})
	})
}

func TestNode_Confirm(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "memory", 3, 0, nil)
	leader := c.leader(c.running()...)
	rest := c.others(leader)
	if err := rest[0].node.Confirm(1); !errors.Is(err, zab.ErrNotLeading) {
		t.Fatalf("a follower answers %v", err)
	}
	if err := rest[0].node.Propose(func(zab.Zxid) []byte { return nil }); !errors.Is(err, zab.ErrNotLeading) {
		t.Fatalf("a follower proposes with %v", err)
	}
	for token := range uint64(5) {
		must(t, leader.node.Confirm(token))
	}
	c.await("the tokens", func() bool {
		leader.app.mu.Lock()
		defer leader.app.mu.Unlock()
		return slices.Equal(leader.app.tokens, []uint64{0, 1, 2, 3, 4})
	})
	for _, s := range rest {
		s.node.Pause()
	}
	must(t, leader.node.Confirm(5))
	c.await("the leader gives up", func() bool { r := leader.serving(); return !r.Serving() })
	if tokens := leader.app.tokens; len(tokens) != 5 {
		t.Fatalf("confirmed without a quorum: %v", tokens)
	}
	for _, s := range rest {
		s.node.Resume()
	}
	c.leader(c.running()...)
}

// TestNode_LongSnapshot takes longer than initLimit, but never stands still.
func TestNode_LongSnapshot(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, func(c *cluster) {
			c.core = func(cfg *zab.Config) { cfg.ForceSnapshot, cfg.InitLimit, cfg.SyncLimit = true, 10, 10 }
			c.filler = strings.Repeat("x", 50<<10)
		})
		const parts = 20
		limit := time.Duration(10*20) * 5 * time.Millisecond
		slow := make(chan struct{})
		_, back := c.away(2*parts, func(leader *server) {
			leader.app.mu.Lock()
			leader.app.slow = slow
			leader.app.mu.Unlock()
			go func() {
				pace := time.NewTicker(2 * limit / parts)
				defer pace.Stop()
				for range parts {
					<-pace.C
					slow <- struct{}{}
				}
				close(slow)
			}()
		})
		lost := func(r zab.Role) bool { return r.State == zab.Looking }
		if roles := back.app.roles; slices.ContainsFunc(roles[1:], lost) {
			t.Fatalf("it did not get the snapshot at once: %+v", roles)
		}
	})
}

// TestNode_PortInUse has the quorum port taken, whoever is elected.
func TestNode_PortInUse(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		var squatters []net.Listener
		c := newCluster(t, network, 3, 0, func(c *cluster) {
			for id, addrs := range c.quorum {
				l, err := c.network(id).Listen(t.Context(), addrs[0])
				must(t, err)
				squatters = append(squatters, l)
			}
		})
		c.await("the first leader cannot listen", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return strings.Contains(c.logs.String(), "cannot listen on its quorum port")
		})
		for _, l := range squatters {
			must(t, l.Close())
		}
		c.write(c.leader(c.running()...), "a write")
		c.same(1, c.running()...)
	})
}

// TestNode_LearnerTooSlow cuts off a learner that does not take what it is sent.
func TestNode_LearnerTooSlow(t *testing.T) {
	t.Parallel()
	eachNetwork(t, func(t *testing.T, network string) {
		c := newCluster(t, network, 3, 0, func(c *cluster) {
			c.core = func(cfg *zab.Config) { cfg.SyncLimit = 1000 }
			c.options = func(o *Options) { o.MaxLinkQueue = 1 << 20 }
		})
		leader := c.leader(c.running()...)
		slow := c.others(leader)[0]
		slow.node.Pause()
		n := 0
		c.await("the leader cuts it off", func() bool {
			for range 20 {
				c.write(leader, strings.Repeat("x", 10000))
				n++
			}
			leader.app.mu.Lock()
			defer leader.app.mu.Unlock()
			return len(leader.app.down) == 1
		})
		slow.node.Resume()
		c.leader(c.running()...)
		c.same(n, c.running()...)
	})
}
