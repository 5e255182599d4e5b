package zab

import "math"

// look ends whatever this server was and goes back to LOOKING. The tail of the log stays: it is decided by the next
// leader, or by this server if it becomes that.
func (c *Core) look() {
	switch {
	case c.leader != nil:
		for _, h := range c.leader.handlers {
			c.closeLink(h.link)
		}
	case c.learner != nil && c.learner.link != 0:
		c.closeLink(c.learner.link)
	}
	c.leader, c.learner = nil, nil
	c.term++
	c.out.forgetRole()
	c.setRole(Role{State: Looking, Phase: Election})
	c.election.settle(Looking, Vote{})
	c.waiting = true
	c.startAt = c.now
	if !c.voter && c.cfg.FinalizeWait > 0 {
		// Many observers may have lost one leader at the same moment. Source: Observer's reconnect delay.
		c.startAt += int64(c.random() % uint64(c.cfg.FinalizeWait))
	}
	c.startElection()
}

// startElection begins to vote as soon as the disk has everything that was handed to it: a vote claims a log and an
// epoch, and whoever is elected for them must have them after a crash too.
func (c *Core) startElection() {
	if !c.waiting || !c.disk.idle() || c.now < c.startAt {
		return
	}
	c.waiting = false
	own := Vote{Leader: c.cfg.ID, Zxid: c.log.last(), Epoch: c.current}
	if !c.voter {
		own = Vote{Leader: math.MinInt64, Zxid: math.MinInt64, Epoch: math.MinInt64}
	}
	c.election.start(own)
	c.decide()
}

// decide takes over the result of an election, if there is one.
func (c *Core) decide() {
	if c.waiting || c.leader != nil || c.learner != nil {
		return
	}
	state, vote, ok := c.election.decided()
	if !ok {
		return
	}
	c.election.settle(state, vote)
	if state == Leading {
		c.lead(vote)
	} else {
		c.learn(state, vote)
	}
}

// establish has the election tell newcomers of the new epoch, as all members do once they are in it, so that they all
// say the same. Source: QuorumPeer.updateElectionVote.
func (c *Core) establish(vote Vote, epoch int64) {
	vote.Epoch = epoch
	c.election.settle(c.role.State, vote)
}

// random is splitmix64.
func (c *Core) random() uint64 {
	c.chance += 0x9e3779b97f4a7c15
	x := c.chance
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
