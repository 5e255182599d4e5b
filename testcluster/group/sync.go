package group

import (
	"bytes"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// SyncGroup is the request of that name: the leader brings the assignments, the others wait for theirs.
func (s *Shard) SyncGroup(now time.Time, t Ticket, req *kmsg.SyncGroupRequest) {
	if err := s.refusal(req.Group, false); err != kproto.NoError {
		if err == kproto.CoordinatorLoadInProgress {
			// The rebalance did not survive the move of the coordinator. Old clients do not know the error of loading.
			err = kproto.RebalanceInProgress
		}
		s.reply(t, syncError(err))
		return
	}
	g := s.groups[req.Group]
	if g == nil {
		s.reply(t, syncError(kproto.UnknownMemberID))
		return
	}
	if err := g.validateSync(req); err != kproto.NoError {
		s.reply(t, syncError(err))
		return
	}
	m := g.members[req.MemberID]
	switch g.state {
	case PreparingRebalance:
		s.reply(t, syncError(kproto.RebalanceInProgress))
	case Stable:
		m.owesSync = false
		s.reply(t, g.synced(m))
		g.prove(m)
		g.heard(now, m)
	case CompletingRebalance:
		m.owesSync = false
		g.awaitSync(m, t)
		if g.leader == m.id {
			g.assign(now, req.GroupAssignment)
		}
	}
}

func (g *group) validateSync(req *kmsg.SyncGroupRequest) kproto.Error {
	if err := g.validate(req.MemberID, req.InstanceID); err != kproto.NoError {
		return err
	}
	if req.Generation != g.generation {
		return kproto.IllegalGeneration
	}
	// From version 5 on both are required.
	if req.Version >= 5 && (req.ProtocolType == nil || req.Protocol == nil) ||
		req.ProtocolType != nil && *req.ProtocolType != g.protocolType ||
		req.Protocol != nil && *req.Protocol != g.protocol {
		return kproto.InconsistentGroupProtocol
	}
	return kproto.NoError
}

// assign stores what the leader has decided, and then tells it to those who ask. Members it has left out get nothing.
func (g *group) assign(now time.Time, list []kmsg.SyncGroupRequestGroupAssignment) {
	assignments := map[string][]byte{}
	for _, a := range list {
		assignments[a.MemberID] = bytes.Clone(a.MemberAssignment)
	}
	generation := g.generation
	g.store(now, assignments, func(now time.Time, err kproto.Error) {
		if g.state != CompletingRebalance || g.generation != generation {
			return // members came or went meanwhile
		}
		if err != kproto.NoError {
			g.failSync(now, storeError(err))
			g.prepare(now, "the assignments could not be stored: "+err.Error())
			return
		}
		g.become(now, Stable)
		for _, m := range g.order {
			m.assignment = assignments[m.id]
			g.charge(m)
			if g.answerSync(m, g.synced(m)) {
				g.prove(m)
				g.heard(now, m)
			}
		}
	})
}

// failSync takes the assignments away, and tells those who wait for theirs why.
func (g *group) failSync(now time.Time, err kproto.Error) {
	for _, m := range g.order {
		m.assignment = nil
		g.charge(m)
		if g.answerSync(m, syncError(err)) {
			g.heard(now, m)
		}
	}
}

func (g *group) synced(m *member) *kmsg.SyncGroupResponse {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ProtocolType, r.Protocol, r.MemberAssignment = optional(g.protocolType), optional(g.protocol), m.assignment
	return r
}

func syncError(err kproto.Error) *kmsg.SyncGroupResponse {
	r := kmsg.NewPtrSyncGroupResponse()
	r.ErrorCode = int16(err)
	return r
}
