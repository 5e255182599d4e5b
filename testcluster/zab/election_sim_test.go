package zab

import (
	"cmp"
	"math/rand/v2"
	"testing"
)

// simMembers is a random ensemble: 1 to 7 voters, or three groups with weights, and some observers.
func simMembers(rng *rand.Rand) []Member {
	var ms []Member
	if rng.IntN(4) == 0 {
		for id := range 7 {
			ms = append(ms, Member{ID: ServerID(id + 1), Group: int64(id%3 + 1), Weight: int64(rng.IntN(3))})
		}
		ms[0].Weight, ms[1].Weight = 1, 1
	} else {
		for id := range 1 + rng.IntN(7) {
			ms = append(ms, Member{ID: ServerID(id + 1)})
		}
	}
	for range rng.IntN(3) {
		ms = append(ms, Member{ID: ServerID(len(ms) + 1), Observer: true})
	}
	return ms
}

// simSeeds runs f for many seeds, and names the one that fails.
func simSeeds(t *testing.T, n uint64, f func(t *testing.T, seed uint64, b *bag)) {
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		rng := rand.New(rand.NewPCG(seed, 17))
		b := newBag(t, seed, simMembers(rng))
		for _, node := range b.nodes {
			node.own = Vote{Zxid: Zxid(rng.IntN(3)), Epoch: int64(rng.IntN(2))}
		}
		f(t, seed, b)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// best is the server that has to win of those that take part: the greatest epoch, then zxid, then id.
func (b *bag) best(takesPart func(i int) bool) ServerID {
	var best *bagNode
	for i, n := range b.nodes {
		if !takesPart(i) || b.q.weight(n.id) == 0 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(n.own.Epoch, best.own.Epoch), cmp.Compare(n.own.Zxid, best.own.Zxid),
			cmp.Compare(n.id, best.id)) > 0 {
			best = n
		}
	}
	if best == nil {
		return 0
	}
	return best.id
}

// quorate says whether the servers that run are a quorum.
func (b *bag) quorate() bool {
	return b.q.has(func(id ServerID) bool { return b.node(id).up })
}

// Where messages are faster than FinalizeWait and everybody begins before it is over, all who decide in the round agree,
// and on the best: however messages are ordered, whoever is missing, and whether that is known or not.
func TestSim_OneRoundOneLeader(t *testing.T) {
	simSeeds(t, 300, func(t *testing.T, seed uint64, b *bag) {
		b.maxWait = 5
		begin := make([]int, len(b.nodes))
		present := func(i int) bool { return begin[i] < 8 }
		for i, n := range b.nodes {
			begin[i] = b.rng.IntN(10)
			// Whoever has not begun yet is not heard of. Those that never will are so, too, or refuse.
			for _, o := range b.nodes[:i] {
				b.setCut(n, o, present(i) || b.rng.IntN(2) == 0)
			}
		}
		best := b.best(present)
		for b.now < 120 {
			for i, n := range b.nodes {
				if present(i) && begin[i] == b.now {
					b.join(n)
				}
			}
			b.tick()
		}
		checkOneLeader(t, seed, b, best)
	})
}

// join starts a server and plugs it in.
func (b *bag) join(n *bagNode) {
	for _, o := range b.nodes {
		if o.up {
			b.setCut(n, o, false)
		}
	}
	b.start(n)
}

// checkOneLeader wants all who run to have decided, once, on the best in one round, if they are a quorum; and nobody
// otherwise.
func checkOneLeader(t *testing.T, seed uint64, b *bag, best ServerID) {
	t.Helper()
	want := 0
	for _, n := range b.nodes {
		if n.up && b.quorate() {
			want++
		}
	}
	if len(b.decided) != want {
		t.Errorf("seed %d: %d decisions of %d servers: %+v", seed, len(b.decided), want, b.decided)
	}
	for _, d := range b.decided {
		if d.vote.Leader != best || d.round != 1 {
			t.Errorf("seed %d: %+v, want leader %d in round 1", seed, d, best)
		}
	}
}

