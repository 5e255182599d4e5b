package replica_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/replica"
)

var (
	seeds = flag.Int("seeds", 200, "how many runs of the simulation")
	seed  = flag.Uint64("seed", 0, "the one run to make, told in full")
)

// TestSimulation runs replicas that crash, are cut off from ZooKeeper, and lose or delay what they send, through clean
// elections. After each step: what a leader exposes was never anything else; its high watermark does not go back; the logs
// agree below what was exposed, as far as replicas know it; and who is elected has all that was ever exposed. At the end,
// with everybody up and heard, all logs are the same, everything is exposed, and all replicas are in the ISR.
func TestSimulation(t *testing.T) {
	if *seed != 0 {
		s := newSimulation(*seed)
		err := s.run()
		t.Logf("%s", strings.Join(s.w.told, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var exposed, elections int
	for n := range uint64(*seeds) {
		s := newSimulation(n + 1)
		if err := s.run(); err != nil {
			t.Fatalf("seed %d (go test -run TestSimulation -v -seed %d tells it): %v", n+1, n+1, err)
		}
		exposed += len(s.w.exposed)
		elections += int(s.w.zk.epoch)
	}
	t.Logf("%d runs, %d elections, %d records exposed", *seeds, elections, exposed)
	if exposed < 20**seeds || elections < 5**seeds {
		t.Errorf("%d runs had %d elections and exposed %d records: that tests nothing", *seeds, elections, exposed)
	}
}

// simulation is a world in which chance has the word. Messages wait in bags, from which they are taken in any order.
type simulation struct {
	w        *world
	rng      *rand.Rand
	requests []request
	answers  []answer
	bounds   []request
	writes   []writing // on their way to ZooKeeper
	written  []writing // on their way back
	cut      map[int32]bool
	value    int
}

// writing is a change of the ISR under way.
type writing struct {
	by      int32
	p       replica.Proposal
	version int32
	ok      bool
}

func newSimulation(seed uint64) *simulation {
	rng := rand.New(rand.NewPCG(seed, 1))
	all := []int32{1, 2, 3, 4, 5}[:2+rng.IntN(3)]
	lag := []time.Duration{time.Second, 10 * time.Second}[rng.IntN(2)]
	return &simulation{w: newWorld(all, all, lag), rng: rng, cut: map[int32]bool{}}
}

func (s *simulation) run() error {
	s.elect()
	for step := range 2000 {
		s.step()
		s.check()
		if s.w.err != nil {
			return fmt.Errorf("step %d: %w", step, s.w.err)
		}
	}
	return s.calm()
}

func (s *simulation) pick() *node {
	return s.w.nodes[s.w.zk.replicas[s.rng.IntN(len(s.w.zk.replicas))]]
}

// step does one thing.
func (s *simulation) step() {
	n := s.pick()
	switch r := s.rng.IntN(100); {
	case r < 14:
		if n.lead != nil {
			s.value++
			s.w.appendRecord(n, strconv.Itoa(s.value))
		}
	case r < 34:
		if n.follow != nil {
			s.requests = append(s.requests, n.ask())
		}
	case r < 54:
		s.serve()
	case r < 72:
		s.deliver()
	case r < 77:
		s.w.now = s.w.now.Add(time.Duration(s.rng.IntN(8)) * time.Second)
	case r < 84:
		s.propose(n)
	case r < 88:
		s.carryOut()
	case r < 91:
		s.learn(n)
	case r < 94:
		s.upOrDown(n)
	case r < 96:
		s.elect()
	case r < 97:
		s.cut[n.id] = !s.cut[n.id]
	case r < 98:
		n.checkpoint = n.hw
	case r < 99:
		s.deleteRecords(n)
	default:
		s.lose()
	}
}

func take[T any](rng *rand.Rand, bag *[]T) (v T, ok bool) {
	if len(*bag) == 0 {
		return v, false
	}
	i := rng.IntN(len(*bag))
	v = (*bag)[i]
	*bag = slices.Delete(*bag, i, i+1)
	return v, true
}

func (s *simulation) serve() {
	if q, ok := take(s.rng, &s.requests); ok && s.w.nodes[q.leader].alive {
		s.answers = append(s.answers, s.w.serve(q, 1+s.rng.IntN(4)))
	}
}

// deliver brings an answer, or the bounds that one has led to, to a follower that has not been down since.
func (s *simulation) deliver() {
	if q, ok := take(s.rng, &s.bounds); ok {
		s.w.takeBounds(q)
		return
	}
	a, ok := take(s.rng, &s.answers)
	if !ok || !s.w.take(a) {
		return
	}
	q := a.request
	if leader := s.w.nodes[q.leader]; leader.lead != nil && leader.lead.Epoch() == q.epoch {
		q.leaderStart, q.leaderEnds = leader.log.start, leader.log.EndOffset()
		s.bounds = append(s.bounds, q)
	}
}

func (s *simulation) propose(n *node) {
	if s.w.propose(n); n.write != nil {
		s.writes = append(s.writes, writing{by: n.id, p: *n.write})
		n.write = nil
	}
}

// carryOut has a write reach ZooKeeper, or its outcome the leader. Who is cut off reaches nobody.
func (s *simulation) carryOut() {
	if s.rng.IntN(2) == 0 {
		if wr, ok := take(s.rng, &s.writes); ok && !s.cut[wr.by] {
			wr.version, wr.ok = s.w.carryOut(wr.p)
			s.written = append(s.written, wr)
		}
		return
	}
	if wr, ok := take(s.rng, &s.written); ok && !s.cut[wr.by] {
		s.w.settle(s.w.nodes[wr.by], wr.p, wr.version, wr.ok)
	}
}

func (s *simulation) learn(n *node) {
	if !s.cut[n.id] {
		s.w.learn(n)
		s.w.look(n)
		s.w.hearOfNodes(n)
	}
}

func (s *simulation) upOrDown(n *node) {
	if n.alive {
		s.w.tell("%d: crashes", n.id)
		n.crash()
		return
	}
	s.w.tell("%d: starts", n.id)
	n.alive, n.known = true, zkState{version: -1}
	n.starts++
	if s.w.zk.leader == n.id { // the controller elects whoever has registered anew
		s.electOne(n.id)
	}
	s.learn(n)
}

// elect is the controller's: a live member of the ISR, which then has its live members, or all of them.
func (s *simulation) elect() {
	var live []int32
	for _, id := range s.w.zk.isr {
		if s.w.nodes[id].alive && !s.cut[id] {
			live = append(live, id)
		}
	}
	if len(live) > 0 {
		s.electOne(live[s.rng.IntN(len(live))])
	}
}

func (s *simulation) electOne(id int32) {
	if !slices.Contains(s.w.zk.isr, id) {
		return
	}
	isr := slices.DeleteFunc(slices.Clone(s.w.zk.isr), func(other int32) bool { return !s.w.nodes[other].alive && s.rng.IntN(3) > 0 })
	n := s.w.nodes[id]
	if end := n.log.EndOffset(); end < int64(len(s.w.exposed)) {
		s.w.fail("%d is elected with %d records, and %d were exposed", id, end, len(s.w.exposed))
		return
	}
	for o := n.log.start; o < int64(len(s.w.exposed)); o++ {
		if n.log.at(o) != s.w.exposed[o] {
			s.w.fail("%d is elected with %v at %d, where %v was exposed", id, n.log.at(o), o, s.w.exposed[o])
			return
		}
	}
	s.w.tell("controller: %d leads in epoch %d, ISR %v", id, s.w.zk.epoch+1, isr)
	s.w.elect(id, isr)
}

func (s *simulation) deleteRecords(n *node) {
	if n.lead != nil && n.hw > n.log.start {
		n.log.start += s.rng.Int64N(n.hw - n.log.start + 1)
		s.w.tell("%d: log begins at %d", n.id, n.log.start)
	}
}

// lose drops everything of one kind that is on its way: a connection broke.
func (s *simulation) lose() {
	switch s.rng.IntN(5) {
	case 0:
		s.requests = nil
	case 1:
		s.answers = nil
	case 2:
		s.bounds = nil
	case 3:
		s.writes = nil
	default:
		s.written = nil
	}
}

// check compares every log with what was exposed, as far as its replica takes it for safe.
func (s *simulation) check() {
	for _, n := range s.w.nodes {
		for o := n.log.start; o < n.hw; o++ {
			if o >= int64(len(s.w.exposed)) || n.log.at(o) != s.w.exposed[o] {
				s.w.fail("%v: at %d, below its high watermark, is not what was exposed", n, o)
				return
			}
		}
	}
}

// calm ends the storm: within some rounds everything is everywhere.
func (s *simulation) calm() error {
	s.requests, s.answers, s.bounds, s.writes, s.written = nil, nil, nil, nil, nil
	clear(s.cut)
	for _, n := range s.w.nodes {
		if !n.alive {
			s.upOrDown(n)
		}
	}
	s.elect()
	for range 60 {
		for _, id := range s.w.zk.replicas {
			n := s.w.nodes[id]
			s.learn(n)
			if n.follow != nil {
				s.requests = append(s.requests, n.ask())
				s.serve()
				for len(s.answers)+len(s.bounds) > 0 {
					s.deliver()
				}
			}
			s.propose(n)
			for len(s.writes)+len(s.written) > 0 {
				s.carryOut()
			}
			s.check()
		}
	}
	leader := s.w.nodes[s.w.zk.leader]
	for _, n := range s.w.nodes {
		if n.log.EndOffset() != leader.log.EndOffset() || n.hw != leader.log.EndOffset() {
			s.w.fail("in the end: %v; the leader is %v", n, leader)
		}
	}
	if len(s.w.zk.isr) != len(s.w.zk.replicas) {
		s.w.fail("in the end the ISR is %v", s.w.zk.isr)
	}
	return s.w.err
}
