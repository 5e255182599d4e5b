package zab

// How a learner is brought to the leader's log. P is the last transaction in its log; the leader has base..max in
// memory (max is the last committed one; in SYNCHRONIZATION the last of all, for it all is to be committed):
//
//	P = max                             DIFF, nothing else
//	P > max                             TRUNC(max): it has what was never committed
//	P known, or base                    DIFF, then what comes after P
//	P between two that are known,       TRUNC(the one before), then what comes after it
//	  in the epoch of one of them,
//	  or both not in the tree yet
//	P < base, and in the log files,     the same, the first part from the files
//	  with no snapshot of a leader's
//	  between
//	anything else                       SNAP, then what comes after it
//
// A P with counter 0 is an epoch that its server has established, without a transaction (an ex-leader or the heir of a
// snapshot, at Apache). Everything before it is committed and in every later leader's log, so that it needs no TRUNC;
// as the goal of a TRUNC it will not do, for it is in no log. P = 0 is an empty server, or one that wants a snapshot.
//
// A snapshot is of the tree, which lacks the tail. A learner whose log may reach into that, and be what makes it
// committed, gets none, not even by force: it would have less for a while than it has acknowledged.
//
// All of it is put on the link in one go, and the learner takes part in the live stream from there on: nothing is left
// out between the two, and nothing comes twice.
//
// Source: LearnerHandler.syncFollower, Leader.startForwarding.

// plan decides on one of these, or asks the log files first.
func (ld *leader) plan(h *handler) {
	c := ld.c
	g, last := &c.log, h.last
	goal := ld.goal()
	switch {
	case c.cfg.ForceSnapshot && last <= g.applied(), last == 0 && goal != 0:
		ld.snapshot(h)
	case last == goal, last > goal && last.Counter() == 0:
		ld.diff(h, last)
	case last > goal:
		ld.truncate(h, goal)
	case last >= g.base:
		ld.join(h, g.before(last), g.after(last)[0].Zxid)
	case c.cfg.NoLogSync, last < c.floor:
		ld.snapshot(h)
	default:
		h.goTo(probing)
		c.out.probe.add(Probe{Link: h.link, Zxid: last})
		c.out.some = true
	}
}

// goal is the last transaction that is sent with a COMMIT.
func (ld *leader) goal() Zxid {
	if ld.phase == Broadcast {
		return ld.c.log.applied()
	}
	return ld.c.log.last()
}

// join brings on a learner whose last transaction lies at before, or between before and next.
func (ld *leader) join(h *handler, before, next Zxid) {
	switch last := h.last; {
	case before == last, last.Counter() == 0:
		ld.diff(h, last)
	case before.Epoch() == last.Epoch(), next.Epoch() == last.Epoch(), before > ld.c.log.applied():
		ld.truncate(h, before)
	default:
		ld.snapshot(h) // its log and this one have parted in an older epoch
	}
}

// Probed answers a Probe.
func (c *Core) Probed(l LinkID, r ProbeResult) {
	if c.leader == nil {
		return
	}
	h := c.leader.byLink[l]
	if h == nil || h.step != probing {
		return
	}
	if !r.Found || r.Before <= 0 || r.Before > h.last || h.last >= c.log.base {
		c.leader.snapshot(h)
		return
	}
	c.leader.join(h, r.Before, r.Before)
}

func (ld *leader) diff(h *handler, from Zxid) {
	ld.c.send(h.link, Packet{Type: Diff, Zxid: max(from, ld.goal())})
	ld.stream(h, from)
}

func (ld *leader) truncate(h *handler, to Zxid) {
	if to.Counter() == 0 {
		ld.snapshot(h)
		return
	}
	ld.c.send(h.link, Packet{Type: Trunc, Zxid: to})
	ld.stream(h, to)
}

func (ld *leader) snapshot(h *handler) {
	at := ld.c.log.applied()
	ld.c.send(h.link, Packet{Type: Snap, Zxid: at})
	ld.stream(h, at)
}

// stream sends everything after from, and NEWLEADER. What is committed comes as PROPOSAL and COMMIT, the rest as
// PROPOSAL, to those who have a say in it.
func (ld *leader) stream(h *handler, from Zxid) {
	c := ld.c
	if from < c.log.base {
		c.sendOut(Outgoing{Link: h.link, LogFrom: from, LogTo: c.log.base})
		from = c.log.base
	}
	goal := ld.goal()
	h.oldest = 0
	for _, e := range c.log.after(from) {
		if e.Zxid > goal && h.observer {
			break
		}
		c.send(h.link, Packet{Type: Proposal, Zxid: e.Zxid, Data: e.Data})
		switch {
		case e.Zxid <= goal:
			c.send(h.link, Packet{Type: Commit, Zxid: e.Zxid})
		case h.oldest == 0:
			h.oldest = e.Zxid
		}
	}
	c.send(h.link, Packet{Type: NewLeader, Zxid: epochZxid(ld.epoch), Data: c.cfg.Text})
	h.goTo(planned)
}
