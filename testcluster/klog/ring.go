package klog

import (
	"sort"
	"sync"
	"sync/atomic"
)

// ring has the last batches of a log in memory, so that followers and consumers at the end of the log
// need no disk. What it holds is always the log's tail, without a gap.
type ring struct {
	limit *atomic.Int64 // bytes; the last append is kept whatever its size

	mu      sync.Mutex
	entries []ringEntry // in use from head on
	head    int
	bytes   int64
	slab    []byte // small batches are copied together into one of these
	touched int64  // ms, the last add
}

// ringEntry is one batch: back[off:off+n]. Neighbours in one backing array are handed out as one buffer.
type ringEntry struct {
	base, next int64
	back       []byte
	off, n     int
}

const (
	// smallBatch and less is copied: it would hold on to the whole request that it came in, and many
	// small buffers are slow to send.
	smallBatch = 8 << 10
	slabSize   = 64 << 10
)

// add takes over batches[off:off+n], which is one batch.
func (r *ring) add(base, next int64, batches []byte, off, n int, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n <= smallBatch {
		if len(r.slab)+n > cap(r.slab) {
			r.slab = make([]byte, 0, slabSize)
		}
		at := len(r.slab)
		r.slab = append(r.slab, batches[off:off+n]...)
		batches, off = r.slab[:cap(r.slab)], at
	}
	r.entries = append(r.entries, ringEntry{base, next, batches, off, n})
	r.bytes += int64(n)
	r.touched = now
	r.shrinkLocked(r.limit.Load())
}

// shrinkLocked drops the oldest until no more than limit is left, or one.
func (r *ring) shrinkLocked(limit int64) {
	for r.bytes > limit && r.head < len(r.entries)-1 {
		r.bytes -= int64(r.entries[r.head].n)
		r.entries[r.head] = ringEntry{}
		r.head++
	}
	if r.head > 32 && r.head > len(r.entries)/2 {
		n := copy(r.entries, r.entries[r.head:])
		clear(r.entries[n:])
		r.entries, r.head = r.entries[:n], 0
	}
}

// dropBefore drops the batches that begin before offset: a compaction has changed them in the file.
func (r *ring) dropBefore(offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.head < len(r.entries) && r.entries[r.head].base < offset {
		r.bytes -= int64(r.entries[r.head].n)
		r.entries[r.head] = ringEntry{}
		r.head++
	}
}

func (r *ring) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.head, r.bytes, r.slab = nil, 0, 0, nil
}

// idle gives the memory back if nothing was added since before.
func (r *ring) idle(before int64) {
	r.mu.Lock()
	old := r.touched < before
	r.mu.Unlock()
	if old {
		r.clear()
	}
}

// read appends the batches from from on to bufs, of which all end at end or before, and which have no
// more than max bytes together; with atLeastOne the first has any size. ok is false if from is older than the ring.
func (r *ring) read(bufs [][]byte, from, end int64, max int, atLeastOne bool) (_ [][]byte, size int, next int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	live := r.entries[r.head:]
	if len(live) == 0 || from < live[0].base {
		return bufs, 0, from, false
	}
	i := sort.Search(len(live), func(i int) bool { return live[i].next > from })
	next = from
	for ; i < len(live) && live[i].next <= end; i++ {
		e := &live[i]
		if size+e.n > max && (size > 0 || !atLeastOne) {
			break
		}
		if p := i - 1; size > 0 && &live[p].back[0] == &e.back[0] && live[p].off+live[p].n == e.off {
			last := bufs[len(bufs)-1]
			bufs[len(bufs)-1] = e.back[e.off-len(last) : e.off+e.n]
		} else {
			bufs = append(bufs, e.back[e.off:e.off+e.n])
		}
		size += e.n
		next = e.next
	}
	return bufs, size, next, true
}
