package zab

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGroup_Chaos lets ensembles live through crashes, cut-off servers, broken links and slow disks, each by its seed,
// while transactions go on. Whoever commits is held against all the others, and in the end all have to have the same.
func TestGroup_Chaos(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 40
	}
	kinds := map[PacketType]int{}
	files := 0
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		g := newGroup(t, []int{1, 3, 3, 3, 5}[rng.IntN(5)], rng.IntN(2), func(c *Config) {
			c.CommitLogCount = []int{0, 3, 500}[rng.IntN(3)]
			c.FinalizeWait = rng.IntN(6)
			c.ForceSnapshot = rng.IntN(20) == 0
		})
		if !t.Run("", func(t *testing.T) { g.t = t; g.chaos(rng, 150) }) {
			t.Fatalf("seed %d", seed)
		}
		for _, n := range g.nodes {
			for _, p := range n.got {
				kinds[p.Type]++
			}
			for _, o := range n.sent {
				if o.LogTo != 0 {
					files++
				}
			}
		}
	}
	if kinds[Diff] == 0 || kinds[Trunc] == 0 || kinds[Snap] == 0 || files == 0 {
		t.Errorf("%d DIFF, %d TRUNC, %d SNAP, %d from files: the seeds have not seen everything", kinds[Diff], kinds[Trunc],
			kinds[Snap], files)
	}
}

func (g *group) chaos(rng *rand.Rand, steps int) {
	g.t.Helper()
	for _, n := range g.nodes {
		n.start()
	}
	for range steps {
		n := g.nodes[rng.IntN(len(g.nodes))]
		switch rng.IntN(14) {
		case 0:
			if n.up {
				n.crash()
			} else {
				n.start()
			}
		case 1:
			n.isolate(!n.cut)
		case 2:
			n.hold = !n.hold
		case 3:
			if n.up {
				n.write(rng.IntN(len(n.ops) + 1))
			}
		case 4:
			if ids := g.wireIDs(); len(ids) > 0 {
				g.hangUp(ids[rng.IntN(len(ids))], nil)
			}
		case 5:
			n.lost = !n.lost
		case 6, 7, 8:
			if n.up && n.role.State == Leading && n.role.Phase == Broadcast {
				n.propose(1 + rng.IntN(4))
			}
		case 9:
			g.ticks(1 + rng.IntN(40))
		case 10:
			if rng.IntN(4) == 0 {
				for _, n := range g.nodes {
					n.heal()
				}
				g.ticks(60)
			}
		default:
			// Some of what is under way arrives, and no more.
			for k := rng.IntN(30); k > 0 && len(g.queue) > 0; k-- {
				f := g.queue[0]
				g.queue = g.queue[1:]
				f()
			}
		}
		if rng.IntN(3) == 0 {
			g.run()
		}
	}
	for _, n := range g.nodes {
		n.heal()
	}
	g.untilServing()
	g.leader().propose(3)
	g.untilServing()
	for _, n := range g.nodes {
		if !slices.EqualFunc(n.tree, g.history, func(a, b Entry) bool { return a.Zxid == b.Zxid }) {
			g.t.Errorf("server %d has another tree", n.cfg.ID)
		}
	}
}

// heal starts a server that is down, and lets it at its disk and the others.
func (n *node) heal() {
	n.hold, n.cut = false, false
	if !n.up {
		n.start()
	}
	n.write(len(n.ops))
}

func (g *group) wireIDs() []LinkID {
	var ids []LinkID
	for id := LinkID(1); id <= g.lastID; id++ {
		if g.wires[id] != nil {
			ids = append(ids, id)
		}
	}
	return ids
}
