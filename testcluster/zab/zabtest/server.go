package zabtest

import (
	"math/rand/v2"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// server is one driver of the core, as simple as it can be: everything that the core asks for is begun at once.
type server struct {
	w    *World
	id   zab.ServerID
	core Machine // nil while it is down
	life int     // counts its starts: what was meant for an earlier one is lost
	rng  *rand.Rand
	disk disk

	paused bool
	inbox  []func() // what has come in meanwhile

	role zab.Role
	told string // of it
	// term counts the stretches of serving.
	term  int
	links map[zab.LinkID]*link
	// streams are the trees that have come with a SNAP.
	streams map[zab.LinkID][]zab.Entry
	dials   int // counts the dials: only the answer to the last one counts

	// tree is what has been applied; its first verified entries are known to be committed.
	tree     []zab.Entry
	verified int
	// moves has the last generation of each session seen in this term.
	moves map[int]int
}

func newServer(w *World, id zab.ServerID) *server {
	return &server{w: w, id: id, rng: w.chance("server", int(id)), disk: disk{rng: w.chance("disk", int(id))}}
}

func (s *server) leads() bool  { return s.serves() && s.role.State == zab.Leading }
func (s *server) serves() bool { return s.core != nil && s.role.Serving() }

// start starts it from its disk.
func (s *server) start() {
	if s.core != nil {
		return
	}
	w := s.w
	d := zab.Durable{Accepted: s.disk.accepted, Current: s.disk.current, Last: s.disk.last(), Floor: s.disk.snapZxid}
	core, err := w.make(w.config(s.id), d)
	if err != nil {
		w.fail(s, "it cannot start from %+v: %v", d, err)
		return
	}
	s.life++
	s.core, s.role, s.told = core, zab.Role{}, ""
	s.links, s.streams, s.moves = map[zab.LinkID]*link{}, map[zab.LinkID][]zab.Entry{}, map[int]int{}
	s.tree, s.verified = s.disk.load(), 0
	s.drain()
	every := tick + tick*Time(s.rng.IntN(2*w.Skew+1)-w.Skew)/100
	s.tickEvery(every, s.life)
}

func (s *server) tickEvery(every Time, life int) {
	var next func()
	next = func() {
		if s.core == nil || s.life != life {
			return
		}
		if !s.paused { // a driver that stood still does not catch up
			s.core.Tick()
			s.drain()
		}
		s.w.after(every, next)
	}
	s.w.after(Time(s.rng.IntN(int(every))), next)
}

// crash stops it dead. Of what was not synced, some has reached the disk.
func (s *server) crash() {
	if s.core != nil {
		s.stop(s.disk.rng.IntN(len(s.disk.pending)+1), s.disk.rng.IntN(2) == 0)
	}
}

// lose stops it dead, and nothing that was not synced is left.
func (s *server) lose() {
	if s.core != nil {
		s.stop(0, false)
	}
}

func (s *server) stop(reached int, half bool) {
	w := s.w
	w.stats.Crashes++
	if s.role.Serving() {
		s.term++
	}
	s.core, s.paused, s.inbox = nil, false, nil
	if err := s.disk.crash(reached, half); err != nil {
		w.fail(s, "%v", err)
	}
	w.checkDurable(s, 0)
	w.forget(s)
	for _, l := range s.openLinks() {
		delete(s.links, l.id)
		l.in(s).closed = true
		l.out(s).tear()
	}
}

// input has something happen to it: at once, or when it goes on.
func (s *server) input(life int, happen func(Machine)) {
	switch {
	case s.core == nil || s.life != life || s.w.err != nil:
	case s.paused:
		s.inbox = append(s.inbox, func() { s.input(life, happen) })
	default:
		happen(s.core)
		s.drain()
	}
}

func (s *server) resume() {
	s.paused = false
	inbox := s.inbox
	s.inbox = nil
	for _, do := range inbox {
		do()
	}
	s.disk.begin(s)
}

const readyLimit = 10000

// drain carries out what has come up.
func (s *server) drain() {
	for n := 0; s.core != nil; n++ {
		r, ok := s.core.Ready()
		if !ok {
			return
		}
		if n == readyLimit {
			s.w.fail(s, "Ready has no end")
			return
		}
		s.carryOut(&r)
	}
}

func (s *server) carryOut(r *zab.Ready) {
	w := s.w
	served := s.role.Serving()
	if r.Role != nil {
		s.become(*r.Role)
	}
	for _, n := range r.Notifications {
		w.notify(s, n)
	}
	for _, id := range r.Close {
		if l := s.links[id]; l != nil {
			l.close(s)
		}
	}
	if r.Dial != nil {
		s.dial(*r.Dial)
	}
	s.apply(r.Commit)
	if r.Role != nil && !served && s.role.Serving() {
		w.checkServing(s)
	}
	for i := range r.Send {
		s.send(&r.Send[i])
	}
	s.write(r.Disk)
	for _, token := range r.Confirmed {
		s.confirmed(token)
	}
	for _, p := range r.Probe {
		s.probe(p)
	}
}

func (s *server) become(r zab.Role) {
	if s.role.Serving() || r.Serving() {
		s.term++
	}
	if r.State == zab.Looking || r.Phase == zab.Election {
		s.dials++
	}
	s.role, s.moves = r, map[int]int{}
	s.w.tell.role(s.w, s)
}

// dial connects it to a leader, which listens only while it leads.
func (s *server) dial(to zab.ServerID) {
	w, leader := s.w, s.w.server(to)
	if leader == nil || leader == s {
		w.fail(s, "it dials server %d", to)
		return
	}
	s.dials++
	life, n := s.life, s.dials
	fail := func() {
		s.input(life, func(m Machine) {
			if s.dials == n {
				m.DialFailed()
			}
		})
	}
	w.after(w.way(s, leader).delay(), func() {
		switch {
		case s.core == nil || s.life != life || s.dials != n:
		case w.cut(s, leader):
			w.after(dialTimeout, fail)
		case leader.core == nil || leader.role.State != zab.Leading:
			w.after(w.way(leader, s).delay(), fail)
		default:
			l := w.newLink(s, leader)
			leader.linkUp(l)
			s.linkUp(l)
		}
	})
}

func (s *server) linkUp(l *link) {
	s.input(s.life, func(m Machine) {
		if s.links[l.id] == l {
			m.LinkUp(l.id)
		}
	})
}

// send puts what the core sends into its link.
func (s *server) send(o *zab.Outgoing) {
	l := s.links[o.Link]
	if l == nil {
		return
	}
	out := l.out(s)
	switch {
	case o.LogTo != 0:
		s.w.stats.Log++
		s.sendLog(out, o.LogFrom, o.LogTo)
	case o.Packet.Type == zab.Snap:
		s.w.stats.Snap++
		out.putSnap(&o.Packet)
	default:
		switch o.Packet.Type {
		case zab.Diff:
			s.w.stats.Diff++
		case zab.Trunc:
			s.w.stats.Trunc++
		}
		out.put(&item{packet: &o.Packet}, 0)
	}
}

// sendLog sends transactions from the log files. If they are gone, the link is.
func (s *server) sendLog(out *pipe, from, to zab.Zxid) {
	log := s.disk.log
	if n := after(log, from); n == 0 || lastOf(log) < to {
		l := out.link
		l.close(s)
		life := s.life
		s.w.after(0, func() { s.input(life, func(m Machine) { m.LinkDown(l.id) }) })
		return
	}
	for _, e := range log[after(log, from):after(log, to)] {
		out.put(&item{packet: &zab.Packet{Type: zab.Proposal, Zxid: e.Zxid, Data: e.Data}}, 0)
		out.put(&item{packet: &zab.Packet{Type: zab.Commit, Zxid: e.Zxid}}, 0)
	}
}

// take has a link's item arrive.
func (s *server) take(m Machine, p *pipe, i *item) {
	id := p.link.id
	switch {
	case i.end:
		p.link.close(s)
		m.LinkDown(id)
	case i.request != nil:
		s.handle(m, p.link, i)
	default:
		s.w.tell.packet(s.w, p, i.packet)
		if i.packet.Type == zab.Snap {
			s.streams[id] = i.tree
		}
		m.Receive(id, i.packet)
	}
}

// apply puts committed transactions into the tree. Those that are there already - from the log that was replayed at
// the start, or from a snapshot that was taken while it changed - must be the same.
func (s *server) apply(entries []zab.Entry) {
	w := s.w
	for _, e := range entries {
		w.tell.commit(w, s, e)
		at := after(s.tree, e.Zxid-1)
		switch {
		case at < len(s.tree):
			if !same(s.tree[at], e) {
				w.fail(s, "%s is committed, and its tree has %s", show(e), show(s.tree[at]))
				return
			}
		case len(s.tree) > 0 && !follows(lastOf(s.tree), e.Zxid):
			w.fail(s, "%s is committed after %v", show(e), lastOf(s.tree))
			return
		default:
			s.tree = append(s.tree, e)
		}
		w.checkCommitted(s, at+1)
	}
}

func (s *server) probe(p zab.Probe) {
	life := s.life
	s.w.after(s.w.draw(s.rng, s.w.DiskMin, s.w.DiskMax, s.w.DiskSpike), func() {
		r := s.disk.probe(p.Zxid)
		if s.w.DearProbe > 0 && s.rng.IntN(1000) < s.w.DearProbe {
			r = zab.ProbeResult{}
		}
		s.input(life, func(m Machine) { m.Probed(p.Link, r) })
	})
}
