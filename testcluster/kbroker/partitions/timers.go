package partitions

import (
	"sync"
	"time"
)

// timer is one entry of timers: fire is called once, by the goroutine of the timers, unless it was stopped before.
type timer struct {
	at    time.Time
	place int // in the heap, from 1; 0 is none
	fire  func()
}

// timers is a heap of timeouts, served by one goroutine.
type timers struct {
	wake chan struct{}

	mu   sync.Mutex
	heap []*timer // guarded by mu; heap[0] is the earliest
}

// start has t.fire called after d, by the wall clock.
func (ts *timers) start(t *timer, d time.Duration) {
	t.at = time.Now().Add(d)
	ts.mu.Lock()
	ts.heap = append(ts.heap, t)
	t.place = len(ts.heap)
	ts.up(t.place - 1)
	earliest := t.place == 1
	ts.mu.Unlock()
	if earliest {
		select {
		case ts.wake <- struct{}{}:
		default:
		}
	}
}

// stop says whether t will not fire: false if it did, or is about to.
func (ts *timers) stop(t *timer) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.place == 0 {
		return false
	}
	ts.remove(t.place - 1)
	return true
}

// run serves the timers until done is closed.
func (ts *timers) run(done <-chan struct{}) {
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for {
		due, wait := ts.due()
		for _, t := range due {
			t.fire()
		}
		if len(due) > 0 {
			continue
		}
		clock.Reset(wait)
		select {
		case <-clock.C:
		case <-ts.wake:
		case <-done:
			return
		}
	}
}

// due takes out what has come due, or returns how long it is until the next one.
func (ts *timers) due() ([]*timer, time.Duration) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	now := time.Now()
	var due []*timer
	for len(ts.heap) > 0 {
		t := ts.heap[0]
		if wait := t.at.Sub(now); wait > 0 {
			return due, wait
		}
		ts.remove(0)
		due = append(due, t)
	}
	return due, time.Hour
}

func (ts *timers) remove(i int) {
	last := len(ts.heap) - 1
	ts.heap[i].place = 0
	if i != last {
		ts.heap[i] = ts.heap[last]
		ts.heap[i].place = i + 1
	}
	ts.heap[last] = nil
	ts.heap = ts.heap[:last]
	if i != last {
		ts.up(i)
		ts.down(i)
	}
}

func (ts *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !ts.heap[i].at.Before(ts.heap[parent].at) {
			return
		}
		ts.swap(i, parent)
		i = parent
	}
}

func (ts *timers) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(ts.heap); child++ {
			if ts.heap[child].at.Before(ts.heap[least].at) {
				least = child
			}
		}
		if least == i {
			return
		}
		ts.swap(i, least)
		i = least
	}
}

func (ts *timers) swap(i, j int) {
	h := ts.heap
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}
