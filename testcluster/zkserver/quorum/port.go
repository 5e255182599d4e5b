package quorum

import (
	"context"
	"net"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// port is the quorum port, which is bound only while the server leads: whoever dials a server
// that does not lead is to be refused.
type port struct {
	ctx    context.Context
	cancel context.CancelFunc
	closed chan struct{} // the address is free again
}

// bindRetry lies between two attempts to bind the quorum port. The address may be in use for
// a moment by this server's last leadership, or by its last process.
const bindRetry = 20 * time.Millisecond

// openPort has the quorum port bound, if it is not. The lock is held.
func (n *Node) openPort() {
	if n.port != nil && n.port.ctx.Err() == nil {
		return
	}
	before := n.port
	p := &port{closed: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(n.ctx)
	n.port = p
	n.done.Go(func() {
		defer close(p.closed)
		defer p.cancel()
		if before != nil {
			<-before.closed
		}
		n.serve(p)
	})
}

// closePort frees the address, soon. The lock is held.
func (n *Node) closePort() {
	if n.port != nil {
		n.port.cancel()
	}
}

func (n *Node) serve(p *port) {
	l := n.bind(p)
	if l == nil {
		return
	}
	n.done.Go(func() {
		<-p.ctx.Done()
		l.Close()
	})
	for {
		nc, err := l.Accept()
		switch {
		case p.ctx.Err() != nil:
			closeUnused(nc)
			return
		case err != nil: // out of descriptors, or the like
			n.o.Logger.Warn("accept on the quorum port", "err", err)
			if !wait(p.ctx, bindRetry) {
				return
			}
			continue
		}
		n.accepted(p, nc)
	}
}

// bind listens on the quorum port. As long as it cannot, learners cannot connect, and the
// core gives up leading when its time is over.
func (n *Node) bind(p *port) net.Listener {
	told := false
	for {
		l, err := n.o.Network.Listen(p.ctx, n.o.QuorumAddr)
		if err == nil {
			return l
		}
		if p.ctx.Err() != nil {
			return nil
		}
		if !told {
			n.o.Logger.Error("this server was elected but cannot listen on its quorum port; trying again",
				"addr", n.o.QuorumAddr, "err", err)
			told = true
		}
		if !wait(p.ctx, bindRetry) {
			return nil
		}
	}
}

// wait is false if ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// accepted takes over a learner's connection, if the server still leads.
func (n *Node) accepted(p *port, nc net.Conn) {
	if !n.enter() {
		closeUnused(nc)
		return
	}
	defer n.leave()
	if n.port != p || n.role.State != zab.Leading {
		closeUnused(nc)
		return
	}
	n.core.LinkUp(n.addLink(nc).id)
}
