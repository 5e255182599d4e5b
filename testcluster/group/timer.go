package group

import (
	"container/heap"
	"time"
)

// timer calls fire once when its time has come. The zero timer with fire set is stopped.
type timer struct {
	at    time.Time // when to fire; zero is never
	entry time.Time // its place in the queue, not after at: a timer that is only put off does not move there
	index int       // in the queue, from 1; 0 is not there
	fire  func(now time.Time)
}

// timers is the queue of those that are set.
type timers []*timer

func (q timers) Len() int           { return len(q) }
func (q timers) Less(i, j int) bool { return q[i].entry.Before(q[j].entry) }
func (q timers) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i+1, j+1
}

// Push is for container/heap.
func (q *timers) Push(x any) {
	t := x.(*timer)
	*q = append(*q, t)
	t.index = len(*q)
}

// Pop is for container/heap.
func (q *timers) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.index = 0
	return t
}

// set starts or moves a timer. Heartbeats do so all the time, and always to later: then the queue stays as it is.
func (q *timers) set(t *timer, at time.Time) {
	t.at = at
	switch {
	case t.index == 0:
		t.entry = at
		heap.Push(q, t)
	case at.Before(t.entry):
		t.entry = at
		heap.Fix(q, t.index-1)
	}
}

func (q *timers) stop(t *timer) {
	t.at = time.Time{}
	if t.index != 0 {
		heap.Remove(q, t.index-1)
	}
}

// run fires what is due, in the order of time.
func (q *timers) run(now time.Time) {
	for len(*q) > 0 && !(*q)[0].entry.After(now) {
		t := (*q)[0]
		if t.at.After(now) {
			t.entry = t.at
			heap.Fix(q, 0)
			continue
		}
		q.stop(t)
		t.fire(now)
	}
}

// next is when run is due; it may be early, never late.
func (q timers) next() (time.Time, bool) {
	if len(q) == 0 {
		return time.Time{}, false
	}
	return q[0].entry, true
}