// When a leader dies and everybody hears of it, no timer is needed to elect the next one, whenever each of them
// notices: here there is none.
func TestSim_FailoverNeedsNoTimer(t *testing.T) {
	simSeeds(t, 200, func(t *testing.T, seed uint64, b *bag) {
		for _, m := range b.cfg.Members {
			if m.Group != 0 {
				return // a server without weight insists on itself, and is waited for
			}
		}
		b.cfg.FinalizeWait, b.cfg.NotifyMin, b.cfg.NotifyMax = 1<<30, 1<<30, 1<<30
		b.maxWait = 5
		b.start(b.nodes...)
		b.drain()
		for quorum := true; quorum; quorum = b.quorate() {
			var dead *bagNode
			for _, n := range b.nodes {
				if n.state == Leading {
					dead = n
				}
				if n.up && b.q.voter(n.id) && n.state == Looking {
					t.Fatalf("seed %d: %d is still looking", seed, n.id)
				}
			}
			b.kill(dead)
			for _, n := range b.nodes {
				if n.up {
					b.put(dead, n, bagItem{})
				}
			}
			b.decided = nil
			b.ticks(60)
		}
	})
}

// chaos lets everything happen for some time.
func (b *bag) chaos(ticks int) {
	for range ticks {
		n, o := b.nodes[b.rng.IntN(len(b.nodes))], b.nodes[b.rng.IntN(len(b.nodes))]
		switch b.rng.IntN(30) {
		case 0:
			if n != o {
				b.setCut(n, o, true)
			}
		case 1, 2:
			if n != o {
				b.setCut(n, o, false)
			}
		case 3:
			if n.up {
				b.kill(n)
			}
		case 4, 5, 6:
			if !n.up {
				b.start(n)
			}
		case 7:
			if n.up {
				n.look() // the core gives up for reasons of its own
			}
		}
		b.tick()
	}
}

// heal makes the network whole and starts everybody.
func (b *bag) heal() {
	b.maxWait = 5
	for i, n := range b.nodes {
		for _, o := range b.nodes[:i] {
			b.setCut(n, o, false)
		}
		if !n.up {
			b.start(n)
		}
	}
}

// united says that all servers are in the ensemble of one leader.
func (b *bag) united() bool {
	leader := ServerID(0)
	for _, n := range b.nodes {
		if !n.up || n.state == Looking || !n.synced || leader != 0 && n.leader != leader {
			return false
		}
		leader = n.leader
	}
	return b.node(leader).state == Leading
}

// Whatever has happened, once the network is whole there is soon one leader with everybody behind it; it stays, and a
// server that restarts finds it. Nothing that is sent or decided meanwhile breaks a rule (checkSent, checkDecision).
func TestSim_UnitesAfterChaos(t *testing.T) {
	simSeeds(t, 100, func(t *testing.T, seed uint64, b *bag) {
		b.chaos(400)
		checkUnites(t, seed, b)
	})
}

func checkUnites(t *testing.T, seed uint64, b *bag) {
	t.Helper()
	b.heal()
	healed := b.now
	for !b.united() {
		if b.tick(); b.now > healed+1500 {
			t.Fatalf("seed %d: %v are not united", seed, b.cfg.Members)
		}
	}
	b.decided = nil
	b.ticks(300)
	if len(b.decided) > 0 || !b.united() {
		t.Fatalf("seed %d: it does not stay: %+v", seed, b.decided)
	}
	for _, n := range b.nodes {
		// Without the one that restarts there must be a quorum to tell it of the leader.
		if n.state != Leading && b.q.has(func(id ServerID) bool { return id != n.id }) {
			b.kill(n)
			b.start(n)
			b.ticks(60)
			if !b.united() {
				t.Fatalf("seed %d: %d does not find the leader: %+v", seed, n.id, n.e)
			}
		}
	}
}

// The same seed gives the same messages in the same order.
func TestSim_IsDeterministic(t *testing.T) {
	run := func(seed uint64) string {
		b := newBag(t, seed, append(voters(1, 2, 3, 4, 5), Member{ID: 6, Observer: true}))
		b.chaos(400)
		return b.sum()
	}
	if a, b := run(7), run(7); a != b {
		t.Errorf("two runs of one seed: %s, %s", a, b)
	}
	if a, b := run(7), run(8); a == b {
		t.Errorf("two seeds, one run: %s", a)
	}
}
