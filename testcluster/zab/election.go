package zab

import "math"

// notificationVersion is the format that carries a configuration.
const notificationVersion = 2

// election is FastLeaderElection for one server. Every server that is LOOKING tells all voters whom it would have
// as leader, at first itself, and goes over to any better vote that it hears of, until a quorum wants the same. Rounds
// (the logical clock) tell the votes of one election from those of another.
//
//	is        hears                   does
//	LOOKING   LOOKING, later round    enters that round; votes for the better of that vote and its own; tells all
//	LOOKING   LOOKING, same round     counts it; goes over to it if it is better, and tells all; else, if it is the
//	                                  sender's first in this round, tells the sender
//	LOOKING   LOOKING, earlier round  tells the sender
//	LOOKING   FOLLOWING or LEADING    counts it; once there is a quorum for one leader, which says LEADING itself,
//	                                  follows it, in whatever round they are
//	settled   LOOKING                 tells the sender
//
// Everything else is ignored. Those who have no vote are told, and not listened to; they themselves only ask. Votes on
// which a quorum agrees are decided on after FinalizeWait, or at once if nobody is left who could have a better one.
//
// What goes beyond ZooKeeper's makes it faster and does not change who wins:
//   - The decision at once.
//   - The answer to a sender's first vote of a round. Without it two servers that come to an election one after the
//     other wait for the repetition of the first one's vote.
//   - The vote for a server to which there is a connection again, and short waits from then on.
//   - A server without a vote follows only who leads. ZooKeeper's also goes by votes, which have often changed since it
//     was told of them.
//
// Source: FastLeaderElection.
type election struct {
	cfg   *Config
	q     *quorum
	send  func(Notification)
	peers []peer // the other voters, by id
	votes bool   // this server has one

	state State
	// silent holds before the first start, and where the last role has ended and no new vote is out yet: nothing that
	// could be said would be true.
	silent bool
	// fresh is a decision that settle has not confirmed.
	fresh bool
	round int64
	// own is the vote that LOOKING began with, vote the one in force.
	own, vote Vote

	// agreed holds while a quorum agrees on vote; final is what is left of FinalizeWait then.
	agreed bool
	final  int
	// wait lies between two repetitions, left is what is left of it.
	wait, left int
}

// newElection makes the election of cfg.ID among the voters of q. It is silent until start.
func newElection(cfg *Config, q *quorum, send func(Notification)) *election {
	e := &election{cfg: cfg, q: q, send: send, votes: q.voter(cfg.ID), silent: true}
	for _, id := range q.ids() {
		if id != cfg.ID {
			e.peers = append(e.peers, peer{id: id})
		}
	}
	return e
}

// start begins LOOKING, in a new round, with the server's own vote: itself, its last logged zxid and its current epoch,
// all of it durable; math.MinInt64 in all three if it has no vote.
func (e *election) start(own Vote) {
	if e.round == math.MaxInt64 {
		e.round = 0 // somebody's nonsense: go on as after a restart
	}
	e.round++
	e.state, e.silent, e.fresh, e.agreed = Looking, false, false, false
	e.own, e.vote = own, own
	for i := range e.peers {
		e.peers[i].said = nil
	}
	e.wait = max(e.cfg.NotifyMin, 1)
	e.broadcast()
	e.count()
}

// settle sets what LOOKING peers are told from now on, until start. The round stays. With state Looking they are told
// nothing: the server has left its role and is not ready for start yet.
func (e *election) settle(s State, v Vote) {
	e.state, e.silent, e.fresh, e.agreed = s, s == Looking, false, false
	e.vote = v
}

// decided is the result of LOOKING, until settle.
func (e *election) decided() (State, Vote, bool) { return e.state, e.vote, e.fresh }

// tick moves the timers.
func (e *election) tick() {
	if !e.looking() {
		return
	}
	if e.agreed && e.votes {
		if e.final--; e.final <= 0 {
			e.decide(e.vote)
			return
		}
	}
	if e.left--; e.left <= 0 {
		e.wait = max(e.wait, min(2*e.wait, e.cfg.NotifyMax))
		e.broadcast()
	}
}

// reachable takes what the transport knows: up that a connection to a server stands, !up that nobody listens at its
// election port, so that it has no vote to come.
func (e *election) reachable(id ServerID, up bool) {
	p := e.peer(id)
	if p == nil {
		return
	}
	p.dead = !up
	if !e.looking() {
		return
	}
	if up {
		// It may have missed all there was, and the next repetition may be a minute away.
		e.hurry()
		e.tell(id)
	}
	e.count()
}

// looking says whether an election is going on. A server that has decided is out of it even before settle.
func (e *election) looking() bool { return e.state == Looking && !e.silent }

// adopt changes the vote and tells everybody.
func (e *election) adopt(v Vote) {
	e.vote, e.agreed = v, false
	e.broadcast()
}

// decide ends LOOKING.
func (e *election) decide(v Vote) {
	e.vote, e.fresh, e.agreed = v, true, false
	switch {
	case v.Leader == e.cfg.ID:
		e.state = Leading
	case e.votes:
		e.state = Following
	default:
		e.state = Observing
	}
}

// broadcast tells all other voters.
func (e *election) broadcast() {
	e.left = e.wait
	for i := range e.peers {
		e.tell(e.peers[i].id)
	}
}

// hurry has the next repetition come soon, and the waits between them be short again.
func (e *election) hurry() {
	e.wait = max(e.cfg.NotifyMin, 1)
	e.left = min(e.left, e.wait)
}

// reply answers somebody. Of a server without a vote nobody wants to know; and if it answered voters, which answer it
// in their turn, there would be no end.
func (e *election) reply(to ServerID) {
	if e.votes {
		e.tell(to)
	}
}

func (e *election) tell(to ServerID) {
	e.send(Notification{From: e.cfg.ID, To: to, State: e.state, Vote: e.vote, Round: e.round,
		Version: notificationVersion, Config: e.cfg.Text})
}
