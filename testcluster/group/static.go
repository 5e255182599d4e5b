package group

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// joinStatic is the join of a static member that has lost its member id: its client was started again. It gets a new id and
// keeps its place and its assignment, and a stable group does not notice. The one who had the old id is fenced off.
// Source: KIP-345, GroupCoordinator.updateStaticMemberAndRebalance.
func (g *group) joinStatic(now time.Time, j *joining, m *member, id string) {
	oldID, oldLeader := m.id, g.leader
	oldProtocols, oldRebalance, oldSession := m.protocols, m.rebalance, m.session
	g.rename(m, id)
	m.client = j.from
	g.update(m, j.protocols, j.rebalance, j.session)
	g.heard(now, m)
	g.awaitJoin(m, j.ticket)

	switch g.state {
	case CompletingRebalance:
		// The leader may be assigning to the old id already.
		g.prepare(now, "static member "+id+" takes the place of "+oldID+j.why)
		return
	case Stable:
		if g.vote() != g.protocol {
			g.prepare(now, "static member "+id+" has come back with other protocols"+j.why)
			return
		}
	default:
		return
	}
	g.s.event(g.name, "static member %s takes the place of %s", id, oldID)
	generation := g.generation
	g.store(now, nil, func(now time.Time, err kproto.Error) {
		if g.state != Stable || g.generation != generation || m.id != id || m.joins != j.ticket {
			return // a rebalance, or a successor, has the join now
		}
		if err != kproto.NoError {
			resp := joinError("", storeError(err))
			resp.Generation = g.generation
			g.answerJoin(m, resp)
			g.rename(m, oldID)
			g.update(m, oldProtocols, oldRebalance, oldSession)
			g.heard(now, m)
			return
		}
		resp := g.joined(m, false)
		if j.skips {
			resp = g.joined(m, g.leader == m.id)
			resp.SkipAssignment = g.leader == m.id
		} else {
			// One that hears that another leads does not assign; the group would not take what it assigns.
			resp.LeaderID = oldLeader
		}
		g.answerJoin(m, resp)
		g.heard(now, m)
	})
}

// rename gives a member another id. Whoever waits under the old one is told that it is not the member any more.
func (g *group) rename(m *member, id string) {
	g.answerJoin(m, joinError(m.id, kproto.FencedInstanceID))
	g.answerSync(m, syncError(kproto.FencedInstanceID))
	delete(g.members, m.id)
	if g.leader == m.id {
		g.leader = id
	}
	m.id = id
	g.members[id] = m
}
