package klog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Read returns batches from the one that has offset from on, whole ones that end at end or before it, and
// no more than max bytes of them; with atLeastOne the first batch has any size. end is the high watermark for
// consumers and the log's end for followers. The first batch may begin before from.
//
// An offset that is not in the log is [kproto.OffsetOutOfRange]; the log's end itself is an empty Chunk.
func (l *Log) Read(from int64, max int, end int64, atLeastOne bool) (Chunk, error) {
	for {
		gen := l.gen.Load()
		c, err := l.read(from, max, end, atLeastOne)
		if l.gen.Load() == gen {
			return c, err
		}
		c.Release() // a truncation came in between: what was read may be half old and half new
	}
}

func (l *Log) read(from int64, max int, end int64, atLeastOne bool) (Chunk, error) {
	start, leo := l.start.Load(), l.end.Load()
	if from < start || from > leo {
		return Chunk{Next: from}, l.outOfRange(from, start, leo)
	}
	end = min(end, leo)
	if from >= end || max <= 0 && !atLeastOne {
		return Chunk{Next: from}, nil
	}
	state := l.shared.pools.get(0)
	var size int
	var next int64
	var ok bool
	state.bufs, size, next, ok = l.ring.read(state.bufs, from, end, max, atLeastOne)
	if ok {
		return Chunk{Bufs: state.bufs, Size: size, Next: next, pools: &l.shared.pools, state: state}, nil
	}
	l.shared.pools.put(state)
	return l.readDisk(diskRead{from: from, max: max, end: end, atLeastOne: atLeastOne})
}

func (l *Log) outOfRange(offset, start, end int64) error {
	return fmt.Errorf("offset %d of %s, which has %d to %d: %w", offset, l, start, end, kproto.OffsetOutOfRange)
}

// diskRead is what Read was asked for.
type diskRead struct {
	from       int64
	max        int
	end        int64
	atLeastOne bool
}

// readDisk reads from the first segment that has a batch at from or above.
func (l *Log) readDisk(r diskRead) (Chunk, error) {
	list := l.list()
	i := segmentFor(list, r.from)
	if i < 0 {
		return Chunk{Next: r.from}, l.outOfRange(r.from, l.start.Load(), l.end.Load())
	}
	for ; i < len(list) && list[i].base < r.end; i++ {
		seg := list[i]
		if !seg.acquire() {
			if l.closed.Load() {
				return Chunk{Next: r.from}, &DeletedError{l.folder()}
			}
			return l.readDisk(r) // removed meanwhile: look again
		}
		c, err := seg.read(&l.shared.pools, r)
		seg.release()
		if err == io.EOF { // offsets at its end were compacted away
			continue
		}
		if errors.Is(err, fs.ErrNotExist) && !l.has(seg) {
			return l.readDisk(r)
		}
		if err != nil {
			err = fmt.Errorf("read offset %d of %s: %w: %w", r.from, l, kproto.KafkaStorageError, err)
		}
		return c, err
	}
	return Chunk{Next: r.from}, nil
}

func (l *Log) has(seg *segment) bool {
	list := l.list()
	i := segmentFor(list, seg.base)
	return i >= 0 && list[i] == seg
}

// headStart is how much is read at least, to find the first batch: an index entry is so far away.
const headStart = 8 << 10

// read reads from the disk in as few calls as can be: one where the reader goes on where the last one ended.
func (s *segment) read(pools *pools, r diskRead) (Chunk, error) {
	pos, hinted := s.hint.get(r.from)
	if !hinted {
		var err error
		if pos, _, err = s.position(r.from); err != nil {
			return Chunk{Next: r.from}, err
		}
	}
	want := max(r.max, headStart)
	for {
		rest := s.size.Load() - pos
		if rest <= 0 {
			return Chunk{Next: r.from}, io.EOF
		}
		state := pools.get(int(min(int64(want), rest)))
		n, err := s.file.ReadAt(state.disk, pos)
		if n < len(state.disk) && err != io.EOF { // at the end of the file, what was beyond has just been cut
			pools.put(state)
			return Chunk{Next: r.from}, err
		}
		state.disk = state.disk[:n]
		size, next, first, err := wholeBatches(state.disk, r)
		if err != nil || size == 0 {
			pools.put(state)
			if err == nil && first > 0 { // it is larger than what was read
				if int64(first) > rest {
					return Chunk{Next: r.from}, &tornError{pos, io.ErrUnexpectedEOF}
				}
				want = first
				continue
			}
			return Chunk{Next: r.from}, err
		}
		s.hint.set(next, pos+int64(size))
		state.bufs = append(state.bufs, state.disk[:size])
		return Chunk{Bufs: state.bufs, Size: size, Next: next, pools: pools, state: state}, nil
	}
}

// wholeBatches is how many bytes of b are batches that r may have, and the offset behind them. first is the
// size of the first batch if that alone is too large for b, and is wanted.
func wholeBatches(b []byte, r diskRead) (size int, next int64, first int, err error) {
	next = r.from
	for len(b)-size >= kproto.BatchHeaderSize {
		h, err := kproto.ParseBatchHeader(b[size:])
		if err != nil {
			return 0, next, 0, err
		}
		n := h.Size()
		if h.NextOffset() > r.end || n > r.max-size && (size > 0 || !r.atLeastOne) {
			break
		}
		if n > len(b)-size {
			if size == 0 {
				first = n
			}
			break
		}
		size += n
		next = h.NextOffset()
	}
	return size, next, first, nil
}
