package quorum

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// link is a connection to another server's quorum port, or from it to ours.
type link struct {
	*transport.Link
	id zab.LinkID

	streamed atomic.Int64 // bytes of snapshots and log ranges that have been sent

	// Guarded by the node's lock:
	loading bool  // a snapshot is being read
	moved   int64 // what of streams had moved when the core was told last
	tree    any   // a snapshot that was read; the core has not asked for it yet
	zxid    zab.Zxid
}

// addLink takes over a connection. The lock is held.
func (n *Node) addLink(nc net.Conn) *link {
	n.last++
	k := &link{id: n.last, Link: transport.NewLink(nc, transport.LinkOptions{
		Cuts: n.o.Cuts, MaxQueued: n.o.MaxLinkQueue, MaxPacket: n.o.MaxPacket, // read tells of its end
	})}
	n.links[k.id] = k
	n.done.Go(func() { n.read(k) })
	return k
}

// drop ends a link. It tells whether there was one. The lock is held.
func (n *Node) drop(id zab.LinkID) bool {
	k := n.links[id]
	if k == nil {
		return false
	}
	delete(n.links, id)
	k.tree = nil
	n.done.Go(func() { _ = k.Close() }) // it waits for the link's writer
	return true
}

// read feeds the core with a link's packets until the link ends.
func (n *Node) read(k *link) {
	for {
		p, err := k.ReadPacket()
		if err == nil && p.Type == zab.Snap {
			err = n.load(k, p.Zxid)
		}
		if err != nil {
			n.linkDown(k, err)
			return
		}
		if !n.enter() {
			return
		}
		if n.links[k.id] != k { // of a role that has ended
			n.mu.Unlock()
			return
		}
		n.receive(k, p)
		n.leave()
	}
}

// receive gives a packet to whom it is for. The lock is held.
func (n *Node) receive(k *link, p *zab.Packet) {
	switch p.Type {
	case zab.Request, zab.Revalidate, zab.Sync:
		if n.role.Serving() { // who asks a leader too early is not yet in step with it
			n.o.App.Packet(k.id, p)
		}
		return
	case zab.Ping:
		if n.role.State == zab.Leading && n.role.Serving() {
			n.o.App.Packet(k.id, p)
		}
	}
	n.story.synchronizes(p)
	n.core.Receive(k.id, p)
}

func (n *Node) linkDown(k *link, err error) {
	if !n.enter() {
		return
	}
	if n.links[k.id] == k {
		n.o.Logger.Info("a link has ended", "link", k.id, "err", err)
		n.drop(k.id)
		n.core.LinkDown(k.id)
		if n.role.State == zab.Leading {
			n.o.App.LinkDown(k.id)
		}
	}
	n.leave()
}

// snapshotEnd stands behind a snapshot's stream, as a string.
var snapshotEnd = append([]byte{0, 0, 0, 10}, "BenWasHere"...)

// load reads the snapshot behind a SNAP packet and keeps it until the core asks for it.
func (n *Node) load(k *link, zxid zab.Zxid) error {
	n.mu.Lock()
	learner := n.links[k.id] == k && n.role.State != zab.Leading
	k.loading = learner
	n.mu.Unlock()
	if !learner {
		return fmt.Errorf("a snapshot came from a learner")
	}
	tree, err := n.o.App.ReadSnapshot(k.Body(), zxid)
	if err != nil {
		return fmt.Errorf("read the leader's snapshot of %v: %w", zxid, err)
	}
	end, err := k.Body().Peek(len(snapshotEnd))
	if err != nil {
		return fmt.Errorf("read the end of the leader's snapshot of %v: %w", zxid, err)
	}
	if !bytes.Equal(end, snapshotEnd) {
		return fmt.Errorf("the leader's snapshot of %v ends with %q", zxid, end)
	}
	if _, err := k.Body().Discard(len(snapshotEnd)); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	k.loading = false
	if n.links[k.id] == k {
		k.tree, k.zxid = tree, zxid
	}
	return nil
}

// feedProgress tells the core of the links on which a long stream moves: nothing else is said
// there meanwhile. The lock is held.
func (n *Node) feedProgress() {
	for _, k := range n.links {
		moved := k.streamed.Load()
		if k.loading {
			moved += k.Received()
		}
		if moved != k.moved {
			k.moved = moved
			n.core.LinkAlive(k.id)
		}
	}
}

// stream queues what run writes, and counts it.
func (k *link) stream(run func(io.Writer) error) {
	k.SendStream(func(w io.Writer) error { return run(counter{w, &k.streamed}) })
}

type counter struct {
	io.Writer
	n *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// arrived takes the snapshot that was read from a link. The lock is held.
func (n *Node) arrived(id zab.LinkID, zxid zab.Zxid) (any, error) {
	k := n.links[id]
	if k == nil || k.tree == nil || k.zxid != zxid {
		return nil, fmt.Errorf("install a snapshot of %v from link %d: none has been read there", zxid, id)
	}
	tree := k.tree
	k.tree = nil
	return tree, nil
}
