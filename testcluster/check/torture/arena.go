package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// arena is where faults happen. Each takes the nodes that it needs, and gives them back whole.
type arena struct {
	*run
	faults []fault
	under  sync.WaitGroup // faults under way

	mu struct {
		sync.Mutex
		taken map[int]bool // nodes; 0 is the network
		count int          // of faults under way
	}
}

func newArena(r *run) *arena {
	a := &arena{run: r}
	a.mu.taken = map[int]bool{}
	faults := allFaults
	if r.cfg.Kafka {
		faults = slices.Concat(allFaults, kafkaFaults)
	}
	for _, f := range faults {
		if len(r.nodes) >= f.nodes && (r.cfg.Faults == nil || slices.Contains(r.cfg.Faults, f.name)) {
			a.faults = append(a.faults, f)
		}
	}
	return a
}

// overlap is how many faults there are at a time at most.
const overlap = 2

// inject lets faults happen until ctx ends. All are over when it returns.
func (a *arena) inject(ctx context.Context, rnd *rand.Rand) error {
	defer a.under.Wait()
	for len(a.faults) > 0 {
		pause(ctx, time.Duration(200+rnd.IntN(1300))*time.Millisecond)
		if ctx.Err() != nil {
			break
		}
		f := a.faults[rnd.IntN(len(a.faults))]
		chance := rand.New(rand.NewPCG(rnd.Uint64(), 0))
		if !a.begin() {
			continue
		}
		a.under.Go(func() {
			defer a.end()
			a.happen(f, chance)
		})
	}
	return nil
}

func (a *arena) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mu.count >= overlap {
		return false
	}
	a.mu.count++
	return true
}

func (a *arena) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.count--
}

// happen runs one fault to its end, whatever the time.
func (a *arena) happen(f fault, rnd *rand.Rand) {
	ctx, cancel := context.WithTimeout(a.life, time.Minute)
	defer cancel()
	s := &scene{arena: a, name: f.name, rnd: rnd, ctx: ctx}
	defer s.release()
	if !f.run(s) {
		return // its nodes are taken
	}
	a.count(func(r *Report) { r.Faults[f.name]++ })
}

// leader is the node that leads, or 0.
func (a *arena) leader(ctx context.Context) int {
	found := 0
	for _, n := range a.nodes {
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		s, err := flw.Srvr(ctx, n.Addr, nil)
		cancel()
		if err == nil && s.Mode == "leader" {
			found = n.ID
		}
	}
	return found
}

// mend makes the ensemble whole, and waits until all nodes serve.
func (a *arena) mend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := a.cluster.Heal(ctx); err != nil {
		return fmt.Errorf("mend: %w", err)
	}
	nodes, err := a.cluster.Nodes()
	if err != nil {
		return fmt.Errorf("mend: %w", err)
	}
	for _, n := range nodes {
		if n.State == ensemble.Down {
			a.problem("node %d has ended by itself; see its server.log", n.ID)
			a.restart(ctx, n.ID)
		}
	}
	a.say("all is mended")
	var wait sync.WaitGroup
	for _, n := range a.nodes {
		wait.Go(func() { a.awaitServing(ctx, n) })
	}
	wait.Wait()
	a.say("all has been waited for")
	return nil
}

// awaitServing waits until a node serves.
func (a *arena) awaitServing(ctx context.Context, n ensemble.Node) {
	for {
		once, cancel := context.WithTimeout(ctx, time.Second)
		_, err := flw.Srvr(once, n.Addr, nil)
		cancel()
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			a.problem("node %d does not serve although all was mended a minute ago: %v", n.ID, err)
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// restart starts a node that is down, or ends it in good order first. That it finds no leader is nothing to speak of.
func (a *arena) restart(ctx context.Context, id int) {
	patience := 10 * time.Second
	if a.kafka != nil { // a broker takes leave of its controller, if there is one
		patience = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.cluster.Restart(ctx, id); err != nil && !errors.Is(err, context.DeadlineExceeded) && a.life.Err() == nil {
		a.problem("node %d could not be started: %v", id, err)
	}
}

// scene is one fault that happens.
type scene struct {
	*arena
	name string
	rnd  *rand.Rand
	ctx  context.Context
	mine []int
}

// network is what partitions take, in place of nodes.
const network = 0

// take reserves nodes; of several all or none.
func (s *scene) take(ids ...int) bool {
	s.arena.mu.Lock()
	defer s.arena.mu.Unlock()
	for _, id := range ids {
		if s.arena.mu.taken[id] {
			return false
		}
	}
	for _, id := range ids {
		s.arena.mu.taken[id] = true
	}
	s.mine = append(s.mine, ids...)
	return true
}

func (s *scene) release() {
	s.arena.mu.Lock()
	defer s.arena.mu.Unlock()
	for _, id := range s.mine {
		delete(s.arena.mu.taken, id)
	}
}

// order is all nodes in random order.
func (s *scene) order() []int {
	ids := make([]int, len(s.nodes))
	for i, at := range s.rnd.Perm(len(ids)) {
		ids[i] = s.nodes[at].ID
	}
	return ids
}

// majority is a random smallest majority of the voters.
func (s *scene) majority() []int {
	var ids []int
	for _, id := range s.order() {
		if !s.nodes[id-1].Observer {
			ids = append(ids, id)
		}
	}
	return ids[:len(ids)/2+1]
}

// hold waits for a random time.
func (s *scene) hold(least, most time.Duration) {
	pause(s.ctx, least+time.Duration(s.rnd.Int64N(int64(most-least))))
}

// try reports what the harness could not do: it is no fault of the ensemble, but the run is worth less.
func (s *scene) try(what string, err error) bool {
	if err == nil {
		s.say("%s: %s", s.name, what)
		return true
	}
	if s.life.Err() == nil {
		s.problem("%s: %s: %v", s.name, what, err)
	}
	return false
}
