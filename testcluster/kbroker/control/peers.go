package control

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// watch keeps a connection to each broker whose death concerns this one: the controller to all, the others to the
// controller.
func (c *Control) watch(image *kzk.Image) {
	var wanted []int32
	switch {
	case !c.registered:
	case c.office != nil:
		wanted = image.BrokerIDs()
	case image.Brokers[image.Controller] != nil:
		wanted = []int32{image.Controller}
	}
	wanted = slices.DeleteFunc(wanted, func(id int32) bool { return id == c.o.Self })
	for id, p := range c.peers {
		if !slices.Contains(wanted, id) || image.Brokers[id].Epoch != p.epoch {
			p.stop()
			delete(c.peers, id)
			delete(c.dead, id) // who is not asked is not known to be dead
		}
	}
	for _, id := range wanted {
		if c.peers[id] == nil {
			c.peers[id] = c.startPeer(id, image.Brokers[id].Epoch)
		}
	}
}

// peer is a broker that is being watched.
type peer struct {
	c     *Control
	id    int32
	epoch int64 // of its registration
	ctx   context.Context
	stop  context.CancelFunc
	alive bool // the last that run was told
	told  bool
}

func (c *Control) startPeer(id int32, epoch int64) *peer {
	p := &peer{c: c, id: id, epoch: epoch}
	p.ctx, p.stop = context.WithCancel(c.ctx)
	c.wg.Go(p.run)
	return p
}

const (
	// firstDelay and lastDelay bound the time between two attempts to reach a broker.
	firstDelay = 2 * time.Millisecond
	lastDelay  = 500 * time.Millisecond
	// patience is how long a broker may take to accept a connection and to answer on it, before another is tried. That
	// it does not answer is no proof of anything.
	patience = 10 * time.Second
)

// run dials, asks, and waits for the connection to end, over and over. The first attempt after an end is immediate.
func (p *peer) run() {
	var delay time.Duration
	for p.ctx.Err() == nil {
		conn, err := p.dial()
		switch {
		case err == nil:
			begun := time.Now()
			p.hold(conn)
			if time.Since(begun) > lastDelay {
				delay = 0
				continue
			}
		case refused(err):
			p.tell(false)
		default:
			p.c.o.Logger.Debug("a broker cannot be reached", "broker", p.id, "error", err)
		}
		p.pause(delay)
		delay = min(max(2*delay, firstDelay), lastDelay)
	}
}

// dial connects to the broker. A port that nobody listens on, out of the range of those that the system gives to clients,
// may be given to this very connection, which then is one with itself: nobody listens there.
func (p *peer) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	conn, err := p.c.o.Dial(ctx, p.id)
	if err == nil && conn.LocalAddr().String() == conn.RemoteAddr().String() {
		conn.Close()
		return nil, syscall.ECONNREFUSED
	}
	return conn, err
}

// hold asks for a sign of life, and then keeps the connection until it ends.
func (p *peer) hold(conn net.Conn) {
	defer conn.Close()
	unhook := context.AfterFunc(p.ctx, func() { conn.Close() })
	defer unhook()
	conn.SetDeadline(time.Now().Add(patience))
	if err := askVersions(conn); err != nil {
		p.c.o.Logger.Debug("a broker does not answer", "broker", p.id, "error", err)
		return
	}
	p.tell(true)
	conn.SetDeadline(time.Time{})
	var b [1]byte
	conn.Read(b[:]) // nothing is due: it returns when the connection ends
}

func (p *peer) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.ctx.Done():
	}
}

// refused says whether the error means that nobody listens there.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// tell reports a change.
func (p *peer) tell(alive bool) {
	if p.told && p.alive == alive {
		return
	}
	p.told, p.alive = true, alive
	p.c.post(func() { p.c.heard(p, alive) })
}

// heard takes in what a peer has found, unless it is watched no more.
func (c *Control) heard(p *peer, alive bool) {
	if c.peers[p.id] != p {
		return
	}
	_, dead := c.dead[p.id]
	switch {
	case alive && dead:
		delete(c.dead, p.id)
		c.log().Info("broker answers again", "broker", p.id)
	case !alive:
		c.dead[p.id] = p.epoch
		c.log().Warn("broker refuses connections: it is taken to be gone until it answers", "broker", p.id)
	}
}
