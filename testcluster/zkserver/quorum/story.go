package quorum

import (
	"fmt"
	"log/slog"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// story writes what a person follows an election by: who votes for whom, why a vote changes, what this server becomes
// and how it is brought up to date. Only what is new gets a line, so that repetitions of votes, which are many, get
// none. It is used under the node's lock.
type story struct {
	log    *slog.Logger
	id     zab.ServerID
	voters map[zab.ServerID]bool
	role   zab.Role
	own    *said                 // nil before this election's first vote
	others map[zab.ServerID]said // in this election
}

// said is what makes one notification differ from another.
type said struct {
	state zab.State
	vote  zab.Vote
	round int64
}

func newStory(o *Options) *story {
	s := &story{log: o.Logger, id: o.Core.ID, voters: map[zab.ServerID]bool{}, others: map[zab.ServerID]said{}}
	for _, m := range o.Core.Members {
		if !m.Observer {
			s.voters[m.ID] = true
		}
	}
	return s
}

// tell is given all that a core wants done, in its order. The votes of an election come behind its beginning and before
// its result.
func (s *story) tell(r *zab.Ready) {
	if r.Role != nil && r.Role.State == zab.Looking {
		s.look()
	}
	for i := range r.Notifications {
		s.votes(&r.Notifications[i])
	}
	if r.Role != nil && r.Role.State != zab.Looking {
		s.become(r.Role)
	}
}

func (s *story) look() {
	s.role, s.own = zab.Role{}, nil
	clear(s.others)
	if s.voters[s.id] {
		s.log.Info("LOOKING for a leader", "voters", len(s.voters))
	} else {
		s.log.Info("LOOKING for a leader, without a vote", "voters", len(s.voters))
	}
}

// votes tells of this server's own vote, which goes out once to each other voter.
func (s *story) votes(n *zab.Notification) {
	now := said{n.State, n.Vote, n.Round}
	if n.State != zab.Looking || !s.voters[s.id] || s.own != nil && *s.own == now {
		return
	}
	attrs := ballot(n)
	if why := reason(s.own, n); why != "" {
		attrs = append(attrs, "because", why)
	}
	s.own = &now
	s.log.Info("this server votes for "+candidate(s.id, n.Leader), attrs...)
}

// reason says why a vote is better than the one before; "" where it is none that the same election has made so.
func reason(before *said, n *zab.Notification) string {
	switch {
	case before == nil || before.vote == n.Vote:
		return ""
	case n.Vote.Epoch > before.vote.Epoch:
		return fmt.Sprintf("its epoch is greater than server %d's", before.vote.Leader)
	case n.Vote.Epoch == before.vote.Epoch && n.Zxid > before.vote.Zxid:
		return fmt.Sprintf("its zxid is greater than server %d's", before.vote.Leader)
	case n.Vote.Epoch == before.vote.Epoch && n.Zxid == before.vote.Zxid && n.Leader > before.vote.Leader:
		return fmt.Sprintf("its id is greater than server %d's, epoch and zxid are the same", before.vote.Leader)
	}
	return ""
}

// hears tells of another voter's notification, as long as this server looks for a leader.
func (s *story) hears(n *zab.Notification) {
	now := said{n.State, n.Vote, n.Round}
	if s.role.State != zab.Looking || !s.voters[n.From] || s.others[n.From] == now {
		return
	}
	s.others[n.From] = now
	switch n.State {
	case zab.Looking:
		s.log.Info(fmt.Sprintf("server %d votes for %s", n.From, candidate(n.From, n.Leader)), ballot(n)...)
	case zab.Leading:
		s.log.Info(fmt.Sprintf("server %d is LEADING", n.From), "epoch", n.Epoch, "round", n.Round)
	case zab.Following:
		s.log.Info(fmt.Sprintf("server %d is FOLLOWING server %d", n.From, n.Leader), "epoch", n.Epoch, "round", n.Round)
	}
}

func candidate(voter, leader zab.ServerID) string {
	if voter == leader {
		return "itself"
	}
	return fmt.Sprintf("server %d", leader)
}

// ballot is what votes are compared by, in that order, and their election's number.
func ballot(n *zab.Notification) []any {
	return []any{"epoch", n.Epoch, "zxid", n.Zxid, "round", n.Round}
}

// become tells of a role that an election has ended with, and of its phases.
func (s *story) become(r *zab.Role) {
	if r.State == s.role.State && r.Phase == s.role.Phase && r.Leader == s.role.Leader {
		return
	}
	s.role = *r
	msg := r.State.String()
	if r.Leader != s.id {
		msg += fmt.Sprintf(" server %d", r.Leader)
	}
	attrs := []any{"phase", r.Phase}
	if r.Phase > zab.Discovery {
		attrs = append(attrs, "epoch", r.Epoch)
	}
	s.log.Info(msg, attrs...)
}

// synchronizes tells how the leader brings this server up to date.
func (s *story) synchronizes(p *zab.Packet) {
	switch p.Type {
	case zab.Diff, zab.Trunc, zab.Snap:
		if s.role.Phase == zab.Discovery || s.role.Phase == zab.Synchronization {
			s.log.Info("the leader brings this server up to date", "by", p.Type, "zxid", p.Zxid)
		}
	}
}
