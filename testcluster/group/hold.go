package group

import "strings"

// What a JoinGroup leaves behind stays for as long as its session, also when whoever sent it has gone away at once. So
// there are two bounds, of which sane clients see neither:
//
//   - of a group: members and promises hold no more than some times what the log takes in one batch, which has to hold all
//     members with their metadata of one protocol and their assignments;
//   - of a shard: so much of that, over all groups, belongs to those who have never got an assignment. A group that has
//     come so far is in the log, and its members are clients that talk.
const (
	// protocolsHeld is how many times the largest batch a group may hold. Members say much the same for each protocol that
	// they know, of which Java's consumers have two, and only what they say for the one chosen is stored.
	protocolsHeld = 8
	// minBatch and maxBatch confine what is taken for the largest batch: small settings are not meant for groups.
	minBatch, maxBatch = 1 << 20, 64 << 20
	// groupsUnproven is how many times what a group may hold a shard's members without an assignment may.
	groupsUnproven = 2

	// What a member, a promise and a protocol take beside their texts, about.
	memberSize   = 1 << 10
	promiseSize  = 512
	protocolSize = 64
)

// maxIDPrefix bounds what of a client's name becomes part of its member id. Kafka's clients have shorter names.
const maxIDPrefix = 255

// idPrefix is the first half of a member id.
func idPrefix(name string) string {
	if len(name) <= maxIDPrefix {
		return name
	}
	return strings.ToValidUTF8(name[:maxIDPrefix], "")
}

// size is about how much memory the member takes.
func (m *member) size() int {
	n := memberSize + len(m.id) + len(m.client.ID) + len(m.client.Host) + len(m.assignment)
	if m.instance != nil {
		n += len(*m.instance)
	}
	for _, p := range m.protocols {
		n += protocolSize + len(p.name) + len(p.metadata)
	}
	return n
}

func sizeOfPromise(id string) int { return promiseSize + len(id) }

// charge counts what the member takes from now on, in place of what it took before.
func (g *group) charge(m *member) {
	g.release(m)
	m.held = m.size()
	g.held += m.held
	if !m.proven {
		g.s.unproven += m.held
	}
}

// release counts what the member takes no longer.
func (g *group) release(m *member) {
	g.held -= m.held
	if !m.proven {
		g.s.unproven -= m.held
	}
	m.held = 0
}

// prove notes that the member has got an assignment.
func (g *group) prove(m *member) {
	if !m.proven {
		g.s.unproven -= m.held
		m.proven = true
	}
}

func (g *group) chargePromise(id string) {
	g.held += sizeOfPromise(id)
	g.s.unproven += sizeOfPromise(id)
}

func (g *group) releasePromise(id string) {
	g.held -= sizeOfPromise(id)
	g.s.unproven -= sizeOfPromise(id)
}

// canHold tells whether there is room for what a join brings. A member that comes again with no more than it has always
// has room.
func (g *group) canHold(j *joining) bool {
	next := member{id: j.id, instance: j.instance, client: j.from, protocols: j.protocols}
	more, proven := next.size(), false
	m := g.members[j.id]
	if j.id == "" && j.instance != nil {
		m = g.static[*j.instance]
	}
	switch {
	case m != nil:
		more, proven = more-m.held, m.proven
	case g.promised[j.id] != nil:
		more -= sizeOfPromise(j.id)
	}
	if more <= 0 {
		return true
	}
	most := protocolsHeld * min(max(g.s.c.MaxBatch(), minBatch), maxBatch)
	return g.held+more <= most && (proven || g.s.unproven+more <= groupsUnproven*most)
}
