package zab

import (
	"errors"
	"fmt"
	"math"
)

var (
	// ErrNotLeading is the answer to what only a leader in broadcast can do.
	ErrNotLeading = errors.New("zab: not the leader")
	// ErrRollover means that the epoch has no zxid left. The leader has stepped down; the next one begins a new epoch.
	ErrRollover = errors.New("zab: the epoch's zxids are used up")
)

// Core is one server's part in the ensemble. It is always in one of three shapes:
//
//	LOOKING               an election goes on, or waits for the disk    (looking.go, election.go)
//	LEADING               leader is set                                 (leader*.go, handler*.go)
//	FOLLOWING, OBSERVING  learner is set                                (learner*.go)
//
// A stretch of leading or learning is a term. All of its state is in leader or learner and goes with it; what stays is
// the log, the epochs, and the queue of what is being written.
type Core struct {
	cfg   Config
	q     *quorum
	voter bool
	now   int64 // in ticks
	out   outbox

	disk disk
	log  memlog
	// accepted is the newest epoch that this server has promised to, current the newest whose beginning it has in its
	// log. They are those of the last operation handed out.
	accepted, current int64
	// known is the last transaction of which this server, since it started, has learnt that it is committed. What a
	// quorum has may never be cut off.
	known Zxid
	// floor is the least zxid to which the log can be cut: below it lies only a snapshot as a whole. cutBelow is set
	// once a leader wanted just that: it then gets to hear of no history, so that it sends a snapshot.
	floor    Zxid
	cutBelow bool

	role Role
	// term numbers the terms; it changes with the return to LOOKING.
	term    uint64
	leader  *leader
	learner *learner
	// lonely counts the terms of leading, one after the other, that no quorum came to.
	lonely int

	election *election
	// waiting holds while LOOKING has not begun to vote; not before startAt.
	waiting bool
	startAt int64
	chance  uint64
}

// New makes the core of a server that starts with what is on its disk. It is LOOKING: the first Ready has its
// notifications.
func New(cfg Config, d Durable) (*Core, error) {
	q, err := newQuorum(cfg.Members)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	c := &Core{cfg: cfg, q: q, voter: q.voter(cfg.ID), accepted: d.Accepted, current: d.Current, floor: d.Floor,
		chance: cfg.Seed}
	// A learner writes a history before the epoch that it brings it to, and may have been stopped between the two. A
	// transaction of an epoch stands behind all that the epoch began with, so that the epoch is reached with it.
	c.current = max(d.Current, d.Last.Epoch())
	c.log.reset(d.Last)
	c.disk.persisted = d.Last
	c.election = newElection(&c.cfg, q, c.notify)
	c.setRole(Role{State: Looking, Phase: Election})
	c.waiting = true
	c.startElection()
	return c, nil
}

func (cfg *Config) check() error {
	member := false
	for _, m := range cfg.Members {
		member = member || m.ID == cfg.ID
	}
	switch {
	case !member:
		return fmt.Errorf("zab: server %d is not in its own configuration", cfg.ID)
	case cfg.TickTime < 1 || cfg.InitLimit < 1 || cfg.SyncLimit < 1:
		return fmt.Errorf("zab: tickTime %d, initLimit %d, syncLimit %d: each must be at least 1", cfg.TickTime,
			cfg.InitLimit, cfg.SyncLimit)
	case cfg.ConnectLimit < 0 || cfg.FinalizeWait < 0 || cfg.RetryWait < 0 || cfg.CommitLogCount < 0 || cfg.CommitLogBytes < 0:
		return errors.New("zab: a limit is negative")
	}
	return nil
}

func (d *Durable) check() error {
	switch {
	case d.Current < 0 || d.Accepted < d.Current || d.Accepted > math.MaxInt32:
		return fmt.Errorf("zab: accepted epoch %d, current epoch %d: impossible on a disk", d.Accepted, d.Current)
	case d.Last < 0 || d.Last.Epoch() > d.Accepted:
		return fmt.Errorf("zab: last zxid %s in a log whose server has accepted epoch %d: impossible on a disk", d.Last,
			d.Accepted)
	case d.Floor < 0 || d.Floor > d.Last:
		return fmt.Errorf("zab: oldest snapshot %s behind last zxid %s: impossible on a disk", d.Floor, d.Last)
	}
	return nil
}

// Tick moves time on.
func (c *Core) Tick() {
	c.now++
	switch {
	case c.leader != nil:
		c.leader.tick()
	case c.learner != nil:
		c.learner.tick()
	case c.waiting:
		c.startElection()
	default:
		c.election.tick()
		c.decide()
	}
}

// Notified takes what arrived at the election port.
func (c *Core) Notified(n Notification) {
	c.election.receive(&n)
	c.decide()
}

// Reachable tells of the election port: up that a connection stands, !up that nobody listens there.
func (c *Core) Reachable(id ServerID, up bool) {
	c.election.reachable(id, up)
	c.decide()
}

// LinkUp tells a learner that its dial has worked, a leader that somebody has connected.
func (c *Core) LinkUp(l LinkID) {
	switch {
	case c.leader != nil:
		c.leader.linkUp(l)
	case c.learner != nil && c.learner.stage == dialing:
		c.learner.linkUp(l)
	default:
		c.closeLink(l)
	}
}

// DialFailed tells a learner that its dial has not worked.
func (c *Core) DialFailed() {
	if c.learner != nil && c.learner.stage == dialing {
		c.learner.dialFailed()
	}
}

// LinkDown tells that a connection has ended by itself.
func (c *Core) LinkDown(l LinkID) {
	switch {
	case c.leader != nil:
		if h := c.leader.byLink[l]; h != nil {
			c.leader.remove(h)
		}
	case c.learner != nil && c.learner.has(l):
		c.learner.link = 0
		c.look()
	}
}

// LinkAlive tells that bytes of a long snapshot are still moving: arriving at a learner, or leaving a leader.
func (c *Core) LinkAlive(l LinkID) {
	switch {
	case c.leader != nil:
		if h := c.leader.byLink[l]; h != nil {
			h.heard()
		}
	case c.learner != nil && c.learner.has(l):
		c.learner.heard = c.now
	}
}

// Receive takes a packet. Of a link that is closed it is ignored.
func (c *Core) Receive(l LinkID, p *Packet) {
	switch {
	case c.leader != nil:
		if h := c.leader.byLink[l]; h != nil {
			c.leader.receive(h, p)
		}
	case c.learner != nil && c.learner.has(l):
		c.learner.receive(p)
	}
}
