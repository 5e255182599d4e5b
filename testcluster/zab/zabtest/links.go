package zabtest

import (
	"math/rand/v2"
	"slices"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// link is a connection of a learner to its leader's quorum port: two pipes.
type link struct {
	id              zab.LinkID
	learner, leader *server
	up, down        *pipe // to the leader, to the learner
}

func (l *link) in(s *server) *pipe {
	if s == l.leader {
		return l.up
	}
	return l.down
}

func (l *link) out(s *server) *pipe {
	if s == l.leader {
		return l.down
	}
	return l.up
}

// pipe is one direction of a link: what goes in comes out in order, or not at all from some point on.
type pipe struct {
	w        *World
	link     *link
	from, to *server
	life     int // of to
	queue    []*item
	last     Time
	planned  bool
	// closed: to has closed its end, and what arrives is lost.
	closed bool
	rng    *rand.Rand
}

// item is what a pipe carries: a packet, a request between drivers, or the end.
type item struct {
	at      Time
	packet  *zab.Packet
	request *request
	end     bool
	// A SNAP's tree is what the sender has at some moment while the stream is written.
	tree    []zab.Entry
	waiting bool
}

func (w *World) newLink(learner, leader *server) *link {
	w.links++
	l := &link{id: w.links, learner: learner, leader: leader}
	l.up = &pipe{w: w, link: l, from: learner, to: leader, life: leader.life, rng: w.chance("up", int(l.id))}
	l.down = &pipe{w: w, link: l, from: leader, to: learner, life: learner.life, rng: w.chance("down", int(l.id))}
	learner.links[l.id], leader.links[l.id] = l, l
	w.pipes = append(w.pipes, l.up, l.down)
	return l
}

// put sends an item, which takes so much longer than others.
func (p *pipe) put(i *item, longer Time) {
	p.last = max(p.last, p.w.now+p.w.way(p.from, p.to).delay()+longer)
	i.at = p.last
	p.queue = append(p.queue, i)
	p.plan()
}

// plan sees to the delivery of the first item.
func (p *pipe) plan() {
	if p.planned || len(p.queue) == 0 || p.queue[0].waiting || p.w.way(p.from, p.to).cut {
		return
	}
	p.planned = true
	p.w.agenda.add(max(p.w.now, p.queue[0].at), p.deliver)
}

func (p *pipe) deliver() {
	p.planned = false
	if len(p.queue) == 0 || p.queue[0].at > p.w.now || p.queue[0].waiting || p.w.way(p.from, p.to).cut {
		p.plan()
		return
	}
	i := p.queue[0]
	p.queue = p.queue[1:]
	p.to.input(p.life, func(m Machine) {
		if !p.closed {
			p.to.take(m, p, i)
		}
	})
	p.plan()
}

// putSnap sends a tree. It is read a while after the packet has been sent, and takes its time.
func (p *pipe) putSnap(packet *zab.Packet) {
	i := &item{packet: packet, waiting: true}
	longer := Time(p.rng.IntN(3)) * Time(p.rng.IntN(40)) * tick
	s, life := p.from, p.from.life
	p.put(i, longer)
	for at := 5 * tick; at < longer; at += 5 * tick {
		p.w.after(at, p.alive)
	}
	p.w.after(longer/2, func() {
		if s.life == life && s.links[p.link.id] == p.link {
			i.tree, i.waiting = s.tree[:len(s.tree):len(s.tree)], false
			p.plan()
		}
	})
}

// alive tells the learner that its snapshot is still arriving.
func (p *pipe) alive() {
	if !p.closed && len(p.queue) > 0 && p.queue[0].packet != nil && p.queue[0].packet.Type == zab.Snap && !p.w.way(p.from, p.to).cut {
		p.to.input(p.life, func(m Machine) {
			if !p.closed {
				m.LinkAlive(p.link.id)
			}
		})
	}
}

// tear loses some of what is under way, and then there is the end.
func (p *pipe) tear() {
	keep := p.rng.IntN(len(p.queue) + 1)
	p.queue = p.queue[:keep]
	p.finish()
}

// finish ends the pipe behind what is under way. A stream that nobody writes on is cut short.
func (p *pipe) finish() {
	if n := len(p.queue); n > 0 && p.queue[n-1].end {
		return
	}
	if i := slices.IndexFunc(p.queue, func(i *item) bool { return i.waiting }); i >= 0 {
		p.queue = p.queue[:i]
	}
	p.put(&item{end: true}, 0)
}

// close is a server closing its end.
func (l *link) close(s *server) {
	delete(s.links, l.id)
	l.in(s).closed = true
	l.out(s).finish()
}

// openLinks are a server's, in their order.
func (s *server) openLinks() []*link {
	all := make([]*link, 0, len(s.links))
	for _, l := range s.links {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *link) int { return int(a.id) - int(b.id) })
	return all
}

// healedPipes goes on where a cut has held things back, and forgets the pipes that are no more.
func (w *World) healedPipes() {
	w.pipes = slices.DeleteFunc(w.pipes, func(p *pipe) bool { return p.closed || p.to.life != p.life })
	for _, p := range w.pipes {
		p.plan()
	}
}
