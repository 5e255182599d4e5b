package group

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// LeaveGroup is the request of that name: one member of a group, or from version 3 on several, who may be named by their
// instance ids alone.
func (s *Shard) LeaveGroup(now time.Time, t Ticket, req *kmsg.LeaveGroupRequest) {
	r := kmsg.NewPtrLeaveGroupResponse()
	defer s.reply(t, r)
	if err := s.refusal(req.Group, false); err != kproto.NoError {
		r.ErrorCode = int16(err)
		return
	}
	g := s.groups[req.Group]
	if req.Version < 3 {
		r.ErrorCode = int16(g.leave(now, req.MemberID, nil, nil))
		return
	}
	for _, m := range req.Members {
		e := kmsg.NewLeaveGroupResponseMember()
		e.MemberID, e.InstanceID = m.MemberID, m.InstanceID
		e.ErrorCode = int16(g.leave(now, m.MemberID, m.InstanceID, m.Reason))
		r.Members = append(r.Members, e)
	}
}

func (g *group) leave(now time.Time, id string, instance, reason *string) kproto.Error {
	why := "it leaves" + reasonText(reason)
	switch {
	case g == nil:
		return kproto.UnknownMemberID
	case id == "":
		// An administrator knows the instance, not the id that it has at the moment.
		if instance == nil || g.static[*instance] == nil {
			return kproto.UnknownMemberID
		}
		g.removeMember(now, g.static[*instance], why)
		return kproto.NoError
	case g.breakPromise(id):
		g.maybeComplete(now)
		g.s.forgetUnused(g)
		return kproto.NoError
	}
	if err := g.validate(id, instance); err != kproto.NoError {
		return err
	}
	g.removeMember(now, g.members[id], why)
	return kproto.NoError
}
