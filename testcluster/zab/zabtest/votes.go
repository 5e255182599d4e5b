package zabtest

import "github.com/zoka-project/zoka/testcluster/zab"

// The election network: at most one connection for each pair of servers, which is made when there is something to be
// said, and a queue of one notification for each direction, in which the newest replaces the one before.

// pair is the connection of two servers.
type pair struct {
	w       *World
	up      bool
	dialing bool
	life    int // counts the connections: what belongs to an earlier one is lost
	mouths  [2]*mouth
}

// mouth is one direction of a pair.
type mouth struct {
	pair     *pair
	from, to *server
	waiting  *zab.Notification
	last     *zab.Notification
	flight   []voice
	busy     bool
	wait     Time // before the next dial
	told     string
}

type voice struct {
	n  *zab.Notification
	at Time
}

const (
	redialMin, redialMax = 50 * ms, 1000 * ms
	dialTimeout          = 500 * ms
)

func newPair(w *World, a, b *server) *pair {
	p := &pair{w: w}
	p.mouths = [2]*mouth{{pair: p, from: a, to: b, wait: redialMin}, {pair: p, from: b, to: a, wait: redialMin}}
	return p
}

func (w *World) pair(a, b *server) *pair {
	if a.id < b.id {
		a, b = b, a
	}
	return w.pairs[a.id-1][b.id-1]
}

func (w *World) mouth(from, to *server) *mouth {
	p := w.pair(from, to)
	if p.mouths[0].from == from {
		return p.mouths[0]
	}
	return p.mouths[1]
}

// notify takes a notification from a server.
func (w *World) notify(s *server, n zab.Notification) {
	to := w.server(n.To)
	if to == nil || n.From != s.id {
		w.fail(s, "a notification from %d to %d", n.From, n.To)
		return
	}
	if to == s {
		life := s.life
		w.after(0, func() { s.input(life, func(m Machine) { m.Notified(n) }) })
		return
	}
	m := w.mouth(s, to)
	m.waiting, m.wait = &n, redialMin
	m.pump()
}

// pump sends what is waiting, if it can.
func (m *mouth) pump() {
	if m.waiting == nil || m.busy || m.from.core == nil {
		return
	}
	if !m.pair.up {
		m.dial()
		return
	}
	w := m.pair.w
	at := w.now + w.way(m.from, m.to).delay()
	if n := len(m.flight); n > 0 {
		at = max(at, m.flight[n-1].at)
	}
	m.last, m.waiting = m.waiting, nil
	m.flight = append(m.flight, voice{m.last, at})
	m.expect()
	m.busy = true
	w.after(100, func() { m.busy = false; m.pump() })
}

// expect plans the arrival of what was sent last.
func (m *mouth) expect() {
	life := m.pair.life
	m.pair.w.agenda.add(m.flight[len(m.flight)-1].at, func() { m.arrive(life) })
}

// arrive hands over everything whose time has come, unless the way is cut: then it stays.
func (m *mouth) arrive(life int) {
	w := m.pair.w
	for m.pair.life == life && len(m.flight) > 0 && m.flight[0].at <= w.now && !w.way(m.from, m.to).cut {
		n := m.flight[0].n
		m.flight = m.flight[1:]
		w.tell.vote(w, m, n)
		m.to.input(m.to.life, func(core Machine) { core.Notified(*n) })
	}
}

// dial makes the connection, or finds out that nobody listens.
func (m *mouth) dial() {
	p, w := m.pair, m.pair.w
	if p.dialing {
		return
	}
	p.dialing = true
	d := w.way(m.from, m.to).delay()
	w.after(d, func() {
		switch {
		case p.up || m.from.core == nil:
			p.dialing = false
		case w.cut(m.from, m.to):
			w.after(dialTimeout, func() { p.dialing = false; p.pump() })
		case m.to.core == nil:
			p.dialing = false
			m.from.input(m.from.life, func(core Machine) { core.Reachable(m.to.id, false) })
			wait := m.wait
			m.wait = min(2*m.wait, redialMax)
			w.after(wait, m.pump)
		default:
			p.dialing = false
			p.connect()
		}
	})
}

func (p *pair) connect() {
	p.up = true
	p.life++
	for _, m := range p.mouths {
		m.flight, m.wait = nil, redialMin
		if m.waiting == nil {
			m.waiting = m.last // as Apache does: a stale one may turn up
		}
		m.from.input(m.from.life, func(core Machine) { core.Reachable(m.to.id, true) })
	}
	p.pump()
}

// end breaks the connection.
func (p *pair) end() {
	p.up = false
	p.life++
	for _, m := range p.mouths {
		m.flight = nil
	}
	p.pump()
}

func (p *pair) pump() {
	for _, m := range p.mouths {
		m.pump()
	}
}

// healed goes on where a cut has held things back.
func (p *pair) healed() {
	for _, m := range p.mouths {
		m.arrive(p.life)
	}
}

// forget is what a crash does to the notifications of a server.
func (w *World) forget(s *server) {
	for _, t := range w.servers {
		if t == s {
			continue
		}
		m := w.mouth(s, t)
		m.waiting, m.last = nil, nil
		m.pair.end()
	}
}
