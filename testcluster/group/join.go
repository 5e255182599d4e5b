package group

import (
	"bytes"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// joining is a JoinGroup request, without the differences between its versions.
type joining struct {
	ticket    Ticket
	from      Client
	id        string
	instance  *string
	kind      string // the protocol type
	protocols []protocol
	rebalance time.Duration
	session   time.Duration
	twice     bool // a new member first gets an id, and joins with it
	skips     bool // a leader can be told not to assign
	why       string
}

func newJoining(t Ticket, from Client, req *kmsg.JoinGroupRequest) *joining {
	j := &joining{
		ticket: t, from: from, id: req.MemberID, instance: req.InstanceID, kind: req.ProtocolType,
		session:   time.Duration(req.SessionTimeoutMillis) * time.Millisecond,
		rebalance: time.Duration(req.RebalanceTimeoutMillis) * time.Millisecond,
		twice:     req.Version >= 4 && req.InstanceID == nil,
		skips:     req.Version >= 9,
	}
	if req.Version == 0 {
		j.rebalance = j.session
	}
	j.why = reasonText(req.Reason)
	for _, p := range req.Protocols {
		// Of a request that is large for other reasons nothing else is to stay.
		j.protocols = append(j.protocols, protocol{p.Name, bytes.Clone(p.Metadata)})
	}
	return j
}

// reasonText is what a client says about why it does something, for an event. Kafka's clients say at most as much.
func reasonText(reason *string) string {
	const most = 255
	if reason == nil || *reason == "" {
		return ""
	}
	return " (" + (*reason)[:min(most, len(*reason))] + ")"
}

// JoinGroup is the request of that name. Its reply may have to wait for other members.
func (s *Shard) JoinGroup(now time.Time, t Ticket, from Client, req *kmsg.JoinGroupRequest) {
	refuse := func(id string, err kproto.Error) { s.reply(t, joinError(id, err)) }
	if err := s.refusal(req.Group, false); err != kproto.NoError {
		refuse(req.MemberID, err)
		return
	}
	j := newJoining(t, from, req)
	if j.session < s.c.MinSession || j.session > s.c.MaxSession {
		refuse(j.id, kproto.InvalidSessionTimeout)
		return
	}
	g := s.groups[req.Group]
	if g == nil {
		if j.id != "" {
			refuse(j.id, kproto.UnknownMemberID)
			return
		}
		g = s.addGroup(req.Group)
	}
	switch {
	case !g.hasRoom(j.id):
		if m := g.members[j.id]; m != nil {
			g.drop(m)
		}
		g.breakPromise(j.id)
		refuse("", kproto.GroupMaxSizeReached)
	case !g.canHold(j):
		g.breakPromise(j.id)
		refuse("", kproto.GroupMaxSizeReached)
	case !g.fits(j.kind, j.protocols):
		refuse(j.id, kproto.InconsistentGroupProtocol)
	case j.id == "":
		g.joinNew(now, j)
	case g.promised[j.id] != nil:
		g.addAndRebalance(now, j, j.id)
	default:
		if err := g.validate(j.id, j.instance); err != kproto.NoError {
			refuse(j.id, err)
			break
		}
		g.joinAgain(now, j, g.members[j.id])
	}
	g.maybeComplete(now)
	s.forgetUnused(g)
}

// hasRoom tells whether a member may join. While members join again, those come first that are first: a group that has
// more members than are allowed now loses the slow ones.
func (g *group) hasRoom(id string) bool {
	m := g.members[id]
	switch g.state {
	case PreparingRebalance:
		return m != nil && m.joins != 0 || g.waiting < g.s.c.MaxSize
	case CompletingRebalance, Stable:
		return m != nil || len(g.members) < g.s.c.MaxSize
	}
	return true
}

// joinNew is a join without a member id.
func (g *group) joinNew(now time.Time, j *joining) {
	name := j.from.ID
	if j.instance != nil {
		name = *j.instance
	}
	id := idPrefix(name) + "-" + g.s.c.NewID()
	switch {
	case j.instance != nil && g.static[*j.instance] != nil:
		g.joinStatic(now, j, g.static[*j.instance], id)
	case j.twice:
		g.promise(now, id, j.session)
		g.s.reply(j.ticket, joinError(id, kproto.MemberIDRequired))
	default:
		g.addAndRebalance(now, j, id)
	}
}

// joinAgain is a join of a member that the group has.
func (g *group) joinAgain(now time.Time, j *joining, m *member) {
	changed := !m.same(j.protocols)
	switch g.state {
	case CompletingRebalance:
		// A member that says the same again has not got the answer of its first join.
		if !changed {
			g.s.reply(j.ticket, g.joined(m, g.leader == m.id))
			return
		}
	case Stable:
		// A leader joins again because what there is to share has changed.
		if !changed && g.leader != m.id {
			g.s.reply(j.ticket, g.joined(m, false))
			return
		}
	}
	g.update(m, j.protocols, j.rebalance, j.session)
	g.awaitJoin(m, j.ticket)
	g.maybePrepare(now, "member "+m.id+" joins again"+j.why)
}

// addAndRebalance takes in a new member.
func (g *group) addAndRebalance(now time.Time, j *joining, id string) {
	g.breakPromise(id)
	if len(g.members) == 0 {
		g.protocolType = j.kind
	}
	m := &member{id: id, instance: j.instance, client: j.from, rebalance: j.rebalance, session: j.session,
		protocols: j.protocols, isNew: true}
	if g.state == PreparingRebalance && g.generation == 0 {
		g.newcomer = true
	}
	g.add(now, m, j.ticket)
	g.heard(now, m)
	g.maybePrepare(now, "member "+id+" joins"+j.why)
}

// promise keeps a place for a member that has been given an id.
func (g *group) promise(now time.Time, id string, session time.Duration) {
	t := &timer{fire: func(now time.Time) {
		g.s.event(g.name, "member %s has not joined", id)
		g.breakPromise(id)
		g.maybeComplete(now)
		g.s.forgetUnused(g)
	}}
	g.promised[id] = t
	g.chargePromise(id)
	g.s.timers.set(t, now.Add(session))
}

// breakPromise ends it, because the member has come or will not come.
func (g *group) breakPromise(id string) bool {
	t := g.promised[id]
	if t == nil {
		return false
	}
	g.s.timers.stop(t)
	delete(g.promised, id)
	g.releasePromise(id)
	return true
}

// forgetUnused drops a group that nobody has ever joined or committed to.
func (s *Shard) forgetUnused(g *group) {
	if g.state == Empty && g.generation == 0 && g.protocolType == "" && len(g.promised)+len(g.offsets)+len(g.staged) == 0 {
		g.stop()
		delete(s.groups, g.name)
	}
}

// joined is what a member is told of the generation; the leader is told who is in it.
func (g *group) joined(m *member, withMembers bool) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.Generation, r.LeaderID, r.MemberID = g.generation, g.leader, m.id
	r.ProtocolType, r.Protocol = optional(g.protocolType), optional(g.protocol)
	if withMembers {
		for _, o := range g.order {
			e := kmsg.NewJoinGroupResponseMember()
			e.MemberID, e.InstanceID, e.ProtocolMetadata = o.id, o.instance, o.metadata(g.protocol)
			r.Members = append(r.Members, e)
		}
	}
	return r
}

func joinError(id string, err kproto.Error) *kmsg.JoinGroupResponse {
	r := kmsg.NewPtrJoinGroupResponse()
	r.ErrorCode, r.MemberID, r.Generation = int16(err), id, -1
	return r
}
