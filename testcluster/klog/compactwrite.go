package klog

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// rewrite makes one segment of a group, and puts it in its place.
func (p *pass) rewrite(ctx context.Context, group []*segment) error {
	l := p.log
	neat, err := createSegmentAs(l.fsys, l.folder(), group[0].base, cleanedSuffix, l.nowMs())
	if err != nil {
		return err
	}
	out := &neatWriter{seg: neat, every: int64(p.cfg.IndexIntervalBytes)}
	for _, seg := range group {
		if err = p.copyKept(ctx, seg, out); err != nil {
			break
		}
	}
	if err == nil {
		err = out.finish()
	}
	if err == nil {
		err = l.swapIn(neat, group, p.gen)
	}
	if err != nil && neat.tail == cleanedSuffix {
		neat.release()
		return errors.Join(err, neat.discard())
	}
	return err
}

// discard removes the files of a segment that does not count.
func (s *segment) discard() error {
	for _, suffix := range segmentSuffixes {
		if err := removeIfThere(s.fsys, s.path(suffix)); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) copyKept(ctx context.Context, seg *segment, out *neatWriter) error {
	if !seg.acquire() {
		return errChanged
	}
	defer seg.release()
	return eachBatch(ctx, seg, func(h kproto.BatchHeader, batch []byte) error {
		kept, err := p.reduce(h, batch)
		if err != nil || kept == nil {
			return err
		}
		return out.add(kept)
	})
}

// reduce returns what remains of a batch: all of it, a smaller one with the same offsets, or nil.
func (p *pass) reduce(h kproto.BatchHeader, batch []byte) ([]byte, error) {
	if h.BaseOffset >= p.end || h.Control() {
		return batch, nil
	}
	records, err := p.open(h, batch)
	if err != nil {
		return nil, err
	}
	var kept []byte
	count, newest, at := int32(0), int64(-1), 0
	err = kproto.WalkRecords(h, records, func(r kproto.Record) error {
		size, n := binary.Varint(records[at:])
		begin := at
		at += n + int(size)
		if !p.superseded(r) {
			kept = append(kept, records[begin:at]...)
			newest = max(newest, r.Timestamp)
			count++
		}
		return nil
	})
	switch last, known := p.keep[h.ProducerID]; {
	case err != nil:
		return nil, errors.Join(errUnreadable, err)
	case count == h.Count && count > 0:
		return batch, nil
	case count > 0:
		h.Count = count
		if !h.LogAppendTime() {
			h.MaxTimestamp = newest
		}
	case known && last == h.LastOffset() && h.ProducerID >= 0:
		h.Count = 0
		h.Attributes &^= 7
	default:
		return nil, nil
	}
	small := h.AppendTo(make([]byte, 0, kproto.BatchHeaderSize+len(kept)))
	if count > 0 {
		if small, err = p.coder.Compress(h.Codec(), small, kept); err != nil {
			return nil, err
		}
	}
	kproto.SealBatch(small)
	return small, nil
}

// neatWriter writes the batches of a new segment, many at once.
type neatWriter struct {
	seg   *segment
	every int64
	buf   []byte
}

func (w *neatWriter) add(batch []byte) error {
	h, err := kproto.ParseBatchHeader(batch)
	if err != nil {
		return err
	}
	pos := w.seg.size.Load()
	if len(w.buf) > 0 && len(w.buf)+len(batch) > bodyWindow {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, batch...)
	w.seg.note(h, pos, w.every)
	w.seg.size.Store(pos + int64(len(batch)))
	return nil
}

func (w *neatWriter) flush() error {
	_, err := w.seg.file.WriteAt(w.buf, w.seg.size.Load()-int64(len(w.buf)))
	w.buf = w.buf[:0]
	return err
}

// finish makes the segment durable, all but its names.
func (w *neatWriter) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.seg.file.Sync(); err != nil {
		return err
	}
	w.seg.noteTime()
	if err := w.seg.offsets.save(); err != nil {
		return err
	}
	return w.seg.times.save()
}
