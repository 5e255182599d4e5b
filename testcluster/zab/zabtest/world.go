package zabtest

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// World is an ensemble with its network, disks and clients. Everything in it follows from its knobs and from what it
// is told to do.
type World struct {
	Knobs
	make    NewMachine
	now     Time
	agenda  agenda
	servers []*server
	pairs   [][]*pair
	ways    [][]*way
	links   zab.LinkID
	pipes   []*pipe
	clients []*session
	reads   map[uint64]*read
	tokens  uint64
	history history
	tell    teller
	stats   Stats
	err     error
}

// Stats count what has happened, so that a test can tell whether the world has been through anything.
type Stats struct {
	Leaders, Committed, Confirmed, Crashes int
	Diff, Trunc, Snap, Log                 int
	Time                                   Time
}

// Add adds those of another world.
func (s *Stats) Add(t Stats) {
	s.Leaders += t.Leaders
	s.Committed += t.Committed
	s.Confirmed += t.Confirmed
	s.Crashes += t.Crashes
	s.Diff += t.Diff
	s.Trunc += t.Trunc
	s.Snap += t.Snap
	s.Log += t.Log
	s.Time += t.Time
}

// String is one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d s of theirs, %d leaders, %d transactions, %d confirmed reads, %d crashes, synchronised by DIFF %d, TRUNC %d, SNAP %d, log %d",
		s.Time/1e6, s.Leaders, s.Committed, s.Confirmed, s.Crashes, s.Diff, s.Trunc, s.Snap, s.Log)
}

// Violation is a breach of what the protocol promises.
type Violation struct {
	At     Time
	Server zab.ServerID
	Text   string
}

func (v *Violation) Error() string { return fmt.Sprintf("server %d: %s", v.Server, v.Text) }

// NewWorld makes a world whose servers have not been started.
func NewWorld(k Knobs, make NewMachine) *World {
	w := &World{Knobs: k, make: make, reads: map[uint64]*read{}, history: newHistory()}
	n := k.Voters + k.Observers
	for i := range n {
		w.servers = append(w.servers, newServer(w, zab.ServerID(i+1)))
	}
	for i := range n {
		w.pairs = append(w.pairs, nil)
		w.ways = append(w.ways, nil)
		for j := range n {
			w.ways[i] = append(w.ways[i], newWay(w, i, j))
			if j < i {
				w.pairs[i] = append(w.pairs[i], newPair(w, w.servers[i], w.servers[j]))
			}
		}
	}
	return w
}

// chance is a source of random numbers for one purpose: what one thing draws does not change what another one gets.
func (k *Knobs) chance(purpose string, n int) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, b := range []byte(purpose) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(uint64(k.Seed), h+uint64(n)))
}

// Stats are those so far.
func (w *World) Stats() Stats {
	s := w.stats
	s.Committed, s.Leaders, s.Time = len(w.history.entries), len(w.history.leaders), w.now
	return s
}

// Err is the first violation; nothing happens after it.
func (w *World) Err() error { return w.err }

// fail records a violation.
func (w *World) fail(s *server, format string, args ...any) {
	if w.err == nil {
		w.err = &Violation{w.now, s.id, fmt.Sprintf(format, args...)}
	}
}

func (w *World) after(d Time, do func()) { w.agenda.add(w.now+d, do) }

// run lets time pass.
func (w *World) run(d Time) {
	until := w.now + d
	defer func() {
		if r := recover(); r != nil {
			w.err = &Violation{w.now, 0, fmt.Sprintf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	for w.err == nil {
		e, ok := w.agenda.next(until)
		if !ok {
			break
		}
		w.now = e.at
		e.do()
	}
	w.now = until
}

func (w *World) server(id zab.ServerID) *server {
	if id < 1 || int(id) > len(w.servers) {
		return nil
	}
	return w.servers[id-1]
}

// leader is the server that leads the highest epoch, if any.
func (w *World) leader() *server {
	var best *server
	for _, s := range w.servers {
		if s.leads() && (best == nil || s.role.Epoch > best.role.Epoch) {
			best = s
		}
	}
	return best
}

// quorum says whether the voters for which has is true are a majority.
func (w *World) quorum(has func(*server) bool) bool {
	n := 0
	for _, s := range w.servers[:w.Voters] {
		if has(s) {
			n++
		}
	}
	return n > w.Voters/2
}

// way is what lies between two servers in one direction.
type way struct {
	from, to int
	w        *World
	rng      *rand.Rand
	cut      bool
}

func newWay(w *World, from, to int) *way {
	return &way{w: w, from: from, to: to, rng: w.chance("way", from*maxServers+to)}
}

// delay is how long the next thing takes on this way.
func (y *way) delay() Time { return y.w.draw(y.rng, y.w.NetMin, y.w.NetMax, y.w.NetSpike) }

func (w *World) draw(rng *rand.Rand, least, most, spike int) Time {
	d := Time(least)
	if most > least {
		d += Time(rng.IntN(most - least))
	}
	if spike > 0 && rng.IntN(1000) < spike {
		d *= 10
	}
	return d
}

func (w *World) way(from, to *server) *way { return w.ways[from.id-1][to.id-1] }
func (w *World) cut(a, b *server) bool     { return w.way(a, b).cut || w.way(b, a).cut }
