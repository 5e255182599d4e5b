package group

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Heartbeat is the request of that name.
func (s *Shard) Heartbeat(now time.Time, t Ticket, req *kmsg.HeartbeatRequest) {
	r := kmsg.NewPtrHeartbeatResponse()
	r.ErrorCode = int16(s.heartbeat(now, req))
	s.reply(t, r)
}

func (s *Shard) heartbeat(now time.Time, req *kmsg.HeartbeatRequest) kproto.Error {
	switch err := s.refusal(req.Group, false); err {
	case kproto.NoError:
	case kproto.CoordinatorLoadInProgress:
		return kproto.NoError // whether it is a member is not known yet
	default:
		return err
	}
	g := s.groups[req.Group]
	if g == nil {
		return kproto.UnknownMemberID
	}
	if err := g.validate(req.MemberID, req.InstanceID); err != kproto.NoError {
		return err
	}
	if req.Generation != g.generation {
		return kproto.IllegalGeneration
	}
	g.heard(now, g.members[req.MemberID])
	if g.state == PreparingRebalance {
		return kproto.RebalanceInProgress
	}
	return kproto.NoError
}
