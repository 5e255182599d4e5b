package zab

// leader is a term of leading, in three phases, each with initLimit to get there:
//
//	DISCOVERY        waits for FOLLOWERINFO of a quorum: the new epoch is one above all that they have accepted. It
//	                 is written, then goes out as LEADERINFO. Waits for ACKEPOCH of a quorum: now nobody older can
//	                 get anything committed, and this log has all that anybody could have.
//	SYNCHRONIZATION  writes currentEpoch. Brings everybody to this log as it stands, its uncommitted tail included,
//	                 ending with NEWLEADER. Waits for the ACKs of a quorum: now the log is committed, all of it.
//	BROADCAST        UPTODATE to all, and the live stream: PROPOSAL, ACKs of a quorum, COMMIT or INFORM.
//
// Every quorum has this server in it, once its own disk has what it wants of the others'. Who comes late goes through
// all the steps for himself, whatever the phase.
//
// Source: Leader, LearnerHandler.
type leader struct {
	c     *Core
	vote  Vote
	phase Phase

	// handlers are the connections, in the order in which they came.
	handlers []*handler
	byLink   map[LinkID]*handler

	// current and last are this server's history when the term began.
	current int64
	last    Zxid
	// epoch is fixed when it is not 0; promised once it is written as acceptedEpoch, begun as currentEpoch.
	epoch           int64
	promised, begun bool
	// deadline is the end of the phase.
	deadline int64

	next    Zxid // of the next proposal
	asked   Zxid // what hasAcked is asked about
	acks    func(ServerID) bool
	pings   confirms
	ticking int64 // ticks since Broadcast began
}

// lead begins a term as the elected leader.
func (c *Core) lead(vote Vote) {
	ld := &leader{c: c, vote: vote, phase: Discovery, byLink: map[LinkID]*handler{}, current: c.current,
		last: c.log.last()}
	ld.acks = ld.hasAcked
	c.leader = ld
	ld.enter(Discovery)
	ld.fixEpoch()
}

func (ld *leader) enter(p Phase) {
	c := ld.c
	ld.phase = p
	ld.deadline = c.now + int64(c.cfg.InitLimit*c.cfg.TickTime)
	switch p {
	case Discovery:
		ld.deadline = c.now + c.patience()
	case Broadcast:
		c.lonely = 0
	}
	role := Role{State: Leading, Phase: p, Leader: c.cfg.ID}
	if p != Discovery {
		role.Epoch = ld.epoch
	}
	if p == Broadcast {
		role.Config = c.cfg.Text
	}
	c.setRole(role)
}

// patience is how long a new leader waits for a quorum to introduce itself. Its voters may have changed their minds
// since they voted, and follow somebody else: then it misses there, and nobody tells it so. So it waits for one tickTime
// at first - who means to come dials at once - and for twice as long after each time in vain, up to initLimit, which
// is ZooKeeper's wait.
func (c *Core) patience() int64 {
	limit := int64(c.cfg.InitLimit * c.cfg.TickTime)
	return min(int64(c.cfg.TickTime)<<min(c.lonely, 16), limit)
}

// quorum says whether this server and those of whom a voter's handler fulfils ok are one.
func (ld *leader) quorum(ok func(*handler) bool) bool {
	return ld.c.q.has(func(id ServerID) bool {
		if id == ld.c.cfg.ID {
			return true
		}
		for _, h := range ld.handlers {
			if h.voter && h.id == id && ok(h) {
				return true
			}
		}
		return false
	})
}

// fixEpoch chooses the epoch once a quorum has said what it has accepted.
func (ld *leader) fixEpoch() {
	c := ld.c
	if ld.epoch != 0 || !ld.quorum(func(h *handler) bool { return h.step >= introduced }) {
		return
	}
	newest := c.accepted
	for _, h := range ld.handlers {
		if h.step >= introduced {
			newest = max(newest, h.accepted)
		}
	}
	ld.epoch = newest + 1
	ld.deadline = c.now + int64(c.cfg.InitLimit*c.cfg.TickTime)
	c.writeAccepted(ld.epoch)
}

// persisted goes on where the disk was waited for.
func (ld *leader) persisted(op pendingOp) {
	switch op.kind {
	case WriteAccepted:
		ld.promised = true
		ld.deadline = ld.c.now + int64(ld.c.cfg.InitLimit*ld.c.cfg.TickTime)
		for _, h := range ld.handlers {
			if h.step == introduced {
				ld.leaderInfo(h)
			}
		}
		ld.synchronize()
	case WriteCurrent:
		ld.begun = true
		ld.broadcast()
	}
}

// synchronize enters the phase once a quorum has promised.
func (ld *leader) synchronize() {
	c := ld.c
	if ld.phase != Discovery || !ld.promised || !ld.quorum(func(h *handler) bool { return h.counts }) {
		return
	}
	ld.enter(Synchronization)
	ld.next = epochZxid(ld.epoch) + 1
	c.writeCurrent(ld.epoch)
	for _, h := range ld.handlers {
		if h.step == promisedEpoch {
			ld.plan(h)
		}
	}
}

// broadcast enters the phase once a quorum has the whole log: it is committed.
func (ld *leader) broadcast() {
	c := ld.c
	if ld.phase != Synchronization || !ld.begun || !ld.quorum(func(h *handler) bool { return h.step >= synced }) {
		return
	}
	ld.enter(Broadcast)
	c.establish(ld.vote, ld.epoch)
	for len(c.log.tail()) > 0 {
		c.give()
	}
	c.known = c.log.last()
	c.evict()
	for _, h := range ld.handlers {
		if h.step == synced {
			ld.upToDate(h)
		}
	}
}

// tick is all that a leader does by the clock.
func (ld *leader) tick() {
	c := ld.c
	if ld.phase != Broadcast && c.now >= ld.deadline {
		if ld.epoch == 0 {
			c.lonely++
		}
		c.look()
		return
	}
	for i := 0; i < len(ld.handlers); {
		if h := ld.handlers[i]; h.late() {
			ld.drop(h)
		} else {
			i++
		}
	}
	tickTime := int64(c.cfg.TickTime)
	if ld.phase == Broadcast {
		ld.ticking++
		if ld.ticking%tickTime == 0 && !ld.quorum(func(h *handler) bool { return c.now <= h.aliveUntil }) {
			c.look()
			return
		}
	}
	if c.now%max(tickTime/2, 1) == 0 {
		for _, h := range ld.handlers {
			if h.step >= planned {
				ld.ping(h)
			}
		}
	}
}

// hasAcked says whether a server has the transaction asked about on its disk.
func (ld *leader) hasAcked(id ServerID) bool {
	if id == ld.c.cfg.ID {
		return ld.c.disk.persisted >= ld.asked
	}
	for _, h := range ld.handlers {
		if h.voter && h.id == id && h.acked >= ld.asked {
			return true
		}
	}
	return false
}
