package zab

import (
	"fmt"
	"slices"
)

// node is a server: a core, its disk, its tree.
type node struct {
	g    *group
	cfg  Config
	core *Core
	role Role
	// life changes with every crash, so that what was on its way to the life before is lost.
	life int
	// cut: no connection from or to it.
	up, cut bool

	disk Durable
	log  []Entry
	snap []Entry // the tree of the snapshot; log begins behind its last
	tree []Entry
	// hold: the disk writes nothing.
	hold bool
	ops  []DiskOp

	streams map[LinkID][]Entry // trees that came with SNAP
	// lost: the log files are not there for learners.
	lost bool

	confirmed []uint64
	sent      []Outgoing
	got       []Packet // as a learner
}

func (n *node) start() {
	n.up = true
	n.tree = append(slices.Clone(n.snap), n.log...)
	if len(n.tree) > 0 {
		n.disk.Last = n.tree[len(n.tree)-1].Zxid
	}
	if len(n.snap) > 0 {
		n.disk.Floor = n.snap[len(n.snap)-1].Zxid
	}
	core, err := New(n.cfg, n.disk)
	if err != nil {
		n.g.t.Fatal(err)
	}
	n.core = core
	for _, m := range n.g.others(n) {
		if m.up && !m.cut && !n.cut {
			m.core.Reachable(n.cfg.ID, true)
			m.pump()
		}
	}
	n.pump()
}

// crash loses what the disk has not written.
func (n *node) crash() {
	n.up = false
	n.life++
	n.ops, n.streams, n.sent, n.got = nil, nil, nil, nil
	n.role = Role{}
	n.breakLinks()
	for _, m := range n.g.others(n) {
		if m.up && !m.cut && !n.cut {
			m.core.Reachable(n.cfg.ID, false)
			m.pump()
		}
	}
}

func (n *node) restart() {
	n.crash()
	n.start()
}

// isolate cuts the connections, or allows them again.
func (n *node) isolate(cut bool) {
	n.cut = cut
	if cut {
		n.breakLinks()
	}
}

func (n *node) breakLinks() {
	for id := LinkID(1); id <= n.g.lastID; id++ {
		if w := n.g.wires[id]; w != nil && (w.learner == n || w.leader == n) {
			n.g.hangUp(id, nil)
		}
	}
}

// later does something to a core, in its life as it is.
func (n *node) later(f func()) {
	life := n.life
	n.g.later(func() {
		if n.up && n.life == life {
			f()
			n.pump()
		}
	})
}

// pump carries out what the core wants.
func (n *node) pump() {
	for r, ok := n.core.Ready(); ok; r, ok = n.core.Ready() {
		n.carryOut(r)
	}
}

func (n *node) carryOut(r Ready) {
	g := n.g
	if r.Role != nil {
		n.role = *r.Role
		if n.role.Serving() {
			n.checkTree()
		}
	}
	for _, note := range r.Notifications {
		if m := g.nodes[note.To-1]; m.up && !m.cut && !n.cut {
			m.later(func() { m.core.Notified(note) })
		}
	}
	if r.Dial != nil {
		n.dial(g.nodes[*r.Dial-1])
	}
	for _, e := range r.Commit {
		n.apply(e)
	}
	if r.Role != nil && n.role.State == Leading && n.role.Phase == Broadcast && len(n.tree) < len(g.history) {
		g.t.Fatalf("server %d leads with %d transactions, %d are committed", n.cfg.ID, len(n.tree), len(g.history))
	}
	for _, o := range r.Send {
		n.deliver(o)
	}
	for _, l := range r.Close {
		g.hangUp(l, n)
	}
	n.ops = append(n.ops, r.Disk...)
	if !n.hold {
		n.write(len(n.ops))
	}
	n.confirmed = append(n.confirmed, r.Confirmed...)
	for _, p := range r.Probe {
		n.later(func() { n.core.Probed(p.Link, n.probe(p.Zxid)) })
	}
}

func (n *node) dial(to *node) {
	g := n.g
	term := n.core.term
	g.lastID++
	id := g.lastID
	g.later(func() {
		switch {
		case !n.up || n.core.term != term:
		case !to.up || to.cut || n.cut || to.role.State != Leading:
			n.later(n.core.DialFailed)
		default:
			g.wires[id] = &cable{learner: n, leader: to}
			to.later(func() { to.core.LinkUp(id) })
			n.later(func() { n.core.LinkUp(id) })
		}
	})
}

