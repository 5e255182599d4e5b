package zab

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
)

// bag has several elections talk to each other. Messages of one pair arrive in order, those of different pairs in the
// order that the seed gives. Connections break with what is in them, processes die and come back with nothing but zxid
// and epoch. Around each election stands just enough of a core to make it live: a leader that has no quorum of
// followers and a follower whose leader does not lead begin anew, and a leadership raises epoch and zxid.
type bag struct {
	t       *testing.T
	rng     *rand.Rand
	q       *quorum
	cfg     Config
	nodes   []*bagNode
	wires   [][]bagWire // from, to: by index
	now     int
	maxWait int // a message is in the bag for so many ticks at most; 0: for ever
	// told has what voters have said of leaders, for the check of decisions.
	told    map[bagTold]bool
	decided []bagDecision
	// trace sums up all that has happened.
	trace hash.Hash
}

type bagNode struct {
	b     *bag
	i     int
	id    ServerID
	up    bool
	e     *election
	own   Vote // Zxid and Epoch are durable
	state State
	// leader is what the server has decided on, lost for how many ticks that has not worked.
	leader ServerID
	lost   int
	synced bool
	round  int64 // the last that was told of while LOOKING
}

type bagWire struct {
	cut   bool
	items []bagItem
}

// bagItem is a notification, or news of the connection itself.
type bagItem struct {
	n      *Notification
	up     bool
	sentAt int
}

type bagTold struct {
	voter  ServerID
	state  bool // settled
	round  int64
	leader ServerID
	vote   Vote
}

type bagDecision struct {
	at    int
	id    ServerID
	state State
	vote  Vote
	round int64
}

func newBag(t *testing.T, seed uint64, members []Member) *bag {
	t.Helper()
	q, err := newQuorum(members)
	if err != nil {
		t.Fatal(err)
	}
	b := &bag{t: t, rng: rand.New(rand.NewPCG(seed, 16)), q: q, told: map[bagTold]bool{}, trace: fnv.New64a(),
		cfg: Config{Members: members, Text: testConfig, FinalizeWait: 20, NotifyMin: 20, NotifyMax: 600}}
	for i, m := range members {
		b.nodes = append(b.nodes, &bagNode{b: b, i: i, id: m.ID})
		b.wires = append(b.wires, make([]bagWire, len(members)))
	}
	return b
}

