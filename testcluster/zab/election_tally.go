package zab

// peer is what an election knows of another voter.
type peer struct {
	id ServerID
	// dead: its process is known not to run.
	dead bool
	// said is the last notification that counted, without its configuration; nil if there has been none in this
	// election.
	said *Notification
}

// hear keeps a copy.
func (p *peer) hear(n *Notification) {
	said := *n
	said.Config = nil
	p.said = &said
}

// peer finds another voter; nil if there is no such.
func (e *election) peer(id ServerID) *peer {
	for i := range e.peers {
		if e.peers[i].id == id {
			return &e.peers[i]
		}
	}
	return nil
}

// count looks whether a quorum agrees on the vote in force, and decides if there is nothing to wait for. A server without
// a vote, which is told of votes only when it asks, does not rely on them: it asks again soon, for the leader.
func (e *election) count() {
	v := Notification{State: Looking, Vote: e.vote, Round: e.round}
	agreed := e.q.has(func(id ServerID) bool { return e.backsInRound(id, &v) })
	if agreed && !e.agreed {
		e.final = e.cfg.FinalizeWait
		if !e.votes {
			e.hurry()
		}
	}
	e.agreed = agreed
	if agreed && e.votes && (e.final <= 0 || e.unanimous()) {
		e.decide(e.vote)
	}
}

// unanimous says whether nobody can come with a better vote than the one in force any more: every other voter is, in this
// round, for its leader, or is dead. One that has settled on it counts, whatever its vote says of the epoch now: its
// answer may have overtaken its vote, as the election port only keeps the newest.
func (e *election) unanimous() bool {
	for i := range e.peers {
		p := &e.peers[i]
		if !p.dead && (p.said == nil || p.said.Round != e.round || p.said.Leader != e.vote.Leader ||
			p.said.State == Looking && p.said.Vote != e.vote) {
			return false
		}
	}
	return true
}

// backsInRound says whether a voter, this server included, has in this round voted as n does. Between two that have
// settled the leader alone matters: in one round it is the same leadership, even where one of them has already taken
// over the leader's new epoch into its vote.
func (e *election) backsInRound(id ServerID, n *Notification) bool {
	if id == e.cfg.ID {
		return e.vote == n.Vote
	}
	said := e.peer(id).said
	switch {
	case said == nil || said.Round != e.round:
		return false
	case said.State == Looking || n.State == Looking:
		return said.Vote == n.Vote
	}
	return said.Leader == n.Leader
}

// backs says whether another voter has settled, in any round, on the leader that n has. Its epoch must be the same; a
// server of before 3.4.6 (version 0) is not asked for it.
func (e *election) backs(id ServerID, n *Notification) bool {
	p := e.peer(id)
	if p == nil || p.said == nil || p.said.State == Looking || p.said.Leader != n.Leader {
		return false
	}
	return p.said.Epoch == n.Epoch || (p.said.Version > 0) != (n.Version > 0)
}

// leads says whether the leader of n is one: it says so itself, in this round if inRound; or it is this server, and the
// others mean this round. Without this, servers would go on and on electing one that has crashed.
func (e *election) leads(n *Notification, inRound bool) bool {
	if n.Leader == e.cfg.ID {
		return n.Round == e.round
	}
	said := e.peer(n.Leader).said
	return said != nil && said.State == Leading && (!inRound || said.Round == e.round)
}
