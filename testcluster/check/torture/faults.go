package torture

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// fault is one way to break an ensemble of so many nodes at least. run breaks it, waits and mends it; it returns false
// when another fault has what it needs.
type fault struct {
	name  string
	nodes int
	run   func(*scene) bool
}

// allFaults stand more than once where they are worth more.
var allFaults = []fault{
	{"kill", 1, func(s *scene) bool { return s.kill(s.order()[:1], nil) }},
	{"kill leader", 1, func(s *scene) bool { return s.kill(s.theLeader(), nil) }},
	{"kill majority", 1, func(s *scene) bool { return s.kill(s.majority(), nil) }},
	{"kill all", 1, func(s *scene) bool { return s.kill(s.order(), nil) }},
	{"torn tail", 1, func(s *scene) bool { return s.kill(s.order()[:1], (*scene).tear) }},
	{"torn tails of all", 1, func(s *scene) bool { return s.kill(s.order(), (*scene).tear) }},
	{"unsynced tail lost", 3, func(s *scene) bool { return s.kill(s.order(), (*scene).cutLone) }},
	{"pause", 1, func(s *scene) bool { return s.pause(s.order()[:1]) }},
	{"pause leader", 1, func(s *scene) bool { return s.pause(s.theLeader()) }},
	{"pause majority", 1, func(s *scene) bool { return s.pause(s.majority()) }},
	{"pause all", 1, func(s *scene) bool { return s.pause(s.order()) }},
	{"full disk", 1, func(s *scene) bool { return s.fill(s.order()[:1]) }},
	{"full disk of the leader", 1, func(s *scene) bool { return s.fill(s.theLeader()) }},
	{"rolling restart", 1, (*scene).roll},
	{"part the leader", 3, func(s *scene) bool { return s.part(false, s.apart(s.theLeader())) }},
	{"part one way from the leader", 3, func(s *scene) bool { return s.part(true, s.apart(s.theLeader())) }},
	{"part one way to the leader", 3, func(s *scene) bool {
		groups := s.apart(s.theLeader())
		slices.Reverse(groups)
		return s.part(true, groups)
	}},
	{"part one", 3, func(s *scene) bool { return s.part(false, s.apart(s.order()[:1])) }},
	{"part one link", 3, func(s *scene) bool { return s.part(false, singles(s.order()[:2])) }},
	{"part one way", 3, func(s *scene) bool { return s.part(true, singles(s.order()[:2])) }},
	{"part halves", 3, func(s *scene) bool {
		o := s.order()
		return s.part(false, [][]int{o[:len(o)/2], o[len(o)/2:]})
	}},
	{"part all", 3, func(s *scene) bool { return s.part(false, singles(s.order())) }},
	{"bridge", 3, (*scene).bridge},
}

// kafkaFaults are those about brokers.
var kafkaFaults = []fault{
	{"kill controller", 1, func(s *scene) bool { return s.kill(s.theController(), nil) }},
	{"pause controller", 1, func(s *scene) bool { return s.pause(s.theController()) }},
	{"part the controller", 3, func(s *scene) bool { return s.part(false, s.apart(s.theController())) }},
	{"restart", 1, func(s *scene) bool { return s.again(s.order()[:1]) }},
}

// FaultNames are the names of all faults.
func FaultNames() []string {
	var names []string
	for _, f := range slices.Concat(allFaults, kafkaFaults) {
		names = append(names, f.name)
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// theLeader is the node that leads, or any.
func (s *scene) theLeader() []int {
	if id := s.leader(s.ctx); id > 0 {
		return []int{id}
	}
	return s.order()[:1]
}

// theController is the node whose broker is the controller, or any.
func (s *scene) theController() []int {
	if id := s.kafka.controller(s.ctx); id > 0 {
		return []int{id}
	}
	return s.order()[:1]
}

// all does something to nodes at the same time.
func all(ids []int, do func(id int)) {
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() { do(id) })
	}
	wg.Wait()
}

// kill kills nodes, does something to their files, and starts them again.
func (s *scene) kill(ids []int, with func(*scene, []int)) bool {
	if !s.take(ids...) {
		return false
	}
	all(ids, func(id int) { s.try(fmt.Sprintf("node %d is killed", id), s.cluster.Kill(s.ctx, id)) })
	if with != nil {
		with(s, ids)
	}
	s.hold(20*time.Millisecond, 1500*time.Millisecond)
	s.say("%s: %v start again", s.name, ids)
	all(ids, func(id int) { s.restart(s.ctx, id) })
	return true
}

// pause stops nodes for a while, half of the time longer than sessions last.
func (s *scene) pause(ids []int) bool {
	if !s.take(ids...) {
		return false
	}
	all(ids, func(id int) { s.try(fmt.Sprintf("node %d is paused", id), s.cluster.Pause(s.ctx, id)) })
	if s.rnd.IntN(2) == 0 {
		s.hold(10*time.Millisecond, sessionTime)
	} else {
		s.hold(sessionTime, 2*sessionTime)
	}
	all(ids, func(id int) { s.try(fmt.Sprintf("node %d goes on", id), s.cluster.Resume(s.ctx, id)) })
	return true
}

// again ends nodes in good order and starts them.
func (s *scene) again(ids []int) bool {
	if !s.take(ids...) {
		return false
	}
	for _, id := range ids {
		s.say("%s: node %d", s.name, id)
		s.restart(s.ctx, id)
	}
	return true
}

// roll restarts one node after the other.
func (s *scene) roll() bool {
	if !s.take(s.order()...) {
		return false
	}
	for _, id := range s.order() {
		s.say("%s: node %d", s.name, id)
		s.restart(s.ctx, id)
	}
	return true
}

// apart sets nodes against all others.
func (s *scene) apart(ids []int) [][]int {
	var rest []int
	for _, n := range s.nodes {
		if !slices.Contains(ids, n.ID) {
			rest = append(rest, n.ID)
		}
	}
	return [][]int{ids, rest}
}

func singles(ids []int) [][]int {
	var groups [][]int
	for _, id := range ids {
		groups = append(groups, []int{id})
	}
	return groups
}

// part cuts links for a while.
func (s *scene) part(oneWay bool, groups [][]int) bool {
	if !s.take(network) {
		return false
	}
	s.try(fmt.Sprintf("%v", groups), s.cluster.Partition(s.ctx, ensemble.Partition{Groups: groups, OneWay: oneWay}))
	s.hold(100*time.Millisecond, 4*time.Second)
	s.try("healed", s.cluster.Heal(s.ctx))
	return true
}

// bridge leaves one node as the only way between two halves.
func (s *scene) bridge() bool {
	o := s.order()
	rest := o[1:]
	return s.part(false, [][]int{rest[:len(rest)/2], rest[len(rest)/2:]})
}
