package quorum

import (
	"context"
	"fmt"
	"net"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// dialling is an attempt to reach a leader.
type dialling struct{ cancel context.CancelFunc }

// connect dials a leader. An attempt that is still under way is given up. The lock is held.
func (n *Node) connect(leader zab.ServerID) {
	n.hangUp()
	ctx, cancel := context.WithCancel(n.ctx)
	d := &dialling{cancel}
	n.dial = d
	n.done.Go(func() {
		defer cancel()
		nc, err := n.reach(ctx, leader)
		n.dialled(d, leader, nc, err)
	})
}

// hangUp gives up the attempt that is under way. The lock is held.
func (n *Node) hangUp() {
	if n.dial != nil {
		n.dial.cancel()
		n.dial = nil
	}
}

// reach tries a leader's addresses, one after the other.
func (n *Node) reach(ctx context.Context, leader zab.ServerID) (nc net.Conn, err error) {
	err = fmt.Errorf("server %d has no address", leader)
	for _, addr := range n.o.Quorum[leader] {
		if nc, err = n.dialOne(ctx, leader, addr); err == nil || ctx.Err() != nil {
			break
		}
	}
	return nc, err
}

func (n *Node) dialOne(ctx context.Context, leader zab.ServerID, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, n.o.ConnectTimeout)
	defer cancel()
	if err := n.o.Cuts.AwaitDial(ctx, leader); err != nil {
		return nil, err
	}
	return n.o.Network.Dial(ctx, addr)
}

// dialled tells the core how an attempt has ended, if it still waits for it.
func (n *Node) dialled(d *dialling, leader zab.ServerID, nc net.Conn, err error) {
	if !n.enter() {
		closeUnused(nc)
		return
	}
	defer n.leave()
	if n.dial != d {
		closeUnused(nc)
		return
	}
	n.dial = nil
	if err != nil {
		n.o.Logger.Debug("the leader cannot be reached", "leader", leader, "err", err)
		n.core.DialFailed()
		return
	}
	k := n.addLink(nc)
	k.SetPeer(leader)
	n.core.LinkUp(k.id)
}

func closeUnused(nc net.Conn) {
	if nc != nil {
		nc.Close()
	}
}
