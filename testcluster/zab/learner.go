package zab

// stage is how far a learner has come with its leader. Each row is left by what stands at its end:
//
//	dialing   the leader's quorum port is dialled                  LinkUp: FOLLOWERINFO goes out
//	greeting  the leader may wait for its quorum                   LEADERINFO: acceptedEpoch is written
//	promising until that is durable                                Persisted: ACKEPOCH goes out
//	promised  the leader may wait for its quorum again             DIFF, TRUNC or SNAP
//	syncing   its transactions arrive, none is written yet         NEWLEADER: all are, then currentEpoch
//	saving    until those are durable; more may arrive             Persisted: ACK of NEWLEADER goes out
//	saved     the leader may wait for its quorum a last time       UPTODATE: all that is committed is given out
//	serving   PROPOSAL, COMMIT (observer: INFORM), PING
//
// Anything that does not fit ends the term. Source: Learner, Follower, Observer.
type stage int

const (
	dialing stage = iota
	greeting
	promising
	promised
	syncing
	saving
	saved
	serving
)

// dialTries is how often a learner tries to reach a leader, which may not have heard of its election yet. The first
// attempts follow each other quickly: mostly the leader is late by a moment. With the last ones all take about as
// long as the five of ZooKeeper. Source: Learner.connectToLeader.
const dialTries = 7

// learner is a term of following or observing.
type learner struct {
	c     *Core
	vote  Vote
	stage stage
	link  LinkID // 0 while there is none

	// Dialling: attempts so far, the end of the time for them, and when the next is due; 0 while one is under way.
	tries            int
	giveUpAt, redial int64
	// heard is when something came from the leader.
	heard int64

	epoch int64
	in    incoming
}

// learn begins a term under the leader that was elected.
func (c *Core) learn(state State, vote Vote) {
	limit := c.cfg.ConnectLimit
	if limit == 0 {
		limit = c.cfg.InitLimit
	}
	c.learner = &learner{c: c, vote: vote, giveUpAt: c.now + int64(limit*c.cfg.TickTime)}
	c.setRole(Role{State: state, Phase: Discovery, Leader: vote.Leader})
	c.learner.dial()
}

func (l *learner) has(k LinkID) bool { return l.link == k && l.stage != dialing }

func (l *learner) dial() {
	l.tries++
	l.redial = 0
	to := l.vote.Leader
	l.c.out.dial, l.c.out.some = &to, true
}

func (l *learner) dialFailed() {
	if l.tries >= dialTries {
		l.c.look()
		return
	}
	l.redial = l.c.now + int64(max(min(l.c.cfg.RetryWait, 1<<(l.tries-1)), 1))
}

// linkUp introduces the server to its leader.
func (l *learner) linkUp(k LinkID) {
	c := l.c
	l.link, l.stage, l.heard = k, greeting, c.now
	role := c.role
	role.Link = k
	c.setRole(role)
	kind := FollowerInfo
	if role.State == Observing {
		kind = ObserverInfo
	}
	c.send(k, Packet{Type: kind, Zxid: epochZxid(c.accepted), Data: learnerInfo(c.cfg.ID)})
}

// tick gives up on a leader that is silent for too long: initLimit until NEWLEADER, syncLimit from then on.
func (l *learner) tick() {
	c := l.c
	if l.stage == dialing {
		switch {
		case c.now >= l.giveUpAt:
			c.look()
		case l.redial != 0 && c.now >= l.redial:
			l.dial()
		}
		return
	}
	limit := c.cfg.InitLimit
	if l.stage >= saving {
		limit = c.cfg.SyncLimit
	}
	if c.now-l.heard >= int64(limit*c.cfg.TickTime) {
		c.look()
	}
}

// receive takes a packet of the leader. One that makes no sense ends the term.
func (l *learner) receive(p *Packet) {
	l.heard = l.c.now
	ok := false
	switch l.stage {
	case greeting:
		ok = p.Type == LeaderInfo && l.leaderInfo(p)
	case promised:
		ok = l.begin(p)
	case syncing:
		ok = l.receiveSync(p)
	case saving, saved:
		ok = l.receiveSaving(p)
	case serving:
		ok = l.receiveServing(p)
	}
	if !ok {
		l.c.look()
	}
}

// leaderInfo promises the leader to take part in no older epoch.
func (l *learner) leaderInfo(p *Packet) bool {
	c := l.c
	if _, ok := readI32(p.Data); !ok || p.Zxid.Counter() != 0 || p.Zxid < 0 || p.Zxid.Epoch() >= maxEpoch {
		return false
	}
	l.epoch = p.Zxid.Epoch()
	switch {
	case l.epoch > c.accepted:
		l.stage = promising
		c.writeAccepted(l.epoch)
		return true
	case l.epoch == c.accepted:
		l.promise(-1) // has been promised before, perhaps to somebody else, and must not count twice
		return true
	}
	return false
}

// promise answers with the server's history: its current epoch, and the last transaction.
func (l *learner) promise(current int64) {
	c := l.c
	last := c.log.last()
	if c.cutBelow {
		// A server that claims no history may not count among those whose histories the leader's is to contain.
		current, last = -1, 0
	}
	l.stage = promised
	c.send(l.link, Packet{Type: AckEpoch, Zxid: last, Data: i32(current)})
	role := c.role
	role.Phase, role.Epoch = Synchronization, l.epoch
	c.setRole(role)
}

// persisted goes on where the disk was waited for.
func (l *learner) persisted(op pendingOp) {
	c := l.c
	switch op.kind {
	case WriteAccepted:
		l.promise(c.current)
	case WriteCurrent:
		l.acknowledge()
	case AppendTxn:
		if l.stage >= saved {
			l.ack(op.zxid)
		}
	}
}

// ack tells the leader that a proposal is on the disk. Observers have no say.
func (l *learner) ack(z Zxid) {
	if l.c.role.State == Following {
		l.c.send(l.link, Packet{Type: Ack, Zxid: z})
	}
}
