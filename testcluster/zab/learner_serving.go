package zab

// receiveServing takes the live stream of a learner that is up to date.
func (l *learner) receiveServing(p *Packet) bool {
	switch p.Type {
	case Proposal:
		return l.log(p)
	case Commit:
		return l.commit(p.Zxid)
	case Inform:
		return l.c.role.State == Observing && l.log(p) && l.commit(p.Zxid)
	case Ping:
		// The driver puts the touched sessions in.
		l.c.send(l.link, Packet{Type: Ping, Zxid: p.Zxid})
		return true
	}
	return false
}

// log writes a proposal of the live stream; its ACK follows when it is durable.
func (l *learner) log(p *Packet) bool {
	skip, ok := l.expect(p.Zxid)
	if ok && !skip {
		l.c.appendLog(Entry{Zxid: p.Zxid, Data: p.Data})
	}
	return ok
}

// commit gives the next transaction to the tree, whether this server's own disk has it yet or not: a quorum has.
func (l *learner) commit(z Zxid) bool {
	c := l.c
	if z <= l.in.skip {
		return true
	}
	tail := c.log.tail()
	if len(tail) == 0 || tail[0].Zxid != z {
		return false
	}
	c.give()
	c.known = z
	c.evict()
	return true
}
