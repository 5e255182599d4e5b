package quorum

import (
	"io"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// dispatch hands out what the core wants done. The lock is held.
func (n *Node) dispatch() {
	for n.end == nil {
		r, ok := n.core.Ready()
		if !ok {
			return
		}
		n.carryOut(&r)
	}
}

func (n *Node) carryOut(r *zab.Ready) {
	n.story.tell(r)
	if r.Role != nil {
		n.assume(r.Role)
	}
	n.write(r.Disk) // first, as the disk takes longest
	if n.end != nil {
		return
	}
	for _, id := range r.Close {
		if n.drop(id) && n.role.State == zab.Leading {
			n.o.App.LinkDown(id)
		}
	}
	n.send(r.Send)
	if len(r.Commit) > 0 {
		n.o.App.Commit(r.Commit)
	}
	if len(r.Confirmed) > 0 {
		n.o.App.Confirmed(r.Confirmed)
	}
	for _, p := range r.Probe {
		n.done.Go(func() { n.probe(p) })
	}
	if r.Dial != nil {
		n.connect(*r.Dial)
	}
	for i := range r.Notifications {
		n.election.Send(r.Notifications[i])
	}
}

// assume takes over a role: ports and dials are those of the state.
func (n *Node) assume(r *zab.Role) {
	if n.role.Serving() && !r.Serving() {
		select {
		case n.hurry <- struct{}{}:
		default:
		}
	}
	n.role = *r
	if r.State == zab.Leading {
		n.openPort()
	} else {
		n.closePort()
	}
	if r.State == zab.Looking || r.State == zab.Leading {
		n.hangUp()
	}
	n.o.App.Role(*r)
}

// send queues packets; those for the same link that follow each other go in one call.
func (n *Node) send(list []zab.Outgoing) {
	for i := 0; i < len(list); i++ {
		out := &list[i]
		k := n.links[out.Link]
		if k == nil {
			continue
		}
		if out.LogTo != 0 {
			from, to := out.LogFrom, out.LogTo
			k.stream(func(w io.Writer) error { return n.writeLog(w, from, to) })
			continue
		}
		n.batch = append(n.batch[:0], n.complete(&out.Packet))
		for out.Packet.Type != zab.Snap && i+1 < len(list) && list[i+1].Link == out.Link && list[i+1].LogTo == 0 {
			i++
			out = &list[i]
			n.batch = append(n.batch, n.complete(&out.Packet))
		}
		k.Send(n.batch...)
		if out.Packet.Type == zab.Snap {
			zxid := out.Packet.Zxid
			k.stream(func(w io.Writer) error { return n.writeSnapshot(w, zxid) })
		}
	}
	clear(n.batch)
}

// complete adds to a learner's PING what the core does not know.
func (n *Node) complete(p *zab.Packet) *zab.Packet {
	if p.Type == zab.Ping && n.role.State != zab.Leading {
		p.Data = n.o.App.Touched()
	}
	return p
}