func (n *node) deliver(o Outgoing) {
	n.sent = append(n.sent, o)
	w := n.g.wires[o.Link]
	if w == nil {
		return
	}
	to := w.other(n)
	receive := func(p Packet) {
		to.later(func() {
			if n.g.wires[o.Link] == w {
				if to == w.learner {
					to.got = append(to.got, p)
				}
				to.core.Receive(o.Link, &p)
			}
		})
	}
	switch {
	case o.LogTo != 0:
		for _, e := range n.log {
			if e.Zxid > o.LogFrom && e.Zxid <= o.LogTo {
				receive(Packet{Type: Proposal, Zxid: e.Zxid, Data: e.Data})
				receive(Packet{Type: Commit, Zxid: e.Zxid})
			}
		}
	case o.Packet.Type == Snap:
		tree := slices.Clone(n.tree)
		to.later(func() {
			if to.streams == nil {
				to.streams = map[LinkID][]Entry{}
			}
			to.streams[o.Link] = tree
		})
		receive(o.Packet)
	default:
		receive(o.Packet)
	}
}

// probe answers as log files would that reach back to the snapshot.
func (n *node) probe(z Zxid) ProbeResult {
	if n.lost {
		return ProbeResult{}
	}
	var r ProbeResult
	for _, e := range n.log {
		if e.Zxid <= z {
			r = ProbeResult{Found: true, Before: e.Zxid}
		}
	}
	return r
}

// checkTree holds the tree of a server that begins to serve against what has been committed. All of it is: after a
// restart it may have what nobody has given out.
func (n *node) checkTree() {
	n.g.t.Helper()
	for i, e := range n.tree {
		n.g.commits(n, i, e)
	}
}

// apply puts a commit into the tree.
func (n *node) apply(e Entry) {
	n.g.t.Helper()
	n.g.commits(n, len(n.tree), e)
	n.tree = append(n.tree, e)
}

// write makes the first ops durable.
func (n *node) write(count int) {
	n.g.t.Helper()
	for _, op := range n.ops[:count] {
		n.writeOp(op)
		n.later(func() { n.core.Persisted(op.Seq) })
	}
	n.ops = slices.Clone(n.ops[count:])
}

func (n *node) writeOp(op DiskOp) {
	cut := func(list []Entry, z Zxid) []Entry {
		return slices.DeleteFunc(slices.Clone(list), func(e Entry) bool { return e.Zxid > z })
	}
	switch op.Kind {
	case AppendTxn:
		if len(n.log) > 0 && n.log[len(n.log)-1].Zxid >= op.Entry.Zxid {
			n.g.t.Fatalf("server %d logs %s behind %s", n.cfg.ID, op.Entry.Zxid, n.log[len(n.log)-1].Zxid)
		}
		n.log = append(n.log, op.Entry)
	case WriteAccepted:
		n.disk.Accepted = op.Epoch
	case WriteCurrent:
		n.disk.Current = op.Epoch
	case TruncateLog:
		if len(n.snap) > 0 && n.snap[len(n.snap)-1].Zxid > op.Zxid {
			n.g.t.Fatalf("server %d is to cut its log to %s, below its snapshot", n.cfg.ID, op.Zxid)
		}
		n.log, n.tree = cut(n.log, op.Zxid), cut(n.tree, op.Zxid)
		n.disk.Last = op.Zxid
	case InstallSnapshot:
		stream, ok := n.streams[op.Link]
		if !ok {
			n.g.t.Fatalf("server %d has no stream of link %d", n.cfg.ID, op.Link)
		}
		// What is later in it comes again; here the tree is a list, so that it has to go.
		n.snap = cut(stream, op.Zxid)
		n.log, n.tree = nil, slices.Clone(n.snap)
		n.disk.Last = op.Zxid
	}
}

// propose has the leader propose count transactions.
func (n *node) propose(count int) {
	n.g.t.Helper()
	for range count {
		err := n.core.Propose(func(z Zxid) []byte { return fmt.Appendf(nil, "%s by %d", z, n.cfg.ID) })
		if err != nil {
			n.g.t.Fatalf("server %d: %v", n.cfg.ID, err)
		}
		n.pump()
	}
}

// synced are the types of the packets that a learner has received since the last DIFF, TRUNC or SNAP.
func (n *node) synced() []PacketType {
	var out []PacketType
	for _, p := range n.got {
		switch p.Type {
		case Diff, Trunc, Snap:
			out = nil
		case Ping, LeaderInfo:
			continue
		}
		out = append(out, p.Type)
	}
	return out
}
