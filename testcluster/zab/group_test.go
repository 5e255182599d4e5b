package zab

import (
	"slices"
	"testing"
)

// group is an ensemble in one queue: perfect FIFO links, disks that write when told to. What happens is a sequence of
// events, each taken from the queue and followed by what the Ready of its server says.
type group struct {
	t       testing.TB
	nodes   []*node
	queue   []func()
	wires   map[LinkID]*cable
	lastID  LinkID
	history []Entry // all that anybody has committed
}

// cable is a link between a learner and a leader.
type cable struct{ learner, leader *node }

func (w *cable) other(n *node) *node {
	if n == w.learner {
		return w.leader
	}
	return w.learner
}

const ticksPerTick = 10

func newGroup(t testing.TB, voters, observers int, change ...func(*Config)) *group {
	t.Helper()
	g := &group{t: t, wires: map[LinkID]*cable{}}
	var members []Member
	for i := range voters + observers {
		members = append(members, Member{ID: ServerID(i + 1), Observer: i >= voters})
	}
	for _, m := range members {
		n := &node{g: g, cfg: Config{ID: m.ID, Members: members, Text: testConfig, TickTime: ticksPerTick, InitLimit: 10,
			SyncLimit: 5, FinalizeWait: 5, NotifyMin: 5, NotifyMax: 50, RetryWait: 2, CommitLogCount: 500,
			CommitLogBytes: 1 << 20, Seed: uint64(m.ID)}}
		for _, f := range change {
			f(&n.cfg)
		}
		g.nodes = append(g.nodes, n)
	}
	return g
}

// startGroup starts all and waits for them to serve.
func startGroup(t testing.TB, voters, observers int, change ...func(*Config)) *group {
	t.Helper()
	g := newGroup(t, voters, observers, change...)
	for _, n := range g.nodes {
		n.start()
	}
	g.untilServing()
	return g
}

func (g *group) later(f func()) { g.queue = append(g.queue, f) }

// run empties the queue.
func (g *group) run() {
	g.t.Helper()
	for steps := 0; len(g.queue) > 0; steps++ {
		if steps > 1e6 {
			g.t.Fatal("the servers never stop talking")
		}
		f := g.queue[0]
		g.queue = g.queue[1:]
		f()
	}
}

// ticks lets time pass.
func (g *group) ticks(n int) {
	g.t.Helper()
	for range n {
		for _, n := range g.nodes {
			if n.up {
				n.core.Tick()
				n.pump()
			}
		}
		g.run()
	}
}

func (g *group) until(what string, cond func() bool) {
	g.t.Helper()
	g.run()
	for range 3000 {
		if cond() {
			return
		}
		g.ticks(1)
	}
	for _, n := range g.nodes {
		if n.up {
			g.t.Logf("%d: %+v", n.cfg.ID, n.core.Status())
		}
	}
	g.t.Fatalf("never: %s", what)
}

// untilServing waits until all that are up and not cut off serve under one leader, and have the same tree.
func (g *group) untilServing() {
	g.t.Helper()
	g.until("all serve", func() bool {
		for _, n := range g.nodes {
			if n.up && !n.cut && (!n.role.Serving() || len(n.tree) != len(g.history)) {
				return false
			}
		}
		return true
	})
}

func (g *group) leader() *node {
	g.t.Helper()
	var best *node
	for _, n := range g.nodes {
		if n.up && n.role.State == Leading && n.role.Phase == Broadcast && (best == nil || best.role.Epoch < n.role.Epoch) {
			best = n
		}
	}
	if best == nil {
		g.t.Fatal("no leader")
	}
	return best
}

// others are all but these.
func (g *group) others(not ...*node) []*node {
	var out []*node
	for _, n := range g.nodes {
		if !slices.Contains(not, n) {
			out = append(out, n)
		}
	}
	return out
}

// hangUp ends a wire; both ends but by are told, when they have got what was sent before.
func (g *group) hangUp(id LinkID, by *node) {
	w := g.wires[id]
	if w == nil {
		return
	}
	delete(g.wires, id)
	for _, n := range []*node{w.learner, w.leader} {
		if n != by {
			n.later(func() { n.core.LinkDown(id) })
		}
	}
}

// commits checks that everybody's i-th transaction is the same.
func (g *group) commits(n *node, i int, e Entry) {
	g.t.Helper()
	switch h := g.history; {
	case i > len(h):
		g.t.Fatalf("server %d commits %s as number %d, all others together have %d", n.cfg.ID, e.Zxid, i, len(h))
	case i == len(h):
		g.history = append(h, e)
	case h[i].Zxid != e.Zxid || string(h[i].Data) != string(e.Data):
		g.t.Fatalf("server %d commits %s %q, others had %s %q there", n.cfg.ID, e.Zxid, e.Data, h[i].Zxid, h[i].Data)
	}
}
