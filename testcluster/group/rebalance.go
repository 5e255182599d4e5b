package group

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// maybePrepare asks all members to join again, unless that has been done.
func (g *group) maybePrepare(now time.Time, why string) {
	if g.state != PreparingRebalance && g.state != Dead {
		g.prepare(now, why)
	}
}

// prepare begins a rebalance. The members learn of it by their heartbeats; who waits for an assignment learns of it at
// once.
func (g *group) prepare(now time.Time, why string) {
	g.s.event(g.name, "rebalance of generation %d: %s", g.generation, why)
	if g.state == CompletingRebalance {
		g.failSync(now, kproto.RebalanceInProgress)
	}
	g.s.timers.stop(&g.sync)
	wait := g.rebalanceTimeout()
	g.first, g.newcomer = g.state == Empty, false
	if g.first {
		// The first member of a group is seldom the last: wait for the others, or each would cost a rebalance.
		wait, g.putOff = g.s.c.InitialDelay, max(wait-g.s.c.InitialDelay, 0)
	}
	g.become(now, PreparingRebalance)
	if g.first && wait <= 0 {
		g.complete(now)
		return
	}
	g.s.timers.set(&g.join, now.Add(wait))
	g.maybeComplete(now)
}

// maybeComplete ends the time to join if there is nobody to wait for. The initial delay does not end early.
func (g *group) maybeComplete(now time.Time) {
	if g.state == PreparingRebalance && !g.first && g.waiting == len(g.members) && len(g.promised) == 0 {
		g.complete(now)
	}
}

// joinOver is the end of the time to join. The initial delay begins again if somebody came, until the time that members
// give a rebalance is used up.
func (g *group) joinOver(now time.Time) {
	if g.first && g.newcomer && g.putOff > 0 {
		more := min(g.s.c.InitialDelay, g.putOff)
		g.newcomer, g.putOff = false, g.putOff-more
		g.s.timers.set(&g.join, now.Add(more))
		return
	}
	g.complete(now)
}

// complete makes the next generation of those who have joined. Static members may be late: they are in it.
func (g *group) complete(now time.Time) {
	g.first = false
	g.s.timers.stop(&g.join)
	for _, m := range append([]*member(nil), g.order...) {
		if m.joins == 0 && m.instance == nil {
			g.drop(m)
			g.s.event(g.name, "member %s is removed: it has not joined again", m.id)
		}
	}
	if len(g.members) > 0 && !g.electLeader() {
		// There are but static members, and none is here. Their sessions will end, or they come.
		g.s.timers.set(&g.join, now.Add(g.rebalanceTimeout()))
		return
	}
	g.generation++
	if len(g.members) == 0 {
		g.becomeEmpty(now)
		return
	}
	g.protocol = g.vote()
	g.subscribe = g.topics()
	g.become(now, CompletingRebalance)
	g.s.event(g.name, "generation %d has %d members, protocol %s", g.generation, len(g.members), g.protocol)
	for _, m := range g.order {
		m.isNew = false
		m.owesSync = g.answerJoin(m, g.joined(m, g.leader == m.id))
		g.heard(now, m)
	}
	g.s.timers.set(&g.sync, now.Add(g.rebalanceTimeout()))
}

// electLeader lets the leader stay if it has joined, and takes the first who has if not.
func (g *group) electLeader() bool {
	if m := g.members[g.leader]; m != nil && m.joins != 0 {
		return true
	}
	for _, m := range g.order {
		if m.joins != 0 {
			g.leader = m.id
			return true
		}
	}
	return false
}

// becomeEmpty is a generation without members. It is stored for the time it begins at; if that fails, a new coordinator
// takes the members of the last one for alive, and finds out soon.
func (g *group) becomeEmpty(now time.Time) {
	g.protocol, g.subscribe = "", nil
	g.become(now, Empty)
	g.s.event(g.name, "generation %d has no members", g.generation)
	g.store(now, nil, func(_ time.Time, err kproto.Error) {
		if err != kproto.NoError {
			g.s.event(g.name, "storing the empty group: %v", err)
		}
	})
}

// syncOver is the end of the time to ask for assignments. Who has not asked by then is gone, or the group would wait for
// its leader for ever. Source: KAFKA-12890.
func (g *group) syncOver(now time.Time) {
	if g.state != CompletingRebalance && g.state != Stable {
		return
	}
	gone := 0
	for _, m := range append([]*member(nil), g.order...) {
		if m.owesSync {
			g.drop(m)
			g.s.event(g.name, "member %s is removed: it has not asked for its assignment", m.id)
			gone++
		}
	}
	if gone > 0 {
		g.prepare(now, "members have not asked for their assignments")
	}
}
