package zab

// Status is what a server tells of itself: plain data, the caller's.
type Status struct {
	Role Role
	// Round and Vote are the election's.
	Round int64
	Vote  Vote
	// Logged is the last transaction handed out to the log, Persisted the last that is durable, Committed the last
	// given out in Ready.Commit or known to be in the tree.
	Logged, Persisted, Committed Zxid
	// Accepted and Current are the epochs.
	Accepted, Current int64
	// Learners are those of a leader, in the order in which they came.
	Learners []LearnerStatus
}

// LearnerStatus is one learner as its leader sees it.
type LearnerStatus struct {
	Link LinkID
	// ID is known once the learner has introduced itself; until then it is 0.
	ID       ServerID
	Observer bool
	// Synced learners have acknowledged NEWLEADER.
	Synced bool
}

// Status tells of the server.
func (c *Core) Status() Status {
	s := Status{Role: c.role, Round: c.election.round, Vote: c.election.vote, Logged: c.log.last(),
		Persisted: c.disk.persisted, Committed: c.log.applied(), Accepted: c.accepted, Current: c.current}
	if c.leader != nil {
		for _, h := range c.leader.handlers {
			s.Learners = append(s.Learners, LearnerStatus{Link: h.link, ID: h.id, Observer: h.observer,
				Synced: h.step >= synced})
		}
	}
	return s
}
