package partitions

import (
	"log/slog"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// What follows changes a replica's role. It is for the goroutine that applies images.

// becomeLeader begins to lead, or takes over a newer state of what it leads.
func (p *partition) becomeLeader(part *kzk.Partition) {
	s := part.State
	now := p.m.o.Now()
	state := replica.State{Epoch: s.LeaderEpoch, Replicas: part.Replicas, ISR: s.ISR, Version: s.Version}
	lag := p.m.lag()
	var w wakes
	p.mu.Lock()
	p.unfollow()
	p.controllerEpoch, p.stateMzxid = s.ControllerEpoch, max(p.stateMzxid, s.Mzxid)
	end := p.log.EndOffset()
	switch {
	case p.lead != nil && p.lead.Epoch() == s.LeaderEpoch:
		p.lead.Assign(part.Replicas)
		if p.lead.Adopt(s.ISR, s.Version, now) {
			p.moved(&w)
		}
	case p.lead != nil:
		p.assignEpoch(s.LeaderEpoch, end)
		p.lead.Renew(state, end, now)
		p.moved(&w)
		p.wakeFollowers(&w) // which are of an older epoch now
	default:
		p.assignEpoch(s.LeaderEpoch, end)
		p.lead = replica.NewLeader(p.m.o.Self, lag, state, end, p.log.HighWatermark(), now)
		p.moved(&w)
	}
	p.epoch = s.LeaderEpoch
	if p.lead.Live(p.m.process, now) {
		p.moved(&w)
	}
	p.due(&w)
	p.mu.Unlock()
	w.run()
}

// assignEpoch writes down where an epoch begins, also if it never gets a record. The caller holds the lock.
func (p *partition) assignEpoch(epoch int32, end int64) {
	if err := p.log.AssignEpoch(epoch, end); err != nil {
		p.m.o.Logger.Error("the leader epoch could not be written", slog.String("topic", p.topic), slog.Any("partition", p.id), slog.Any("err", err))
	}
}

// becomeFollower begins to copy the leader of a state.
func (p *partition) becomeFollower(s *kzk.State) {
	var w wakes
	p.mu.Lock()
	if p.follow == nil || p.follow.Leader != s.Leader || p.follow.Epoch != s.LeaderEpoch {
		p.unlead(&w)
		p.unfollow()
		p.follow = &replica.Follower{Leader: s.Leader, Epoch: s.LeaderEpoch}
		p.m.fetchers.add(s.Leader, p)
	}
	p.epoch, p.controllerEpoch = s.LeaderEpoch, s.ControllerEpoch
	p.mu.Unlock()
	w.run()
}

// rest makes the replica neither leader nor follower.
func (p *partition) rest() {
	var w wakes
	p.mu.Lock()
	p.unlead(&w)
	p.unfollow()
	p.mu.Unlock()
	w.run()
}

// close is rest, for ever.
func (p *partition) close() {
	p.rest()
	p.mu.Lock()
	p.log = nil
	p.mu.Unlock()
}

// unlead ends leadership, and what waits for it. The caller holds the lock.
func (p *partition) unlead(w *wakes) {
	if p.lead != nil {
		p.lead = nil
		p.refuse(w)
	}
}

// unfollow ends following. The caller holds the lock.
func (p *partition) unfollow() {
	if p.follow != nil {
		p.m.fetchers.remove(p.follow.Leader, p)
		p.follow = nil
	}
}

// hearOfBrokers tells a leader which replicas' brokers are registered: what waits for others only, waits no more. Those that have
// started anew are to say what they have, also where there is nothing for them to fetch.
func (p *partition) hearOfBrokers() {
	var w wakes
	p.mu.Lock()
	if p.lead != nil {
		if p.lead.Live(p.m.process, p.m.o.Now()) {
			p.moved(&w)
		}
		p.moves.Add(1)
		p.due(&w)
		for d := p.deletions.pop(); d != nil; d = p.deletions.pop() {
			w.deletions = append(w.deletions, d)
		}
	}
	p.mu.Unlock()
	w.run()
}
