package zabtest

import (
	"fmt"
	"time"
)

// Time is the world's own, in microseconds since it began.
type Time int64

const (
	ms Time = 1000
	// tick is how often a driver calls Tick, as zkserver does.
	tick = 10 * ms
)

// String is the time in seconds.
func (t Time) String() string { return fmt.Sprintf("%d.%06ds", t/1e6, t%1e6) }

func parseTime(text string) (Time, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, err
	}
	if d < 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("%s is not a time between 0 and 24h", text)
	}
	return Time(d.Microseconds()), nil
}

// event is something that will happen. Those of one time happen in the order in which they were planned.
type event struct {
	at  Time
	seq uint64
	do  func()
}

func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// agenda is a heap of events. (container/heap would box each of them, and this is where the simulator's time goes.)
type agenda struct {
	events []event
	seq    uint64
}

func (a *agenda) add(at Time, do func()) {
	a.seq++
	a.events = append(a.events, event{at, a.seq, do})
	for i := len(a.events) - 1; i > 0; {
		up := (i - 1) / 2
		if !a.events[i].before(&a.events[up]) {
			return
		}
		a.events[i], a.events[up] = a.events[up], a.events[i]
		i = up
	}
}

// next takes the first event, unless it is later than until.
func (a *agenda) next(until Time) (event, bool) {
	if len(a.events) == 0 || a.events[0].at > until {
		return event{}, false
	}
	first, last := a.events[0], len(a.events)-1
	a.events[0] = a.events[last]
	a.events[last] = event{}
	a.events = a.events[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if a.events[c].before(&a.events[least]) {
				least = c
			}
		}
		if least == i {
			return first, true
		}
		a.events[i], a.events[least] = a.events[least], a.events[i]
		i = least
	}
}
