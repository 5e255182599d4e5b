package zab

// step is how far a leader has come with one learner. Each row is left by what stands at its end; nothing else may come
// from the learner meanwhile, except PING and ACK in the last two.
//
//	connected      FOLLOWERINFO or OBSERVERINFO is to come          it
//	introduced     until the epoch is fixed and written             LEADERINFO goes out
//	informed       ACKEPOCH is to come                              it
//	promisedEpoch  until a quorum has promised                      the plan is made
//	probing        until the log files have been looked at          the plan is made
//	planned        everything up to NEWLEADER is on its way         ACK of NEWLEADER
//	synced         until a quorum has synchronised                  UPTODATE goes out
//	active         PING, ACK
//
// Source: LearnerHandler.run.
type step int

const (
	connected step = iota
	introduced
	informed
	promisedEpoch
	probing
	planned
	synced
	active
)

// handler is a leader's end of a connection with one learner.
type handler struct {
	ld   *leader
	link LinkID
	step step

	id ServerID
	// voter is a follower whose ACKs count; a follower that is not in the configuration gets all that others get.
	voter, observer bool
	// accepted is its accepted epoch; counts says that its promise is a new one; last is the end of its log.
	accepted int64
	counts   bool
	last     Zxid

	// dueBy is when its next packet must have come; 0 while it is this server's turn. aliveUntil is until when it counts
	// as one that backs the leader.
	dueBy, aliveUntil int64
	// acked is the last proposal that it has on its disk.
	acked Zxid
	// oldest is a proposal that it has not acknowledged, and was sent at oldestAt; 0 if there is none.
	oldest   Zxid
	oldestAt int64
	// held are the COMMITs that follow UPTODATE, see announce.
	held []Zxid

	// pinged and answered count the PINGs since UPTODATE and their answers; mark is the PING that a confirmation waits
	// for.
	pinged, answered, mark uint64
}

// linkUp takes a new connection.
func (ld *leader) linkUp(l LinkID) {
	c := ld.c
	if ld.byLink[l] != nil {
		return
	}
	h := &handler{ld: ld, link: l}
	h.dueBy = c.now + int64(c.cfg.InitLimit*c.cfg.TickTime)
	h.aliveUntil = h.dueBy + int64(c.cfg.SyncLimit*c.cfg.TickTime)
	ld.handlers = append(ld.handlers, h)
	ld.byLink[l] = h
}

// drop closes a connection.
func (ld *leader) drop(h *handler) {
	ld.c.closeLink(h.link)
	ld.remove(h)
}

// remove forgets one that is closed. What it has acknowledged counts no more: it may come back with less.
func (ld *leader) remove(h *handler) {
	delete(ld.byLink, h.link)
	for i, other := range ld.handlers {
		if other == h {
			ld.handlers = append(ld.handlers[:i:i], ld.handlers[i+1:]...)
			return
		}
	}
}

// heard moves on until when the next packet is due.
func (h *handler) heard() {
	c := h.ld.c
	limit := c.cfg.InitLimit
	if h.step == active {
		limit = c.cfg.SyncLimit
		h.aliveUntil = c.now + int64(limit*c.cfg.TickTime)
	}
	if h.dueBy != 0 {
		h.dueBy = c.now + int64(limit*c.cfg.TickTime)
	}
}

// late says whether the learner has to be given up: it is silent, or its disk does not get on.
func (h *handler) late() bool {
	c := h.ld.c
	return h.dueBy != 0 && c.now >= h.dueBy ||
		h.step >= synced && h.oldest != 0 && c.now-h.oldestAt >= int64(c.cfg.SyncLimit*c.cfg.TickTime)
}

// goTo enters a step. In some the learner has to speak, within initLimit or, when it is active, syncLimit.
func (h *handler) goTo(s step) {
	h.step = s
	h.dueBy = 0
	switch s {
	case informed, planned, active:
		h.dueBy = 1
		h.heard()
	}
}

