package group

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// consumerType is the protocol type whose metadata tells what topics a member reads.
const consumerType = "consumer"

// group is one group.
type group struct {
	s     *Shard
	name  string
	state State
	since time.Time // when it came into its state; zero where a log of old does not tell

	protocolType string // of its members, also of those that were; empty: it has only ever stored offsets
	generation   int32
	protocol     string // chosen for the generation; empty: it has no members
	leader       string // a member's id, or empty

	members   map[string]*member
	order     []*member          // as they came
	static    map[string]*member // by instance id
	promised  map[string]*timer  // member ids that were handed out and have not been used
	known     map[string]int     // protocols, and by how many members
	held      int                // bytes, by members and promises, see hold.go
	waiting   int                // members whose JoinGroup waits
	subscribe map[string]bool    // topics the members read; nil: not known

	join     timer         // the end of the time to join
	first    bool          // it is the initial delay that join measures
	putOff   time.Duration // how much longer the initial delay may become
	newcomer bool          // somebody came within the initial delay
	sync     timer         // the end of the time to ask for assignments

	offsets map[string]map[int32]offset
	staged  map[topicPartition]int // commits on their way into the log
}

func newGroup(s *Shard, name string) *group {
	g := &group{
		s: s, name: name,
		members: map[string]*member{}, static: map[string]*member{}, promised: map[string]*timer{}, known: map[string]int{},
		offsets: map[string]map[int32]offset{}, staged: map[topicPartition]int{},
	}
	g.join.fire = g.joinOver
	g.sync.fire = g.syncOver
	return g
}

func (g *group) become(now time.Time, state State) {
	g.state, g.since = state, now
}

// add takes in a member whose join waits for the next generation.
func (g *group) add(now time.Time, m *member, t Ticket) {
	g.members[m.id] = m
	g.order = append(g.order, m)
	if m.instance != nil {
		g.static[*m.instance] = m
	}
	for _, p := range names(m.protocols) {
		g.known[p]++
	}
	g.charge(m)
	m.alive.fire = func(now time.Time) { g.sessionOver(now, m) }
	if t != 0 {
		g.awaitJoin(m, t)
	}
}

// drop takes a member out, and does nothing else about it. A group without a leader elects one when it completes.
func (g *group) drop(m *member) {
	g.s.timers.stop(&m.alive)
	if m.joins != 0 {
		g.answerJoin(m, joinError("", kproto.UnknownMemberID))
	}
	g.answerSync(m, syncError(kproto.UnknownMemberID))
	delete(g.members, m.id)
	g.order = slices.DeleteFunc(g.order, func(o *member) bool { return o == m })
	if m.instance != nil {
		delete(g.static, *m.instance)
	}
	g.forget(m.protocols)
	g.release(m)
	if g.leader == m.id {
		g.leader = ""
	}
}

func (g *group) forget(protocols []protocol) {
	for _, p := range names(protocols) {
		if g.known[p]--; g.known[p] == 0 {
			delete(g.known, p)
		}
	}
}

// update takes over what a member says in a join.
func (g *group) update(m *member, protocols []protocol, rebalance, session time.Duration) {
	g.forget(m.protocols)
	for _, p := range names(protocols) {
		g.known[p]++
	}
	m.protocols, m.rebalance, m.session = protocols, rebalance, session
	g.charge(m)
}

// removeMember takes a member out, and lets the others share what it had.
func (g *group) removeMember(now time.Time, m *member, why string) {
	g.drop(m)
	g.s.event(g.name, "member %s is removed: %s", m.id, why)
	switch g.state {
	case Stable, CompletingRebalance:
		g.prepare(now, "member "+m.id+" is gone")
	case PreparingRebalance:
		g.maybeComplete(now)
	}
}

// fits tells whether a member that knows these protocols can be in the group: one of them has to be known to all.
func (g *group) fits(protocolType string, protocols []protocol) bool {
	if g.state == Empty {
		return protocolType != "" && len(protocols) > 0
	}
	return protocolType == g.protocolType &&
		slices.ContainsFunc(protocols, func(p protocol) bool { return g.known[p.name] == len(g.members) })
}

// vote chooses the protocol of the next generation: each member gives its vote to the first of its own that all know, and
// most votes win. Where two have as many, the first that was voted for wins.
func (g *group) vote() string {
	votes := map[string]int{}
	best := ""
	for _, m := range g.order {
		for _, p := range m.protocols {
			if g.known[p.name] == len(g.members) {
				votes[p.name]++
				break
			}
		}
	}
	for _, m := range g.order {
		for _, p := range m.protocols {
			if votes[p.name] > votes[best] {
				best = p.name
			}
		}
	}
	return best
}

// topics finds out what the members read. Nothing is known of it if one of them says what cannot be read.
func (g *group) topics() map[string]bool {
	if g.protocolType != consumerType {
		return nil
	}
	all := map[string]bool{}
	for _, m := range g.order {
		var meta kmsg.ConsumerMemberMetadata
		if meta.ReadFrom(m.metadata(g.protocol)) != nil {
			return nil
		}
		for _, t := range meta.Topics {
			all[t] = true
		}
	}
	return all
}

// rebalanceTimeout is that of the most patient member.
func (g *group) rebalanceTimeout() time.Duration {
	var most time.Duration
	for _, m := range g.order {
		most = max(most, m.rebalance)
	}
	return most
}

// validate is why a request in the name of a member is refused, or NoError. Source: GroupCoordinator.validateCurrentMember.
func (g *group) validate(id string, instance *string) kproto.Error {
	if instance != nil {
		switch m := g.static[*instance]; {
		case m == nil:
			return kproto.UnknownMemberID
		case m.id != id:
			return kproto.FencedInstanceID
		}
	}
	if g.members[id] == nil {
		return kproto.UnknownMemberID
	}
	return kproto.NoError
}

// stop ends the group's timers: it is to be forgotten.
func (g *group) stop() {
	g.state = Dead
	for _, m := range g.order {
		g.s.timers.stop(&m.alive)
		g.release(m)
	}
	for id := range g.promised {
		g.breakPromise(id)
	}
	g.s.timers.stop(&g.join)
	g.s.timers.stop(&g.sync)
}

// unload tells all who wait to look for the coordinator elsewhere.
func (g *group) unload() {
	for _, m := range g.order {
		g.answerJoin(m, joinError(m.id, kproto.NotCoordinator))
		g.answerSync(m, syncError(kproto.NotCoordinator))
	}
	g.stop()
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
