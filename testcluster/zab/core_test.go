package zab

import (
	"slices"
	"testing"
)

func TestGroup_ElectsSynchronisesCommits(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 7} {
		g := startGroup(t, size, 0)
		l := g.leader()
		if l.cfg.ID != ServerID(size) {
			t.Errorf("%d servers: the leader is %d", size, l.cfg.ID)
		}
		l.propose(100)
		g.run()
		for _, n := range g.nodes {
			if len(n.tree) != 100 || len(n.log) != 100 || n.tree[99].Zxid != 0x100000064 {
				t.Errorf("%d servers: server %d has applied %d, logged %d", size, n.cfg.ID, len(n.tree), len(n.log))
			}
			if n.disk.Accepted != 1 || n.disk.Current != 1 {
				t.Errorf("%d servers: server %d has epochs %+v", size, n.cfg.ID, n.disk)
			}
		}
	}
}

func TestGroup_Observers(t *testing.T) {
	g := startGroup(t, 3, 2)
	g.leader().propose(10)
	g.run()
	for _, n := range g.nodes[3:] {
		if n.role.State != Observing || len(n.tree) != 10 || len(n.log) != 10 {
			t.Errorf("server %d: %v, applied %d, logged %d", n.cfg.ID, n.role.State, len(n.tree), len(n.log))
		}
		acks := 0
		for _, o := range n.sent {
			if o.Packet.Type == Ack {
				acks++
			}
		}
		if acks != 2 {
			t.Errorf("server %d sent %d ACKs; an observer sends the two of its epoch", n.cfg.ID, acks)
		}
		if !slices.Contains(n.synced(), Inform) {
			t.Errorf("server %d got %v", n.cfg.ID, n.synced())
		}
	}
}

// Each way to bring back a server that was away while others went on.
func TestGroup_Synchronisation(t *testing.T) {
	small := func(c *Config) { c.CommitLogCount = 5 }
	for _, c := range []struct {
		what   string
		change func(*Config)
		lost   bool
		missed int
		want   PacketType
		files  bool
	}{
		{"nothing missed", small, false, 0, Diff, false},
		{"what is in memory", small, false, 4, Diff, false},
		{"what is in the files", small, false, 50, Diff, true},
		{"what is nowhere", small, true, 50, Snap, false},
		{"a forced snapshot", func(c *Config) { c.ForceSnapshot = true }, false, 4, Snap, false},
	} {
		for _, restart := range []bool{false, true} {
			for id := range 2 { // a voter, an observer
				g := startGroup(t, 3, 1, c.change)
				l := g.leader()
				l.lost = c.lost
				l.propose(10)
				g.run()
				away := g.nodes[3*id]
				away.isolate(true)
				if restart {
					away.crash()
				}
				g.run()
				l.propose(c.missed)
				g.run()
				away.heal()
				l.sent, away.got = nil, nil
				g.until("it is back", func() bool { return away.role.Serving() && len(away.tree) == 10+c.missed })
				if got := away.synced(); got[0] != c.want {
					t.Errorf("%s: server %d got %v", c.what, away.cfg.ID, got)
				}
				files := slices.ContainsFunc(l.sent, func(o Outgoing) bool { return o.LogTo != 0 })
				if files != c.files {
					t.Errorf("%s: server %d: from files: %v", c.what, away.cfg.ID, files)
				}
			}
		}
	}
}

// What only the leader had is cut off when it comes back, whether it has gone down or not.
func TestGroup_LeaderIsLostBeforeAQuorumLogged(t *testing.T) {
	for _, restart := range []bool{false, true} {
		g := startGroup(t, 3, 0)
		old := g.leader()
		old.propose(2)
		g.run()
		old.isolate(true)
		old.propose(5)
		if restart {
			old.restart()
		}
		g.ticks(200)
		l := g.leader()
		if l == old {
			t.Fatal("no new leader")
		}
		l.propose(1)
		old.heal()
		old.got = nil
		g.untilServing()
		if len(g.history) != 3 || len(old.log) != 3 {
			t.Errorf("restart %v: history %d, log %d", restart, len(g.history), len(old.log))
		}
		if got := old.synced(); got[0] != Trunc {
			t.Errorf("restart %v: %v", restart, got)
		}
	}
}

