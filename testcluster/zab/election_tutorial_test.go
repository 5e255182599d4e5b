package zab

import "testing"

func (b *bag) wantVotes(want map[ServerID]ServerID) {
	b.t.Helper()
	for _, n := range b.nodes {
		leader, up := want[n.id]
		if up != n.up || up && n.e.vote.Leader != leader {
			b.t.Fatalf("server %d (running: %v) votes for %v, want %d", n.id, n.up, n.e, leader)
		}
	}
}

func (b *bag) wantStates(want ...State) {
	b.t.Helper()
	for i, n := range b.nodes {
		if n.state != want[i] {
			b.t.Fatalf("server %d is %v, want %v", n.id, n.state, want[i])
		}
	}
}

func (b *bag) ticks(n int) {
	for range n {
		b.tick()
	}
}

// Five servers are started one after another. What is not started refuses connections, so nobody is waited for.
func TestTutorial_FirstStart(t *testing.T) {
	const l, f, o = Looking, Following, Leading
	b := newBag(t, 1, voters(1, 2, 3, 4, 5))
	b.start(b.nodes[0])
	b.drain()
	b.wantVotes(map[ServerID]ServerID{1: 1})
	b.ticks(200)
	b.wantStates(l, l, l, l, l)

	b.start(b.nodes[1])
	b.drain()
	b.wantVotes(map[ServerID]ServerID{1: 2, 2: 2})
	b.ticks(200)
	b.wantStates(l, l, l, l, l)

	b.start(b.nodes[2])
	b.drain()
	b.wantVotes(map[ServerID]ServerID{1: 3, 2: 3, 3: 3})
	b.wantStates(f, f, o, l, l)

	b.ticks(50)
	for i := 3; i < 5; i++ {
		b.start(b.nodes[i])
		b.drain()
	}
	b.wantStates(f, f, o, f, f)
	b.wantVotes(map[ServerID]ServerID{1: 3, 2: 3, 3: 3, 4: 3, 5: 3})
	b.ticks(500)
	b.wantStates(f, f, o, f, f)
}

// The same with a network in which the missing servers are silent instead: the third one waits for a better vote.
func TestTutorial_FirstStartOfSilentServers(t *testing.T) {
	b := newBag(t, 1, voters(1, 2, 3, 4, 5))
	for _, n := range b.nodes[:3] {
		for _, missing := range b.nodes[3:] {
			b.setCut(n, missing, true)
		}
	}
	for _, n := range b.nodes[:3] {
		b.start(n)
		b.drain()
	}
	b.wantVotes(map[ServerID]ServerID{1: 3, 2: 3, 3: 3})
	b.ticks(b.cfg.FinalizeWait - 1)
	b.wantStates(Looking, Looking, Looking, Looking, Looking)
	b.ticks(1)
	b.wantStates(Following, Following, Leading, Looking, Looking)
}

// Servers 1 to 5 have zxids 8, 8, 8, 7, 7; 3, the leader, and 5 fail. Of (1, 8, 1), (1, 8, 2) and (1, 7, 4) the
// greatest zxid and then the greater id wins.
func TestTutorial_LaterElection(t *testing.T) {
	for seed := range uint64(20) {
		b := newBag(t, seed, voters(1, 2, 3, 4, 5))
		for i, n := range b.nodes {
			n.own = Vote{Zxid: 1<<32 + []Zxid{8, 8, 8, 7, 7}[i], Epoch: 1}
		}
		for _, id := range []ServerID{1, 2, 4} {
			b.start(b.node(id))
		}
		b.drain()
		b.wantVotes(map[ServerID]ServerID{1: 2, 2: 2, 4: 2})
		b.wantStates(Following, Leading, Looking, Following, Looking)
		for _, d := range b.decided {
			if d.vote != (Vote{Leader: 2, Zxid: 1<<32 + 8, Epoch: 1}) {
				t.Errorf("seed %d: %d decides on %v", seed, d.id, d.vote)
			}
		}
		b.ticks(20)
		// The two come back, and find a leader: its id, zxid and epoch do not matter any more.
		for _, id := range []ServerID{3, 5} {
			b.start(b.node(id))
			b.drain()
		}
		b.wantStates(Following, Leading, Following, Following, Following)
	}
}

// The step in between: who votes what when, in the order in which the votes arrive.
func TestTutorial_LaterElectionStepByStep(t *testing.T) {
	const base = 1 << 32
	s := startSolo(t, 4, voters(1, 2, 3, 4, 5))
	s.start(vote(4, base+7))
	s.reachable(3, false)
	s.reachable(5, false)
	s.wantTold(s.hears(1, Looking, 2, vote(1, base+8)), 1, 2, 3, 5)
	s.wantVote(2, vote(1, base+8))
	s.wantTold(s.hears(2, Looking, 2, vote(2, base+8)), 1, 2, 3, 5)
	s.wantVote(2, vote(2, base+8))
	s.wantLooking() // 1 does not agree yet
	s.hears(1, Looking, 2, vote(2, base+8))
	s.wantDecided(Following, vote(2, base+8))
}