func (b *bag) node(id ServerID) *bagNode {
	for _, n := range b.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// start begins processes, all at the same time. Connections to all that run come up.
func (b *bag) start(ns ...*bagNode) {
	for _, n := range ns {
		cfg := b.cfg
		cfg.ID = n.id
		n.up, n.e = true, newElection(&cfg, b.q, func(m Notification) { b.send(n, m) })
		b.logf("start %d", n.id)
		for _, o := range b.nodes {
			if o != n {
				b.connect(n, o)
			}
		}
	}
	for _, n := range ns {
		n.look()
	}
}

// kill ends a process and whatever its connections had in them.
func (b *bag) kill(n *bagNode) {
	b.logf("kill %d", n.id)
	n.up, n.e, n.state, n.synced = false, nil, Looking, false
	for i := range b.nodes {
		b.wires[n.i][i].items, b.wires[i][n.i].items = nil, nil
	}
}

func (b *bag) setCut(a, c *bagNode, cut bool) {
	if b.wires[a.i][c.i].cut == cut {
		return
	}
	b.logf("cut %d-%d %v", a.id, c.id, cut)
	b.wires[a.i][c.i], b.wires[c.i][a.i] = bagWire{cut: cut}, bagWire{cut: cut}
	b.connect(a, c)
}

// connect tells both ends that there is a connection, if there is.
func (b *bag) connect(a, c *bagNode) {
	if b.linked(a, c) {
		b.put(a, c, bagItem{up: true})
		b.put(c, a, bagItem{up: true})
	}
}

func (b *bag) linked(a, c *bagNode) bool { return a.up && c.up && !b.wires[a.i][c.i].cut }

// put adds an item to what from sends to to.
func (b *bag) put(from, to *bagNode, it bagItem) {
	it.sentAt = b.now
	w := &b.wires[from.i][to.i]
	w.items = append(w.items, it)
}

// send takes a notification from an election. A process that does not run refuses, and that is news for the sender.
func (b *bag) send(from *bagNode, n Notification) {
	b.checkSent(from, &n)
	to := b.node(n.To)
	switch {
	case to == nil || b.wires[from.i][to.i].cut:
	case !to.up:
		b.put(to, from, bagItem{})
	default:
		w := &b.wires[from.i][to.i]
		// The election port keeps one waiting message for each peer: the newest.
		if k := len(w.items); k > 0 && w.items[k-1].n != nil && b.rng.IntN(3) == 0 {
			w.items[k-1].n = &n
			return
		}
		b.put(from, to, bagItem{n: &n})
	}
}

// deliver takes a random connection's oldest item to its end; of those that are overdue, if overdue is set.
func (b *bag) deliver(overdue bool) bool {
	type pair struct{ from, to int }
	var ready []pair
	for i := range b.nodes {
		for j := range b.nodes {
			items := b.wires[i][j].items
			if len(items) > 0 && (!overdue || b.now-items[0].sentAt >= b.maxWait) {
				ready = append(ready, pair{i, j})
			}
		}
	}
	if len(ready) == 0 {
		return false
	}
	p := ready[b.rng.IntN(len(ready))]
	w := &b.wires[p.from][p.to]
	it := w.items[0]
	w.items = w.items[1:]
	from, to := b.nodes[p.from], b.nodes[p.to]
	if !to.up {
		return true
	}
	if it.n == nil {
		b.logf("%d: %d up %v", to.id, from.id, it.up)
		to.e.reachable(from.id, it.up)
	} else {
		b.logf("%d: %d %v %v %d", to.id, from.id, it.n.State, it.n.Vote, it.n.Round)
		to.e.receive(it.n)
	}
	to.take()
	return true
}

// drain delivers everything, with no time passing.
func (b *bag) drain() {
	for range 100_000 {
		if !b.deliver(false) {
			return
		}
	}
	b.t.Fatal("the servers never stop talking")
}

// tick lets some messages arrive and time pass.
func (b *bag) tick() {
	for range b.rng.IntN(3 * len(b.nodes)) {
		b.deliver(false)
	}
	for b.maxWait > 0 && b.deliver(true) {
	}
	b.now++
	for _, n := range b.nodes {
		if n.up {
			n.tick()
		}
	}
}

func (b *bag) logf(format string, args ...any) {
	fmt.Fprintf(b.trace, "%d "+format+"\n", append([]any{b.now}, args...)...)
}

// sum stands for all that has happened.
func (b *bag) sum() string { return fmt.Sprintf("%x", b.trace.Sum(nil)) }

// look begins an election.
func (n *bagNode) look() {
	n.state, n.synced, n.lost, n.round = Looking, false, 0, math.MinInt64
	v := Vote{Leader: math.MinInt64, Zxid: math.MinInt64, Epoch: math.MinInt64}
	if n.b.q.voter(n.id) {
		v = Vote{Leader: n.id, Zxid: n.own.Zxid, Epoch: n.own.Epoch}
	}
	n.e.start(v)
	n.take()
}

// take takes over a decision.
func (n *bagNode) take() {
	st, v, ok := n.e.decided()
	if !ok {
		return
	}
	n.b.checkDecision(n, st, v)
	n.b.logf("%d decides %v %v", n.id, st, v)
	n.b.decided = append(n.b.decided, bagDecision{n.b.now, n.id, st, v, n.e.round})
	n.state, n.leader, n.lost = st, v.Leader, 0
	n.e.settle(st, v)
}

func (n *bagNode) tick() {
	n.e.tick()
	n.take()
	switch n.state {
	case Looking:
	case Leading:
		n.lead()
	default:
		n.follow()
	}
}

// lead is a leader's life: with a quorum of followers it begins its epoch, without one it gives up.
func (n *bagNode) lead() {
	mine := func(o *bagNode) bool {
		return o == n || n.b.linked(n, o) && o.state == Following && o.leader == n.id
	}
	if !n.b.q.has(func(id ServerID) bool { return mine(n.b.node(id)) }) {
		if n.lost++; n.lost > 40 {
			n.look()
		}
		return
	}
	n.lost = 0
	if !n.synced {
		for _, o := range n.b.nodes {
			if mine(o) && o.own.Epoch > n.own.Epoch {
				n.own.Epoch = o.own.Epoch
			}
		}
		n.own.Epoch++
		n.sync(n.own.Epoch)
		return
	}
	if n.b.q.has(func(id ServerID) bool { return mine(n.b.node(id)) && n.b.node(id).synced }) {
		n.own.Zxid = max(n.own.Zxid, Zxid(n.own.Epoch<<32)) + Zxid(n.b.rng.IntN(2))
	}
}

// follow is a follower's and an observer's.
func (n *bagNode) follow() {
	l := n.b.node(n.leader)
	if !n.b.linked(n, l) || l.state != Leading {
		if n.lost++; n.lost > 30 {
			n.look()
		}
		return
	}
	n.lost = 0
	if n.synced && n.e.vote.Epoch != l.own.Epoch {
		n.look() // it leads anew: the connection of the old leadership has ended
		return
	}
	if l.synced && n.b.rng.IntN(3) == 0 {
		n.own.Epoch, n.own.Zxid = l.own.Epoch, l.own.Zxid
		if !n.synced {
			n.sync(l.own.Epoch)
		}
	}
}

// sync is the end of synchronisation: the vote has the new epoch from now on.
func (n *bagNode) sync(epoch int64) {
	n.synced = true
	v := n.e.vote
	v.Epoch = epoch
	n.e.settle(n.state, v)
}

// checkSent holds for every notification: a LOOKING voter never stands for less than it has itself, and stays in its
// round or goes on to a later one.
func (b *bag) checkSent(from *bagNode, n *Notification) {
	b.told[bagTold{voter: n.From, round: n.Round, vote: n.Vote}] = true
	if n.State != Looking {
		b.told[bagTold{voter: n.From, state: true, leader: n.Leader}] = true
		return
	}
	own := Vote{Leader: from.id, Zxid: from.own.Zxid, Epoch: from.own.Epoch}
	if b.q.voter(from.id) && (from.e.better(own, n.Vote) || !b.q.voter(n.Leader)) {
		b.t.Fatalf("tick %d: %d has %v and votes %v", b.now, from.id, own, n.Vote)
	}
	if n.Round < from.round {
		b.t.Fatalf("tick %d: %d has gone from round %d back to %d", b.now, from.id, from.round, n.Round)
	}
	from.round = n.Round
}

// checkDecision holds for every decision: the leader may lead, and a quorum has been for it.
func (b *bag) checkDecision(n *bagNode, st State, v Vote) {
	want := Following
	switch {
	case v.Leader == n.id:
		want = Leading
	case !b.q.voter(n.id):
		want = Observing
	}
	if st != want || b.q.weight(v.Leader) == 0 {
		b.t.Fatalf("tick %d: %d decides %v, %v", b.now, n.id, st, v)
	}
	backed := b.q.has(func(id ServerID) bool {
		return id == n.id || b.told[bagTold{voter: id, round: n.e.round, vote: v}] ||
			b.told[bagTold{voter: id, state: true, leader: v.Leader}]
	})
	if !backed {
		b.t.Fatalf("tick %d: %d decides on %v in round %d without a quorum", b.now, n.id, v, n.e.round)
	}
}
