package klog

import (
	"errors"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// coders are the codecs that a Dir's appends and look-ups use again: some take longer to make than
// to use.
type coders struct {
	pool sync.Pool  // *codec.Coder
	room sync.Pool  // *[]byte, for records that are not large
	wide sync.Mutex // held by the one batch whose records are
}

func (c *coders) get() *codec.Coder {
	if coder, ok := c.pool.Get().(*codec.Coder); ok {
		return coder
	}
	return &codec.Coder{}
}

func (c *coders) put(coder *codec.Coder) { c.pool.Put(coder) }

// largeRecords is from how many bytes on the records of a batch are large.
const largeRecords = 1 << 20

// opened are the records of a batch, uncompressed, until close.
type opened struct {
	records []byte
	err     error
	coder   *codec.Coder

	coders *coders
	room   *[]byte
	wide   bool
}

// open uncompresses the records of a client's batch. However many clients send bombs, one at a time takes more memory than
// largeRecords, and none takes more than maxUncompressed.
func (c *coders) open(by kproto.Codec, section []byte) *opened {
	o := &opened{coders: c, coder: c.get()}
	if by == kproto.CodecNone {
		o.records = section
		return o
	}
	if o.room, _ = c.room.Get().(*[]byte); o.room == nil {
		o.room = new([]byte)
	}
	o.records, o.err = o.coder.DecompressInto(*o.room, by, section, largeRecords)
	if cap(o.records) > cap(*o.room) {
		*o.room = o.records[:0]
	}
	if large := (*codec.SizeError)(nil); !errors.As(o.err, &large) {
		return o
	}
	c.wide.Lock()
	o.wide = true
	o.records, o.err = new(codec.Coder).Decompress(by, section, maxUncompressed)
	return o
}

func (o *opened) close() {
	if o.wide {
		o.coders.wide.Unlock()
	}
	if o.room != nil {
		o.coders.room.Put(o.room)
	}
	o.coders.put(o.coder)
}
