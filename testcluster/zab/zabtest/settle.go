package zabtest

import (
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// doSettle ends all faults, and waits until all servers serve and agree. Then it has one session write through each
// of them, and waits for that.
func (w *World) doSettle([]string) error {
	if err := w.doHeal(nil); err != nil {
		return err
	}
	// Slowness is a fault too, where it comes near the timeouts.
	w.NetMax, w.NetSpike = max(w.NetMin, min(w.NetMax, int(2*tick))), 0
	w.DiskMax, w.DiskSpike = max(w.DiskMin, min(w.DiskMax, int(2*tick))), 0
	for _, s := range w.servers {
		s.disk.hold, s.disk.crashAfter = false, 0
		s.start()
		if s.paused {
			s.resume()
		}
		s.disk.begin(s)
	}
	w.run(500 * tick) // what was slow before arrives late
	if !w.settled("after everything was healed") {
		return nil
	}
	c := w.session(len(w.clients) + 1)
	for _, s := range w.servers {
		// The first write may find the epoch used up. Then it is lost, and a new leader takes the second.
		if !w.written(c, s) && (w.EpochSize == 0 || !w.written(c, s)) {
			w.fail(s, "a write through it was not committed, with everything healed")
		}
	}
	return nil
}

// written has a session write through a server, and says whether that was committed.
func (w *World) written(c *session, s *server) bool {
	before := len(w.history.entries)
	w.writes(c, s, 1)
	return !w.settled("after a write through each server") || len(w.history.entries) > before
}

// settled waits until all is well.
func (w *World) settled(when string) bool {
	limit := w.now + Time(10*w.InitLimit*w.TickTime+10*w.NotifyMax)*tick
	for w.err == nil {
		w.run(5 * tick)
		if w.well() {
			return true
		}
		if w.now > limit {
			var state []string
			for _, s := range w.servers {
				state = append(state, fmt.Sprintf("%d: %s, %d applied of %d, %d disk operations wait, %+v",
					s.id, roleText(&s.role), len(s.tree), len(w.history.entries), len(s.disk.pending), s.core.Status()))
			}
			w.err = &Violation{w.now, 0, fmt.Sprintf("no agreement %s:\n%s", when, strings.Join(state, "\n"))}
		}
	}
	return false
}

// well says whether all servers serve in one epoch and have the same transactions, and nothing is under way.
func (w *World) well() bool {
	l := w.leader()
	if l == nil {
		return false
	}
	for _, s := range w.servers {
		if !s.serves() || s.role.Epoch != l.role.Epoch || s != l && s.role.Leader != l.id ||
			len(s.tree) != len(w.history.entries) || len(s.disk.pending) > 0 || w.requested(s, l) {
			return false
		}
	}
	return true
}

// requested says whether something that matters is on the way between s and its leader.
func (w *World) requested(s, l *server) bool {
	link := s.links[s.role.Link]
	if s == l {
		return false
	}
	if link == nil {
		return true
	}
	for _, p := range []*pipe{link.up, link.down} {
		for _, i := range p.queue {
			if i.packet == nil || i.packet.Type != zab.Ping {
				return true
			}
		}
	}
	return false
}
