package partitions

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTimers starts and stops timers by chance: those that are not stopped fire, each in its time.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := &timers{wake: make(chan struct{}, 1)}
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { ts.run(done) })
		rng := rand.New(rand.NewPCG(1, 2))
		begin := time.Now()
		var want, got []time.Duration
		var all []*timer
		for range 1000 {
			after := time.Duration(rng.IntN(1000)) * time.Millisecond
			tm := &timer{fire: func() {
				got = append(got, after)
				if at := time.Since(begin); at != after {
					t.Errorf("the timer of %v fires after %v", after, at)
				}
			}}
			ts.start(tm, after)
			all = append(all, tm)
			want = append(want, after)
		}
		for i := 999; i >= 0; i-- {
			if rng.IntN(3) == 0 && ts.stop(all[i]) {
				want = slices.Delete(want, i, i+1)
			}
		}
		time.Sleep(2 * time.Second) // of the bubble: nobody waits
		synctest.Wait()
		close(done)
		wg.Wait()
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d timers fired of %d", len(got), len(want))
		}
	})
}

func TestQueue(t *testing.T) {
	var q queue[int]
	nodes := make([]node[int], 10)
	for i := range nodes {
		v := i
		nodes[i].value = &v
		q.push(&nodes[i])
	}
	for _, i := range []int{0, 9, 4} { // first, last, and between
		if !nodes[i].remove() || nodes[i].remove() {
			t.Errorf("%d is not taken out once", i)
		}
	}
	q.pushAfter(&nodes[4], &nodes[3])
	q.pushAfter(&nodes[0], nil)
	q.pushAfter(&nodes[9], &nodes[8])
	for i := range nodes {
		if got := q.pop(); got == nil || *got != i {
			t.Fatalf("pop %d: %v", i, got)
		}
	}
	if q.pop() != nil || nodes[0].remove() {
		t.Error("the queue is empty")
	}
}
