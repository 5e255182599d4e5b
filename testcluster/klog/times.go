package klog

import (
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// errFound ends a walk over records.
var errFound = errors.New("found")

// OffsetForTime finds the first record whose timestamp is not below ms, at the log's start or behind it: its
// offset, its own timestamp, and the leader epoch it was written in. With none, offset and ts are -1.
// Source: Log.fetchOffsetByTimestamp.
func (l *Log) OffsetForTime(ms int64) (offset, ts int64, epoch int32, err error) {
	for {
		gen := l.gen.Load()
		offset, ts, epoch, err = l.offsetForTime(ms)
		if l.gen.Load() == gen { // else a truncation came in between
			return offset, ts, epoch, err
		}
	}
}

func (l *Log) offsetForTime(ms int64) (offset, ts int64, epoch int32, err error) {
	if l.closed.Load() {
		return -1, -1, -1, &DeletedError{l.folder()}
	}
	start, end := l.start.Load(), l.end.Load()
	for _, seg := range l.list() {
		if seg.maxTime.Load() < ms || !seg.acquire() {
			continue
		}
		offset, ts, epoch, err = seg.firstAt(ms, start, end, &l.shared.coders)
		seg.release()
		if err != nil {
			return -1, -1, -1, fmt.Errorf("look for time %d in %s: %w: %w", ms, l, kproto.KafkaStorageError, err)
		}
		if offset >= 0 {
			return offset, ts, epoch, nil
		}
	}
	return -1, -1, -1, nil
}

// MaxTimestamp is the first record with the largest timestamp; -1 and -1 in a log without one.
func (l *Log) MaxTimestamp() (offset, ts int64, epoch int32, err error) {
	newest := int64(-1)
	for _, seg := range l.list() {
		newest = max(newest, seg.maxTime.Load())
	}
	if newest < 0 {
		return -1, -1, -1, nil
	}
	return l.OffsetForTime(newest)
}

// firstAt is the first record in the segment from offset start on, below end, with a timestamp not below ms.
func (s *segment) firstAt(ms, start, end int64, coders *coders) (offset, ts int64, epoch int32, err error) {
	from := start
	if entry, ok, err := s.times.find(func(e []byte) bool { return entryTime(e) < ms }); err != nil {
		return -1, -1, -1, err
	} else if ok {
		from = max(start, s.base+entryTimeOffset(entry[:]))
	}
	pos, _, err := s.position(from)
	if err == io.EOF {
		return -1, -1, -1, nil
	}
	if err != nil {
		return -1, -1, -1, err
	}
	scan := s.scan(pos, headerWindow)
	for {
		h, err := scan.header()
		if err == io.EOF || err == nil && h.BaseOffset >= end {
			return -1, -1, -1, nil
		}
		if err != nil {
			return -1, -1, -1, err
		}
		if h.MaxTimestamp >= ms && !h.Control() {
			if offset, ts, err := firstRecord(&scan, h, ms, start, coders); err != nil || offset >= 0 {
				return offset, ts, h.PartitionLeaderEpoch, err
			}
		}
		scan.skip(h)
	}
}

// firstRecord is firstAt within the batch that scan stands at; -1 if there is none.
func firstRecord(scan *scanner, h kproto.BatchHeader, ms, start int64, coders *coders) (offset, ts int64, err error) {
	batch, err := scan.batch(h)
	if err != nil {
		return -1, -1, err
	}
	open := coders.open(h.Codec(), batch[kproto.BatchHeaderSize:])
	defer open.close()
	if open.err != nil {
		return -1, -1, open.err
	}
	offset, ts = -1, -1
	err = kproto.WalkRecords(h, open.records, func(r kproto.Record) error {
		if r.Timestamp >= ms && r.Offset >= start {
			offset, ts = r.Offset, r.Timestamp
			return errFound
		}
		return nil
	})
	if err == errFound {
		err = nil
	}
	return offset, ts, err
}
