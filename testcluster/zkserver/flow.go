package zkserver

import (
	"sync"
	"sync/atomic"
)

// flow counts what has been submitted and not been answered: a standalone server's, or that
// of one term of an ensemble's member.
type flow struct {
	limit  int64 // of writes; negative: none
	writes atomic.Int64
	bytes  atomic.Int64 // of their bodies

	// Of a term:
	mu      sync.Mutex
	room    sync.Cond // of mu: bytes has shrunk
	waiting atomic.Int64
}

// maxTermBytes is how much of requests a term takes on before the next ones wait at their
// connections, whoever's they are: what is on its way to another server stands in a link's
// queue, which has a bound.
const maxTermBytes = 32 << 20

// begin takes writes into account.
func (f *flow) begin(ws []*write) {
	size := 0
	for _, w := range ws {
		w.flow = f
		size += len(w.body)
	}
	f.writes.Add(int64(len(ws)))
	f.bytes.Add(int64(size))
}

// admit is begin, once there is room. It is false if over says so before; whoever changes
// what over says calls release.
func (f *flow) admit(ws []*write, over func() bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting.Add(1)
	defer f.waiting.Add(-1)
	for f.bytes.Load() > maxTermBytes {
		if over() {
			return false
		}
		f.room.Wait()
	}
	f.begin(ws)
	return true
}

// release has those look again who wait for room.
func (f *flow) release() {
	if f.waiting.Load() > 0 {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.room.Broadcast()
	}
}

// finish takes writes out again.
func (f *flow) finish(writes, bytes int) {
	f.writes.Add(-int64(writes))
	f.bytes.Add(-int64(bytes))
	f.release()
}

// finish takes a batch of writes out of their flows. Those that nobody has submitted have
// none; neighbours nearly always share theirs.
func finish(ws []*write) {
	var f *flow
	writes, bytes := 0, 0
	for _, w := range ws {
		if w.flow == nil {
			continue
		}
		if w.flow != f {
			if f != nil {
				f.finish(writes, bytes)
			}
			f, writes, bytes = w.flow, 0, 0
		}
		writes++
		bytes += len(w.body)
	}
	if f != nil {
		f.finish(writes, bytes)
	}
}

// busy says that too much is submitted and not answered: in number, or in bytes.
func (f *flow) busy() bool {
	return f.limit >= 0 && f.writes.Load() > f.limit || f.bytes.Load() > maxInflightBytes
}
