package klog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// errUnreadable says that a batch cannot be looked into: its log is left as it is.
var errUnreadable = errors.New("a batch cannot be read")

// pass is one compaction of one log.
type pass struct {
	log        *Log
	gen        uint64
	cfg        Config
	keep       map[int64]int64 // last offset by producer id
	tombstones int64           // records without a value before this offset may go
	end        int64           // the map has all keys in the dirty part below
	last       map[keyHash]int64
	coder      codec.Coder
}

// keyHash stands for a key: 128 bits of SHA-256, of which no two keys have the same.
type keyHash [16]byte

func hashKey(key []byte) keyHash {
	sum := sha256.Sum256(key)
	return keyHash(sum[:16])
}

// index reads the dirty part into the map, as far as it has room for.
func (p *pass) index(ctx context.Context, x dirty, keys int) error {
	p.last, p.end = map[keyHash]int64{}, x.from
	list := p.log.list()
	for i := max(segmentFor(list, x.from), 0); i < len(list) && list[i].base < x.to; i++ {
		full, err := p.indexSegment(ctx, list[i], x, keys)
		if err != nil || full {
			return err
		}
	}
	p.end = x.to
	return nil
}

func (p *pass) indexSegment(ctx context.Context, seg *segment, x dirty, keys int) (full bool, err error) {
	if !seg.acquire() {
		return false, errChanged
	}
	defer seg.release()
	pos, _, err := seg.position(x.from)
	if err != nil {
		return false, ignoreEOF(err)
	}
	scan := seg.scan(pos, bodyWindow)
	for {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		h, err := scan.header()
		if err != nil || h.BaseOffset >= x.to {
			return false, ignoreEOF(err)
		}
		// One batch always fits: else nothing would ever be compacted.
		if len(p.last) > 0 && len(p.last)+int(h.Count) > keys {
			return true, nil
		}
		if !h.Control() {
			if err := p.indexBatch(&scan, h); err != nil {
				return false, err
			}
		}
		p.end = h.NextOffset()
		scan.skip(h)
	}
}

func (p *pass) indexBatch(scan *scanner, h kproto.BatchHeader) error {
	batch, err := scan.batch(h)
	if err != nil {
		return err
	}
	records, err := p.open(h, batch)
	if err != nil {
		return err
	}
	return kproto.WalkRecords(h, records, func(r kproto.Record) error {
		if r.Key != nil {
			p.last[hashKey(r.Key)] = r.Offset
		}
		return nil
	})
}

// open returns the records of a batch, uncompressed.
func (p *pass) open(h kproto.BatchHeader, batch []byte) ([]byte, error) {
	if !kproto.CheckCRC(batch) {
		return nil, fmt.Errorf("%w: the checksum of the one at offset %d is wrong", errUnreadable, h.BaseOffset)
	}
	records, err := p.coder.Decompress(h.Codec(), batch[kproto.BatchHeaderSize:], maxUncompressed)
	if err != nil {
		return nil, fmt.Errorf("%w: offset %d: %w", errUnreadable, h.BaseOffset, err)
	}
	return records, nil
}

// superseded says whether a record may go.
func (p *pass) superseded(r kproto.Record) bool {
	if r.Offset >= p.end {
		return false
	}
	if r.Key == nil { // written before the topic was compacted
		return true
	}
	if last, ok := p.last[hashKey(r.Key)]; ok && r.Offset < last {
		return true
	}
	return r.Value == nil && r.Offset < p.tombstones
}

// groups are the segments before the map's end, each with those that become one with it.
func (p *pass) groups() [][]*segment {
	list := p.log.list()
	var groups [][]*segment
	var size, entries int64
	for i, seg := range list[:len(list)-1] {
		if seg.base >= p.end {
			break
		}
		n := int64(seg.offsets.entries()*offsetWidth + seg.times.entries()*timeWidth)
		next := list[i+1].base
		if len(groups) > 0 && size+seg.size.Load() <= int64(p.cfg.SegmentBytes) &&
			entries+n <= int64(p.cfg.SegmentIndexBytes) && next-groups[len(groups)-1][0].base <= maxRelative {
			groups[len(groups)-1] = append(groups[len(groups)-1], seg)
			size, entries = size+seg.size.Load(), entries+n
			continue
		}
		groups = append(groups, []*segment{seg})
		size, entries = seg.size.Load(), n
	}
	return groups
}

// eachBatch calls fn for each batch of a segment.
func eachBatch(ctx context.Context, seg *segment, fn func(h kproto.BatchHeader, batch []byte) error) error {
	scan := seg.scan(0, bodyWindow)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h, err := scan.header()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		batch, err := scan.batch(h)
		if err != nil {
			return err
		}
		if err := fn(h, batch); err != nil {
			return err
		}
		scan.skip(h)
	}
}
