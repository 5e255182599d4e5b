package partitions

import (
	"context"
	"time"
)

// maxParked bounds the items of all parked fetches, which are larger than their requests.
const maxParked = 1 << 20

// mayPark says whether there is room to wait in; otherwise the answer is what there is now.
func (f *fetch) mayPark() bool {
	f.counted = len(f.items)
	return f.m.parked.Add(int64(f.counted)) <= maxParked
}

// arm starts the timeout. A fetch that may wait for long also ends with its connection.
func (f *fetch) arm() {
	f.deadline.start(&f.m.timers, f.maxWait, f.expire)
	if f.maxWait > longWait {
		f.stop = context.AfterFunc(f.req.Ctx, f.expire)
	}
}

// longWait is how long a fetch may stay parked after its connection has ended.
const longWait = 5 * time.Second

func (f *fetch) expire() {
	f.late.Store(true)
	f.wake()
}

// wake has a parked fetch look again, here and now, and a running one before it parks.
func (f *fetch) wake() {
	for {
		switch {
		case f.state.CompareAndSwap(parked, running):
			f.run(false)
			return
		case f.state.CompareAndSwap(running, dirty):
			return
		}
		if s := f.state.Load(); s == dirty || s == ended {
			return
		}
	}
}

// park puts the fetch into the queues of its partitions, and returns true when it is parked: from then on it belongs to
// whoever wakes it. False is news since the last look.
func (f *fetch) park() bool {
	f.queued = true
	for i := range f.items {
		if it := &f.items[i]; it.part != nil && !it.park() {
			return false
		}
	}
	return f.state.CompareAndSwap(running, parked)
}

// park returns false if the partition has moved since the last look.
func (it *fetchItem) park() bool {
	p := it.part
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moves.Load() != it.moves || p.leader() == nil {
		return false
	}
	if it.node.in == nil {
		if it.f.replica >= 0 {
			p.followers.push(&it.node)
		} else {
			p.readers.push(&it.node)
		}
	}
	return true
}
