package controller

import (
	"fmt"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// noLeader is the leader of a partition that has none.
const noLeader = -1

// due finds the state that a partition ought to have, and why. The reason is "" where nothing is to be done.
func (in *Input) due(topic string, p *kzk.Partition) (next kzk.State, why string) {
	if p.State == nil {
		return in.first(p)
	}
	leader := p.State.Leader
	why = in.unfit(leader, p)
	if why == "" {
		return in.shrunk(p)
	}
	if elected, ok := in.candidate(p); ok {
		if elected == leader && !in.renewed(leader, p.State) {
			return in.shrunk(p) // nobody can take over from a leader that is leaving
		}
		return in.led(p, elected), why
	}
	if in.live(leader) {
		return next, ""
	}
	if in.Unclean != nil && in.Unclean(topic) && !in.expected(p) {
		if next, ok := in.unclean(p); ok {
			return next, why + ", and nobody in sync is live: an unclean election, records may be lost"
		}
	}
	if leader == noLeader {
		return next, ""
	}
	return in.state(p, noLeader, p.State.ISR), why + ", and nobody in sync is live"
}

// first is the first state of a new partition. With no live replica it has to wait.
func (in *Input) first(p *kzk.Partition) (next kzk.State, why string) {
	var isr []int32
	for _, id := range p.Replicas {
		if in.stays(id) {
			isr = append(isr, id)
		}
	}
	if len(isr) == 0 {
		return next, ""
	}
	return kzk.State{Leader: isr[0], ControllerEpoch: in.Epoch, ISR: isr}, "it is new"
}

// unfit says why a leader cannot go on, "" if it can.
func (in *Input) unfit(leader int32, p *kzk.Partition) string {
	switch {
	case leader == noLeader:
		return "it has no leader"
	case in.live(leader) && !slices.Contains(p.State.ISR, leader):
		return fmt.Sprintf("broker %d is not in the ISR", leader)
	}
	return in.complaint(leader, p)
}

// complaint says what is wrong with a broker as a member of the ISR, "" if nothing.
func (in *Input) complaint(id int32, p *kzk.Partition) string {
	switch {
	case in.Image.Brokers[id] == nil:
		return fmt.Sprintf("broker %d is gone", id)
	case !in.live(id):
		return fmt.Sprintf("broker %d refuses connections", id)
	case in.leaving(id):
		return fmt.Sprintf("broker %d is leaving", id)
	case in.renewed(id, p.State):
		return fmt.Sprintf("broker %d has started anew", id)
	case !slices.Contains(p.Replicas, id):
		return fmt.Sprintf("broker %d is not a replica", id)
	}
	return ""
}

// candidate is who can lead without loss: the first replica that is in the ISR and stays, rather one that never went
// away; where there is none a live one that is leaving, rather the one that leads already.
func (in *Input) candidate(p *kzk.Partition) (leader int32, ok bool) {
	leader, rank := noLeader, 0
	for _, id := range p.Replicas {
		if !slices.Contains(p.State.ISR, id) || !in.live(id) || in.offline(id, p.State) {
			continue
		}
		r := 1
		switch {
		case in.stays(id) && !in.renewed(id, p.State):
			r = 4
		case in.stays(id):
			r = 3
		case id == p.State.Leader:
			r = 2
		}
		if r > rank {
			leader, rank = id, r
		}
	}
	return leader, rank > 0
}

// led is the state in which leader, of the ISR, has taken over.
func (in *Input) led(p *kzk.Partition, leader int32) kzk.State {
	isr := make([]int32, 0, len(p.State.ISR))
	for _, id := range p.State.ISR {
		if id == leader || in.keeps(id, p) {
			isr = append(isr, id)
		}
	}
	return in.state(p, leader, isr)
}

// shrunk is the state without those of the ISR that cannot be waited for. The leader stays, so the ISR is never empty.
func (in *Input) shrunk(p *kzk.Partition) (next kzk.State, why string) {
	for _, id := range p.State.ISR {
		if id != p.State.Leader && !in.keeps(id, p) {
			return in.led(p, p.State.Leader), in.complaint(id, p)
		}
	}
	return next, ""
}

// expected says whether one of the ISR may be back soon: its session has not ended, nor is it offline. Only a request is in
// more of a hurry.
func (in *Input) expected(p *kzk.Partition) bool {
	return slices.ContainsFunc(p.State.ISR, func(id int32) bool {
		return in.Image.Brokers[id] != nil && !in.offline(id, p.State)
	})
}

// unclean is the state in which the first live replica that is not known to be offline has taken over, with what it has.
func (in *Input) unclean(p *kzk.Partition) (next kzk.State, ok bool) {
	for _, id := range p.Replicas {
		if in.stays(id) && !in.offline(id, p.State) {
			return in.state(p, id, []int32{id}), true
		}
	}
	return next, false
}

// state is the successor of a partition's state, in a leader epoch of its own. Version stays that of the state it
// replaces. So does Offline, as the next leader may be offline as well.
func (in *Input) state(p *kzk.Partition, leader int32, isr []int32) kzk.State {
	return kzk.State{Leader: leader, LeaderEpoch: p.State.LeaderEpoch + 1, ControllerEpoch: in.Epoch,
		ISR: isr, Offline: p.State.Offline, Version: p.State.Version}
}