// What a quorum has logged is committed by the next leader, though nobody was told.
func TestGroup_LeaderIsLostAfterAQuorumLogged(t *testing.T) {
	for _, restart := range []bool{false, true} {
		g := startGroup(t, 3, 0)
		old := g.leader()
		old.propose(5)
		for _, n := range g.others(old) {
			for n.log == nil { // it has logged, and its ACK is under way
				f := g.queue[0]
				g.queue = g.queue[1:]
				f()
			}
		}
		if len(g.history) != 0 {
			t.Fatal("committed too early for this test")
		}
		old.crash()
		for _, n := range g.others(old) {
			if restart {
				n.restart()
			}
		}
		g.untilServing()
		if len(g.history) == 0 {
			t.Errorf("restart %v: a quorum's transactions are gone", restart)
		}
		old.heal()
		g.untilServing()
	}
}

// A quorum is needed for everything; a minority has no leader.
func TestGroup_MinorityDoesNotServe(t *testing.T) {
	g := startGroup(t, 5, 1)
	l := g.leader()
	rest := g.others(l, g.nodes[0])
	for _, n := range rest[:3] {
		n.isolate(true)
	}
	g.ticks(300)
	for _, n := range g.nodes {
		if n.role.Serving() {
			t.Errorf("server %d serves as %v", n.cfg.ID, n.role.State)
		}
	}
	for _, n := range g.nodes {
		n.heal()
	}
	g.untilServing()
}

// The same server leads again and again, and nothing of an older term shows in a later one.
func TestGroup_ManyTerms(t *testing.T) {
	g := startGroup(t, 3, 1)
	for i := range 20 {
		l := g.leader()
		l.propose(3)
		if i%2 == 0 {
			g.run()
		}
		if err := l.core.Confirm(uint64(i)); err != nil {
			t.Fatal(err)
		}
		l.isolate(true)
		g.ticks(100)
		l.heal()
		g.untilServing()
	}
	for _, n := range g.nodes {
		if len(n.core.disk.pending) != 0 || len(n.core.log.tail()) != 0 {
			t.Errorf("server %d: %d operations pending, %d in the tail", n.cfg.ID, len(n.core.disk.pending), len(n.core.log.tail()))
		}
	}
}

func TestNew_ImpossibleDisks(t *testing.T) {
	cfg := newGroup(t, 3, 0).nodes[0].cfg
	for _, d := range []Durable{
		{Accepted: 3, Current: 4},
		{Accepted: -1, Current: -1},
		{Accepted: 1 << 32},
		{Accepted: 3, Current: 3, Last: at(4, 1)},
		{Accepted: 3, Current: 3, Last: -5},
		{Accepted: 3, Current: 3, Last: at(3, 1), Floor: at(3, 2)},
	} {
		if c, err := New(cfg, d); err == nil || c != nil {
			t.Errorf("%+v: no error", d)
		}
	}
	// A history was written, and the epoch that it led up to was not.
	c, err := New(cfg, Durable{Accepted: 5, Current: 3, Last: at(4, 2)})
	if err != nil || c.Status().Current != 4 {
		t.Errorf("%v, %+v", err, c.Status())
	}
	for _, spoil := range []func(*Config){
		func(c *Config) { c.ID = 9 },
		func(c *Config) { c.Members = nil },
		func(c *Config) { c.TickTime = 0 },
		func(c *Config) { c.InitLimit = 0 },
		func(c *Config) { c.SyncLimit = -1 },
		func(c *Config) { c.CommitLogBytes = -1 },
	} {
		bad := cfg
		spoil(&bad)
		if _, err := New(bad, Durable{}); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
