package zab

import "bytes"

// Synchronisation, as a learner sees it: its log becomes a beginning of the leader's, and then the same.
//
//	DIFF(z)   the log stays as it is: all of it is in the leader's
//	TRUNC(z)  what is above z is not in the leader's
//	SNAP(z)   the leader's tree, as it was after z, comes instead
//	PROPOSAL, COMMIT | INFORM ...  what follows
//	NEWLEADER                      that was it; from here on it is the live stream
//
// None of it touches the disk before NEWLEADER: if the leader is lost before, nothing has happened. Then it is written
// in the only order that loses nothing: the history, then currentEpoch which claims it; and only then the ACK that
// the leader counts. Everything is given to the tree later still, with UPTODATE, for what a leader sends before is
// committed only if a quorum acknowledges it.
//
// Apache lost data by each of the other orders: ZOOKEEPER-2678, 3911, 4643, 4646, 4685, 4785.

// incoming is the state of it.
type incoming struct {
	kind PacketType
	at   Zxid // of DIFF, TRUNC, SNAP
	// buf are the proposals that came before NEWLEADER, committed the first of which COMMITs came for.
	buf       []Entry
	committed int
	// last is the last transaction received, or what the first must follow.
	last Zxid
	// done is up to where the leader has said COMMIT.
	done Zxid
	// skip is the snapshot's zxid: what is sent again of it is not looked at.
	skip Zxid
	// config came with NEWLEADER.
	config []byte
}

// begin takes the leader's decision how to go on.
func (l *learner) begin(p *Packet) bool {
	c := l.c
	last := c.log.last()
	ok := false
	switch p.Type {
	case Diff:
		// Its zxid is the last that will come. All of the own log is the leader's, too.
		ok = p.Zxid >= last && !c.cutBelow
		l.in = incoming{last: last, done: last}
	case Trunc:
		ok = p.Zxid <= last && !c.cutBelow
		l.in = incoming{last: p.Zxid, done: p.Zxid}
	case Snap:
		// The leader may have chosen the transactions that follow before it took the snapshot (LearnerHandler.run
		// does), so that the first of them are in it.
		ok = true
		l.in = incoming{done: p.Zxid, skip: p.Zxid}
	case Ping:
		return true
	}
	l.in.kind, l.in.at = p.Type, p.Zxid
	l.stage = syncing
	return ok && p.Zxid >= 0 && p.Zxid.Epoch() <= l.epoch
}

// receiveSync takes what comes between DIFF, TRUNC or SNAP and NEWLEADER.
func (l *learner) receiveSync(p *Packet) bool {
	switch p.Type {
	case Proposal:
		return l.collect(p)
	case Commit:
		return l.commitCollected(p.Zxid)
	case Inform:
		return l.c.role.State == Observing && l.collect(p) && l.commitCollected(p.Zxid)
	case NewLeader:
		return l.newLeader(p)
	case Ping:
		return true
	}
	return false
}

// expect checks that a transaction is the next one. Repeated ones of a snapshot are: skip says so.
func (l *learner) expect(z Zxid) (skip, ok bool) {
	s := &l.in
	if s.last == 0 && s.kind == Snap {
		ok = z.Counter() != 0 && z > 0 && z <= s.skip || follows(s.skip, z)
	} else {
		ok = follows(s.last, z)
	}
	if !ok || z.Epoch() > l.epoch {
		return false, false
	}
	s.last = z
	return z <= s.skip, true
}

func (l *learner) collect(p *Packet) bool {
	skip, ok := l.expect(p.Zxid)
	if ok && !skip {
		l.in.buf = append(l.in.buf, Entry{Zxid: p.Zxid, Data: p.Data})
	}
	return ok
}

func (l *learner) commitCollected(z Zxid) bool {
	s := &l.in
	if z <= s.skip {
		return true
	}
	if s.committed == len(s.buf) || s.buf[s.committed].Zxid != z {
		return false
	}
	s.committed++
	s.done = z
	return true
}

