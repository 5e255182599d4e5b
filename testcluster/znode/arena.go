package znode

import "encoding/binary"

// arena keeps the names and data of nodes as records in chunks that it fills one after the other:
//
//	u32 header | name | data | 0 to 7 bytes to a multiple of 8
//
// The header of a living record is the number of its node, that of a dead one its length with deadMark. A reference is
// the number of the chunk and the record's place in it, in units of 8 bytes. A record over bigRecord bytes has a chunk
// of its own, which goes when the record does. A chunk without living records is used again at once; what holes remain
// are closed by moving the records of the emptiest chunk to the end (see [Tree.compact]).
//
// References have 32 bits, so an arena holds up to 32 GiB; one over it panics, as any program does that is out of memory.
type arena struct {
	chunks []chunk
	free   []uint32 // numbers of chunks that hold nothing
	spare  [][]byte // buffers of such chunks, to be used again
	head   uint32   // the chunk being filled
	used   int      // bytes handed out in chunks of chunkLen, living or dead
	live   int      // bytes of living records in them
	debt   int      // bytes that died since the last look at compacting
}

type chunk struct {
	buf  []byte
	used int
	live int
	big  bool // one record's own
}

const (
	chunkBits   = 18
	chunkLen    = 1 << chunkBits
	bigRecord   = chunkLen / 8
	recordAlign = 8
	headerLen   = 4
	deadMark    = 1 << 31
	placeBits   = chunkBits - 3
	maxSpare    = 8
)

func recordLen(payload int) int { return (headerLen + payload + recordAlign - 1) &^ (recordAlign - 1) }

func newArena() arena { return arena{chunks: []chunk{{buf: make([]byte, chunkLen)}}} }

// record returns the bytes of a record from its header on.
func (a *arena) record(ref uint32) []byte {
	return a.chunks[ref>>placeBits].buf[int(ref&(1<<placeBits-1))*recordAlign:]
}

// alloc returns a new record of the given owner with room for payload bytes.
func (a *arena) alloc(owner uint32, payload int) (ref uint32, room []byte) {
	size := recordLen(payload)
	c := a.head
	if size > bigRecord {
		c = a.newChunk(chunk{buf: make([]byte, size), big: true})
	} else {
		if a.chunks[c].used+size > chunkLen {
			a.retireHead()
			c = a.head
		}
		a.used += size
		a.live += size
	}
	ch := &a.chunks[c]
	ref = c<<placeBits | uint32(ch.used/recordAlign)
	room = ch.buf[ch.used : ch.used+size]
	ch.used += size
	ch.live += size
	binary.NativeEndian.PutUint32(room, owner)
	return ref, room[headerLen : headerLen+payload]
}

// retireHead begins a new chunk.
func (a *arena) retireHead() {
	old := a.head
	var buf []byte
	if n := len(a.spare); n > 0 {
		buf, a.spare = a.spare[n-1], a.spare[:n-1]
	} else {
		buf = make([]byte, chunkLen)
	}
	a.head = a.newChunk(chunk{buf: buf})
	a.dropIfEmpty(old)
}

func (a *arena) newChunk(ch chunk) uint32 {
	if n := len(a.free); n > 0 {
		c := a.free[n-1]
		a.free = a.free[:n-1]
		a.chunks[c] = ch
		return c
	}
	if len(a.chunks) == 1<<(32-placeBits) {
		panic("znode: the tree's data is over 32 GiB")
	}
	a.chunks = append(a.chunks, ch)
	return uint32(len(a.chunks) - 1)
}

// release marks a record dead.
func (a *arena) release(ref uint32, payload int) {
	c, size := ref>>placeBits, recordLen(payload)
	binary.NativeEndian.PutUint32(a.record(ref), deadMark|uint32(size))
	a.chunks[c].live -= size
	if size <= bigRecord {
		a.live -= size
		a.debt += size
	}
	a.dropIfEmpty(c)
}

func (a *arena) dropIfEmpty(c uint32) {
	ch := &a.chunks[c]
	if ch.live > 0 || c == a.head {
		return
	}
	if ch.buf != nil && !ch.big {
		a.used -= ch.used
		if len(a.spare) < maxSpare {
			a.spare = append(a.spare, ch.buf)
		}
	}
	*ch = chunk{}
	a.free = append(a.free, c)
}

// victim returns the chunk with the fewest living bytes where it is time to close holes: a quarter of the arena is
// dead. It is asked once for every 64 KiB that died, which is what closing one chunk's holes then gains at least.
func (a *arena) victim() (uint32, bool) {
	const step = chunkLen / 4
	if a.debt < step {
		return 0, false
	}
	a.debt -= step
	if a.used-a.live < max(a.used/4, chunkLen) {
		return 0, false
	}
	best, found := uint32(0), false
	for c := range a.chunks {
		ch := &a.chunks[c]
		if uint32(c) == a.head || ch.buf == nil || ch.big {
			continue
		}
		if !found || ch.live < a.chunks[best].live {
			best, found = uint32(c), true
		}
	}
	return best, found
}

// compact moves the living records of the emptiest chunk to the end of the arena. Slices of records that were handed
// out before are void after it.
func (t *Tree) compact() {
	a := &t.recs
	c, ok := a.victim()
	if !ok {
		return
	}
	buf, used := a.chunks[c].buf, a.chunks[c].used
	for at := 0; at < used; {
		h := binary.NativeEndian.Uint32(buf[at:])
		if h&deadMark != 0 {
			at += int(h &^ deadMark)
			continue
		}
		n := t.nodes.at(h)
		payload := n.payload()
		old := n.rec
		ref, room := a.alloc(h, payload)
		copy(room, buf[at+headerLen:])
		n.rec = ref
		at += recordLen(payload)
		a.release(old, payload)
		a.debt -= recordLen(payload) // moving is not dying
	}
}

// payload is the length of the node's record without its header.
func (n *node) payload() int { return int(n.nameLen) + max(int(n.dataLen), 0) }

func (t *Tree) name(i uint32) []byte {
	n := t.nodes.at(i)
	return t.recs.record(n.rec)[headerLen : headerLen+n.nameLen]
}

// data is the node's data, shared with the arena; nil where it is null.
func (t *Tree) data(i uint32) []byte {
	n := t.nodes.at(i)
	if n.dataLen < 0 {
		return nil
	}
	from := headerLen + int(n.nameLen)
	to := from + int(n.dataLen)
	return t.recs.record(n.rec)[from:to:to]
}

// store gives a new node its name and data.
func (t *Tree) store(i uint32, name string, data []byte) {
	n := t.nodes.at(i)
	n.nameLen, n.dataLen = uint32(len(name)), dataLen(data)
	ref, room := t.recs.alloc(i, n.payload())
	n.rec = ref
	copy(room[copy(room, name):], data)
}

// replace changes a node's data, in place where the length of the record stays.
func (t *Tree) replace(i uint32, data []byte) {
	n := t.nodes.at(i)
	oldPayload, nameLen := n.payload(), int(n.nameLen)
	n.dataLen = dataLen(data)
	if payload := n.payload(); recordLen(payload) == recordLen(oldPayload) {
		copy(t.recs.record(n.rec)[headerLen+nameLen:], data)
		return
	}
	old := n.rec
	ref, room := t.recs.alloc(i, n.payload())
	copy(room, t.recs.record(old)[headerLen:headerLen+nameLen])
	copy(room[nameLen:], data)
	n.rec = ref
	t.recs.release(old, oldPayload)
}

func dataLen(data []byte) int32 {
	if data == nil {
		return -1
	}
	return int32(len(data))
}
