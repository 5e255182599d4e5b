package klog

import (
	"math/bits"
	"sync"
)

// Chunk is a run of whole batches of a log, in one or more buffers. It must not be changed, and is
// read until Release.
type Chunk struct {
	Bufs [][]byte
	Size int   // bytes of all of Bufs
	Next int64 // the offset behind the last batch; with no batch, the offset that was asked for

	pools *pools
	state *chunkState
}

// Release gives the buffers back. A Chunk is released once, and not read any more; not to release it
// only costs memory until the next garbage collection.
func (c *Chunk) Release() {
	if c.state == nil {
		return
	}
	c.pools.put(c.state)
	c.Bufs, c.Size, c.state = nil, 0, nil
}

// chunkState is the part of a Chunk that is used again.
type chunkState struct {
	bufs [][]byte
	disk []byte // for what is read from the file; its capacity is that of its class
}

const (
	smallestBuffer = 16 << 10
	bufferClasses  = 11 // 16 KiB to 16 MiB; larger ones are not kept
	// keptBufs is the largest list of buffers that is kept for the next Chunk.
	keptBufs = 1024
)

// pools are what a Dir's readers use again: without a buffer for the disk, and by its size.
type pools struct {
	memory sync.Pool
	disk   [bufferClasses]sync.Pool
}

// get returns a state whose disk buffer has n bytes, with whatever was in it; none if n is 0.
func (p *pools) get(n int) *chunkState {
	pool, size := &p.memory, 0
	if n > 0 {
		class := bufferClass(n)
		if class >= bufferClasses {
			return &chunkState{disk: make([]byte, n)}
		}
		pool, size = &p.disk[class], smallestBuffer<<class
	}
	if s, ok := pool.Get().(*chunkState); ok {
		s.disk = s.disk[:n]
		return s
	}
	return &chunkState{disk: make([]byte, n, size)}
}

func (p *pools) put(s *chunkState) {
	clear(s.bufs)
	if s.bufs = s.bufs[:0]; cap(s.bufs) > keptBufs {
		return
	}
	switch c := cap(s.disk); {
	case c == 0:
		p.memory.Put(s)
	case bufferClass(c) < bufferClasses:
		p.disk[bufferClass(c)].Put(s)
	}
}

// bufferClass is the number of times that the smallest buffer doubles to reach n.
func bufferClass(n int) int {
	if n <= smallestBuffer {
		return 0
	}
	return bits.Len(uint((n - 1) / smallestBuffer))
}
