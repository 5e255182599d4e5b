package replica

import (
	"slices"
	"time"
)

// Proposal is a change of the ISR: write it to the partition's state, on condition that the znode still has Version, and
// say what became of it by [Leader.Written], [Leader.Refused] or, where the state was read again, [Leader.Adopt].
// An outcome that is not known is none of these: then the proposal is written once more, see [Leader.Unsettled], which
// is refused if it was carried out the first time.
type Proposal struct {
	Epoch   int32
	Version int32
	ISR     []int32
}

// Propose returns the change of the ISR that is due, and takes it to be in flight from then on. There is none while another
// one is in flight, nor after a refusal until the new state is learnt.
//
//	out of the ISR: its log ends elsewhere than the leader's, and it has not been caught up for longer than the lag
//	into the ISR:   it has all that is below the high watermark, reached the beginning of the epoch, and is live
func (l *Leader) Propose(now time.Time) (Proposal, bool) {
	if l.inFlight != nil || l.refused {
		return Proposal{}, false
	}
	isr := make([]int32, 0, len(l.isr)+1)
	for _, id := range l.isr {
		if id == l.self || !l.lagging(id, now) {
			isr = append(isr, id)
		}
	}
	for i := range l.remotes {
		if r := &l.remotes[i]; !slices.Contains(l.isr, r.id) && l.fit(r) {
			isr = append(isr, r.id)
		}
	}
	if slices.Equal(isr, l.isr) {
		return Proposal{}, false
	}
	l.inFlight, l.possible = &Proposal{Epoch: l.epoch, Version: l.version, ISR: isr}, isr
	return *l.inFlight, true
}

// Due says whether Propose has anything to look at: it is false in the steady state, at no cost.
func (l *Leader) Due(now time.Time) bool {
	if l.inFlight != nil || l.refused {
		return false
	}
	for i := range l.remotes {
		r := &l.remotes[i]
		if slices.Contains(l.isr, r.id) {
			if l.lagging(r.id, now) {
				return true
			}
		} else if l.fit(r) {
			return true
		}
	}
	return false
}

// fit says whether a replica may come into the ISR. One that only seems to live would be taken out again by the controller.
func (l *Leader) fit(r *remote) bool { return r.live && r.end >= max(l.hw, l.start) }

// lagging says whether a member of the ISR is out of sync. One that is no longer assigned is.
func (l *Leader) lagging(id int32, now time.Time) bool {
	r := l.remote(id)
	return r == nil || r.end != l.end && now.Sub(r.caughtUp) > l.lag
}

// Written says that p was carried out and that the state has this version now. It returns whether the high watermark moved.
func (l *Leader) Written(p Proposal, version int32, now time.Time) bool {
	if !l.current(p) {
		return false
	}
	l.isr, l.version, l.inFlight = p.ISR, version, nil
	return l.advance(now)
}

// Refused says that the state had another version, so somebody changed it. What was proposed stays possible for the high
// watermark until the new state is learnt, and nothing is proposed until then.
func (l *Leader) Refused(p Proposal) {
	if l.current(p) {
		l.refused = true
	}
}

// Adopt takes over a state of the present epoch that was read, if it is newer than what is known here. It settles a
// proposal that was conditional on an older version. It returns whether the high watermark moved.
func (l *Leader) Adopt(isr []int32, version int32, now time.Time) bool {
	if version <= l.version {
		return false
	}
	l.isr, l.version = slices.Clone(isr), version
	l.inFlight, l.refused = nil, false
	return l.advance(now)
}

// Version is that of the state the committed ISR is from.
func (l *Leader) Version() int32 { return l.version }

// withdraw takes replicas out of the change in flight: should it be written again, it does not name them.
func (l *Leader) withdraw(who func(id int32) bool) {
	if l.inFlight != nil && slices.ContainsFunc(l.inFlight.ISR, who) {
		p := *l.inFlight
		p.ISR = slices.DeleteFunc(slices.Clone(p.ISR), who)
		l.inFlight = &p
	}
}

// Unsettled returns the proposal whose outcome is not known: where its write has failed in between, it is to be repeated. It
// lacks those who have started anew since, or are no longer assigned.
func (l *Leader) Unsettled() (Proposal, bool) {
	if l.inFlight == nil || l.refused {
		return Proposal{}, false
	}
	return *l.inFlight, true
}

// current says whether p is the one in flight: an answer may come when the epoch is another.
func (l *Leader) current(p Proposal) bool {
	return l.inFlight != nil && l.inFlight.Epoch == p.Epoch && l.inFlight.Version == p.Version
}