// newLeader writes what has been collected.
func (l *learner) newLeader(p *Packet) bool {
	c, s := l.c, &l.in
	if p.Zxid != epochZxid(l.epoch) {
		return false
	}
	switch s.kind {
	case Trunc:
		if !l.truncate() {
			return false
		}
	case Snap:
		c.log.reset(s.at)
		c.floor, c.cutBelow = s.at, false
		c.known = min(c.known, s.at)
		c.write(DiskOp{Kind: InstallSnapshot, Zxid: s.at, Link: l.link})
	}
	for _, e := range s.buf {
		c.appendLog(e)
	}
	s.buf = nil
	s.done = max(s.done, c.known)
	s.config = p.Data
	c.writeCurrent(l.epoch)
	l.stage = saving
	return true
}

// truncate cuts the log, but not off what the leader has sent again: a leader that has committed more than its tree
// has (Apache's) cuts back to its tree and sends the rest anew. Between the two this server would not have what it has
// acknowledged, and what the leader has counted on.
func (l *learner) truncate() bool {
	c, s := l.c, &l.in
	keep := s.at
	if keep >= c.log.base {
		for _, e := range c.log.after(keep) {
			if len(s.buf) == 0 || s.buf[0].Zxid != e.Zxid || !bytes.Equal(s.buf[0].Data, e.Data) {
				break
			}
			keep = e.Zxid
			s.buf = s.buf[1:]
		}
	}
	switch {
	case keep < c.known:
		return false // a quorum has had it: no leader may ask for this
	case keep < c.floor:
		c.cutBelow = true // cannot be done, but a snapshot can take its place
		return false
	case keep < c.log.last():
		c.log.cut(keep)
		c.write(DiskOp{Kind: TruncateLog, Zxid: keep})
	}
	return true
}

// acknowledge tells the leader that the history is durable, and first of all so: until a leader has this ACK it expects
// nothing else (LearnerHandler.run). The ACKs of proposals that are not committed yet follow.
func (l *learner) acknowledge() {
	c := l.c
	l.stage = saved
	c.send(l.link, Packet{Type: Ack, Zxid: epochZxid(l.epoch)})
	for _, e := range c.log.tail() {
		if e.Zxid > l.in.done && e.Zxid <= c.disk.persisted {
			l.ack(e.Zxid)
		}
	}
}

// receiveSaving takes what comes between NEWLEADER and UPTODATE: the live stream, of which COMMITs are only noted
// (ZOOKEEPER-4394). A PING is not answered: Apache's learners do not, and its leaders count on an ACK to come first.
func (l *learner) receiveSaving(p *Packet) bool {
	switch p.Type {
	case Proposal:
		return l.log(p)
	case Commit:
		return l.noteCommit(p.Zxid)
	case Inform:
		return l.c.role.State == Observing && l.log(p) && l.noteCommit(p.Zxid)
	case UpToDate:
		return l.upToDate()
	case Ping:
		return true
	}
	return false
}

func (l *learner) noteCommit(z Zxid) bool {
	if z <= max(l.in.skip, l.c.known) {
		return true // in the tree already
	}
	next := l.c.log.after(l.in.done)
	if len(next) == 0 || next[0].Zxid != z {
		return false
	}
	l.in.done = z
	return true
}

// upToDate begins to serve: a quorum has what this server has.
func (l *learner) upToDate() bool {
	c := l.c
	if l.stage != saved {
		return false
	}
	l.stage = serving
	c.lonely = 0
	role := c.role
	role.Phase, role.Config = Broadcast, l.in.config
	c.setRole(role)
	c.establish(l.vote, l.epoch)
	c.send(l.link, Packet{Type: Ack, Zxid: epochZxid(l.epoch)})
	for tail := c.log.tail(); len(tail) > 0 && tail[0].Zxid <= l.in.done; tail = c.log.tail() {
		c.give()
	}
	c.known = max(c.known, l.in.done)
	c.evict()
	return true
}
