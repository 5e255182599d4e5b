package zab

// unset is the zxid of a server without a database (db.autocreate=false): it has no part in elections.
const unset Zxid = -1

// receive takes a notification in any state. Nothing in it is trusted, and of each voter only the last one is kept.
func (e *election) receive(n *Notification) {
	p := e.peer(n.From)
	if p != nil {
		p.dead = false
	}
	switch {
	case e.silent || n.From == e.cfg.ID:
	case p == nil:
		e.receiveStranger(n)
	case !e.looking():
		if n.State == Looking {
			e.reply(n.From)
		}
	case n.State == Looking:
		e.receiveLooking(p, n)
	case n.State == Following || n.State == Leading:
		e.receiveSettled(p, n)
	}
}

// receiveStranger answers an observer, or a server that is not in the configuration. A LOOKING one in a later round
// would not listen, but answer: neither would ever stop.
func (e *election) receiveStranger(n *Notification) {
	if n.State == Looking && (e.state != Looking || n.Round <= e.round) {
		e.reply(n.From)
	}
}

// receiveLooking takes the vote of a voter that is LOOKING, as this server is.
func (e *election) receiveLooking(p *peer, n *Notification) {
	if n.Round < e.round {
		e.reply(n.From)
		if p.said != nil && p.said.State != Looking {
			p.said = nil // whatever it followed, it does so no more
			e.count()
		}
		return
	}
	if !e.q.voter(n.Leader) || n.Zxid == unset || e.own.Zxid == unset {
		return
	}
	first := p.said == nil || p.said.State != Looking || p.said.Round != n.Round
	p.hear(n)
	switch {
	case n.Round > e.round:
		e.round = n.Round
		v := e.own
		if e.better(n.Vote, v) {
			v = n.Vote
		}
		e.adopt(v)
	case e.better(n.Vote, e.vote):
		e.adopt(n.Vote)
	case first:
		e.reply(n.From)
	}
	e.count()
}

// receiveSettled takes the word of a voter that has a leader. Those of this round count together, those of whatever
// round count together, and the two are kept apart: a leader that led in another round is none in this one
// (ZOOKEEPER-3537).
func (e *election) receiveSettled(p *peer, n *Notification) {
	if !e.q.voter(n.Leader) {
		return
	}
	p.hear(n)
	switch {
	case n.Round == e.round && e.leads(n, true) && e.q.has(func(id ServerID) bool { return e.backsInRound(id, n) }):
		e.decide(n.Vote)
	case e.leads(n, false) && e.q.has(func(id ServerID) bool { return e.backs(id, n) }):
		e.round = n.Round
		e.decide(n.Vote)
	default:
		e.count()
	}
}

// better says whether vote a beats vote b. A candidate without weight never wins.
func (e *election) better(a, b Vote) bool {
	switch {
	case e.q.weight(a.Leader) == 0:
		return false
	case a.Epoch != b.Epoch:
		return a.Epoch > b.Epoch
	case a.Zxid != b.Zxid:
		return a.Zxid > b.Zxid
	}
	return a.Leader > b.Leader
}