// receive takes a packet of a learner. One that makes no sense ends the connection.
func (ld *leader) receive(h *handler, p *Packet) {
	h.heard()
	ok := false
	switch h.step {
	case connected:
		ok = ld.introduce(h, p)
	case informed:
		ok = p.Type == AckEpoch && ld.ackEpoch(h, p)
	case planned:
		ok = p.Type == Ack && p.Zxid == epochZxid(ld.epoch)
		if ok {
			ld.ackNewLeader(h)
		}
	case synced, active:
		switch p.Type {
		case Ack:
			ok = ld.ack(h, p.Zxid)
		case Ping:
			ok = ld.pong(h)
		}
	}
	if !ok && ld.c.leader == ld && ld.byLink[h.link] == h {
		ld.drop(h)
	}
}

// introduce takes FOLLOWERINFO and OBSERVERINFO.
func (ld *leader) introduce(h *handler, p *Packet) bool {
	c := ld.c
	if p.Type != FollowerInfo && p.Type != ObserverInfo || p.Zxid < 0 || p.Zxid.Epoch() >= maxEpoch {
		return false
	}
	id, ok := readLearnerInfo(p.Data)
	if !ok || id == c.cfg.ID {
		return false
	}
	for _, old := range ld.handlers {
		if old != h && old.step >= introduced && old.id == id {
			ld.drop(old) // it has come back before its old connection was seen to be dead
			break
		}
	}
	h.id, h.observer = id, p.Type == ObserverInfo
	h.voter = !h.observer && c.q.voter(id)
	if c.member(id) {
		h.accepted = p.Zxid.Epoch() // of strangers nobody knows whose epochs they have seen
	}
	if ld.epoch != 0 && h.voter && h.accepted > ld.epoch {
		// It has promised an epoch that came to nothing, and can never enter this one. Apache's leader leaves it outside
		// until the next election; so let that be now.
		c.look()
		return false
	}
	h.goTo(introduced)
	if ld.promised {
		ld.leaderInfo(h)
	} else {
		ld.fixEpoch()
	}
	return true
}

func (c *Core) member(id ServerID) bool {
	for _, m := range c.cfg.Members {
		if m.ID == id {
			return true
		}
	}
	return false
}

func (ld *leader) leaderInfo(h *handler) {
	h.goTo(informed)
	ld.c.send(h.link, Packet{Type: LeaderInfo, Zxid: epochZxid(ld.epoch), Data: i32(protocolVersion)})
}

// ackEpoch takes a learner's promise and history. A voter that knows more than this server would lose it: a better
// leader is to be elected. Once a quorum has promised, nothing that is committed can be missing here, and whoever
// knows more has what nobody will miss.
func (ld *leader) ackEpoch(h *handler, p *Packet) bool {
	current, ok := readI32(p.Data)
	if !ok || current < -1 || p.Zxid < 0 {
		return false
	}
	h.last = p.Zxid
	h.counts = current != -1
	if ld.phase == Discovery && h.counts && (current > ld.current || current == ld.current && p.Zxid > ld.last) {
		if h.voter {
			ld.c.look()
		}
		return false
	}
	h.goTo(promisedEpoch)
	if ld.phase == Discovery {
		ld.synchronize()
	} else {
		ld.plan(h)
	}
	return true
}

// ackNewLeader takes note that a learner has this server's whole log, and its epoch, on its disk.
func (ld *leader) ackNewLeader(h *handler) {
	h.goTo(synced)
	h.oldestAt = ld.c.now // an Apache learner writes them only now
	if ld.phase == Broadcast {
		ld.upToDate(h)
	} else {
		ld.broadcast()
	}
}

func (ld *leader) upToDate(h *handler) {
	h.goTo(active)
	h.mark = 1
	ld.c.send(h.link, Packet{Type: UpToDate, Zxid: -1})
	for _, z := range h.held {
		ld.c.send(h.link, Packet{Type: Commit, Zxid: z})
	}
	h.held = nil
}
