package zab

// confirms are the questions whether this server still leads. Who answers a PING follows this leader at that moment:
// a quorum of answers to PINGs that were sent after a question shows that nobody else led when it was asked. Links are
// in order and every PING is answered, so that the n-th answer is the n-th PING's; only those since UPTODATE are
// counted, for before it Apache's learners do not answer.
//
// One round of PINGs at a time: all that is asked while it is on its way waits for the next.
type confirms struct {
	asked   []uint64 // wait for the next round
	inRound []uint64 // wait for the answers
}

// Confirm asks for proof that this server still leads; token is in Ready.Confirmed once there is, and never if the
// leadership ends before. Error: ErrNotLeading.
func (c *Core) Confirm(token uint64) error {
	ld := c.leader
	if ld == nil || ld.phase != Broadcast {
		return ErrNotLeading
	}
	ld.pings.asked = append(ld.pings.asked, token)
	ld.confirm()
	return nil
}

// confirm ends a round that has its quorum, and begins the next.
func (ld *leader) confirm() {
	c, r := ld.c, &ld.pings
	for {
		if len(r.inRound) > 0 {
			if !ld.quorum(func(h *handler) bool { return h.step == active && h.answered >= h.mark }) {
				return
			}
			for _, token := range r.inRound {
				c.out.confirmed.add(token)
			}
			c.out.some = true
			r.inRound = r.inRound[:0]
		}
		if len(r.asked) == 0 {
			return
		}
		r.asked, r.inRound = r.inRound, r.asked
		for _, h := range ld.handlers {
			if h.step == active && h.voter {
				ld.ping(h)
				h.mark = h.pinged
			}
		}
	}
}

// ping sends a PING. Before UPTODATE it only keeps the learner from giving up.
func (ld *leader) ping(h *handler) {
	if h.step == active {
		h.pinged++
	}
	ld.c.send(h.link, Packet{Type: Ping, Zxid: ld.c.log.last()})
}

// pong takes the answer.
func (ld *leader) pong(h *handler) bool {
	if h.answered == h.pinged {
		return false
	}
	h.answered++
	if h.answered == h.mark && len(ld.pings.inRound) > 0 {
		ld.confirm()
	}
	return true
}
