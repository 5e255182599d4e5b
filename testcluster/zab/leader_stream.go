package zab

// Propose begins a transaction: build is called once, before Propose returns, with its zxid, and returns its bytes,
// which are copied. It is in Ready.Commit when a quorum has it. Errors: ErrNotLeading, ErrRollover.
func (c *Core) Propose(build func(Zxid) []byte) error {
	ld := c.leader
	if ld == nil || ld.phase != Broadcast {
		return ErrNotLeading
	}
	z := ld.next
	if n := z.Counter(); n == 0xffffffff || c.cfg.EpochSize != 0 && n > c.cfg.EpochSize {
		c.look()
		return ErrRollover
	}
	e := Entry{Zxid: z, Data: append([]byte(nil), build(z)...)}
	ld.next++
	c.appendLog(e)
	for _, h := range ld.handlers {
		if h.step < planned || h.observer {
			continue
		}
		c.send(h.link, Packet{Type: Proposal, Zxid: z, Data: e.Data})
		if h.oldest == 0 {
			h.oldest, h.oldestAt = z, c.now
		}
	}
	return nil
}

// ack takes a learner's word that it has a proposal, and with it all before, on its disk.
func (ld *leader) ack(h *handler, z Zxid) bool {
	switch {
	case z.Counter() == 0:
		return true // the second ACK of an epoch, after UPTODATE
	case z > ld.c.log.last() || z < 0:
		return false
	case h.observer || z <= h.acked:
		return true
	}
	h.acked = z
	if h.oldest != 0 && z >= h.oldest {
		h.oldest = 0
		if last := ld.c.log.last(); last > z {
			h.oldest, h.oldestAt = last, ld.c.now
		}
	}
	if h.voter {
		ld.commit()
	}
	return true
}

// commit commits, in the order of zxids, what a quorum has.
func (ld *leader) commit() {
	c := ld.c
	if ld.phase != Broadcast {
		return
	}
	for tail := c.log.tail(); len(tail) > 0; tail = tail[1:] {
		ld.asked = tail[0].Zxid
		if !c.q.has(ld.acks) {
			break
		}
		ld.announce(c.give())
	}
	c.evict()
}

// announce tells all who take part in the live stream that a transaction is committed. Between NEWLEADER and UPTODATE a
// follower of Apache 3.8.0 does not bear a COMMIT of what was proposed before (ZOOKEEPER-4394: it drops the connection,
// and may miss the transactions in its memory for good): it gets these behind its UPTODATE.
func (ld *leader) announce(e Entry) {
	c := ld.c
	c.known = e.Zxid
	for _, h := range ld.handlers {
		switch {
		case h.step < planned:
		case h.observer:
			c.send(h.link, Packet{Type: Inform, Zxid: e.Zxid, Data: e.Data})
		case h.step < active:
			h.held = append(h.held, e.Zxid)
		default:
			c.send(h.link, Packet{Type: Commit, Zxid: e.Zxid})
		}
	}
}
