package klog

import (
	"errors"
	"io"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// recover brings the segments into a state that can be trusted and returns where the log ends.
//
// What lies before the recovery point is on the disk as it was written, and is not read again. Beyond it a crash
// may have left anything: there every batch is checked, both indexes are made anew, and the log ends before the
// first batch that is not whole, or does not follow the one before it. Later segments are removed.
//
// rewrite says that a sync has failed in an earlier life: what can be read is then written again.
func (l *Log) recover(f found, rewrite bool) (next int64, err error) {
	list := l.list()
	for i, seg := range list {
		last := i == len(list)-1
		// A segment that ends at the recovery point may lack the end of its indexes.
		if !last && (f.clean || list[i+1].base < f.recoveryPoint) {
			if err := seg.adopt(list[i+1].base); err != nil {
				return 0, err
			}
			next = list[i+1].base
			continue
		}
		whole, end, err := l.recoverSegment(seg, f, next, last)
		if err != nil {
			return 0, err
		}
		if whole && !last && l.joins(end, list[i+1].base) {
			next = list[i+1].base
			continue
		}
		next = end
		if !last {
			l.shared.warn("recovery ends the log before its last files", "log", l.String(), "end", end, "removed", len(list)-i-1)
			if err := l.removeSegments(list[i+1:]); err != nil {
				return 0, err
			}
			l.publish(list[:i+1])
		}
		break
	}
	if rewrite {
		return next, l.rewriteLost(f.recoveryPoint)
	}
	return next, nil
}

// joins says whether a file that ends at end and the next one, which begins at base, are of one log. Those of a log
// that was never compacted leave no gap between them, unless the offsets leap so far that one file cannot hold
// them: another gap is what a crash has taken from the first.
func (l *Log) joins(end, base int64) bool {
	return base == end || base > end && (l.config.Load().CleanupCompact || base-end > maxRelative-maxDelta)
}

// adopt takes an old segment's indexes as they are; those that are missing, or end in what is no entry, are made from
// the log. The next segment begins at next.
func (s *segment) adopt(next int64) error {
	good := map[*index]func(prev, entry []byte) bool{&s.offsets: followsOffset(s.size.Load()), &s.times: followsTime}
	for x, follows := range good {
		whole, err := x.adopt()
		if err != nil {
			return err
		}
		last, ok, err := x.last()
		if err != nil {
			return err
		}
		if !whole || ok && !follows(nil, last[:x.width]) {
			return s.rebuild()
		}
		// The largest time was noted when the next segment began, so there is one, of this segment.
		if x == &s.times && (!ok && s.size.Load() > 0 || ok && s.base+entryTimeOffset(last[:]) >= next) {
			return s.rebuild()
		}
		if ok && x == &s.times {
			s.maxTime.Store(entryTime(last[:]))
			s.maxTimeAt.Store(s.base + entryTimeOffset(last[:]))
		}
		if err := x.close(); err != nil { // few segments are read from
			return err
		}
	}
	return nil
}

// rebuild makes both indexes of an old segment from its log, and writes them.
func (s *segment) rebuild() error {
	if err := errors.Join(s.offsets.close(), s.times.close()); err != nil {
		return err
	}
	s.offsets.reset()
	s.times.reset()
	s.maxTime.Store(-1)
	scan := s.scan(0, headerWindow)
	for {
		h, err := scan.header()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		s.note(h, scan.pos, rebuildInterval)
		scan.skip(h)
	}
	s.noteTime()
	for _, x := range []*index{&s.offsets, &s.times} {
		if err := x.save(); err != nil {
			return err
		}
		x.evict()
	}
	return nil
}

// rebuildInterval is the default of index.interval.bytes.
const rebuildInterval = 4096

// recoverSegment checks a segment that may hold bytes beyond the recovery point, or is the last one. expect is
// the smallest offset that its first batch may have. end is where it ends; whole says that nothing had to be cut.
func (l *Log) recoverSegment(seg *segment, f found, expect int64, last bool) (whole bool, end int64, err error) {
	if err := seg.loadIndexes(); err != nil {
		return false, 0, err
	}
	if f.clean {
		if end, err := l.walk(seg, noOffset, max(expect, seg.base)); err == nil {
			return true, end, nil
		} else if torn := (*tornError)(nil); !errors.As(err, &torn) {
			return false, 0, err
		}
		l.shared.warn("the log was closed in order, but its end is damaged", "log", l.String(), "segment", seg.base)
		f.recoveryPoint = 0
	}
	end, err = l.walk(seg, f.recoveryPoint, max(expect, seg.base))
	torn := (*tornError)(nil)
	switch {
	case err == nil:
		whole = true
	case errors.As(err, &torn):
		l.shared.warn("recovery cuts a log", "log", l.String(), "segment", seg.base, "end", end,
			"bytes", seg.size.Load()-torn.pos, "reason", torn.err)
		if err := seg.cutFile(torn.pos); err != nil {
			return false, 0, err
		}
	default:
		return false, 0, err
	}
	if !last {
		seg.noteTime()
	}
	return whole, end, nil
}

// cutFile ends the log file at pos, durably.
func (s *segment) cutFile(pos int64) error {
	if err := s.file.Truncate(pos); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.size.Store(pos)
	return nil
}

// walk goes over a segment's batches, and returns the offset behind the last one that is good; a
// tornError says where the first bad one stands. Indexes and largest timestamp are those of the good ones afterwards.
// Batches that end before trusted are taken as they are, and only looked for from the last index entry on.
func (l *Log) walk(seg *segment, trusted, expect int64) (next int64, err error) {
	seg.offsets.cut(func(e []byte) bool { return seg.base+entryOffset(e) < trusted })
	from, err := seg.positionBefore(trusted)
	if err != nil {
		return expect, err
	}
	seg.times.cut(func(e []byte) bool {
		return seg.base+entryTimeOffset(e) < trusted && from > 0
	})
	if e, ok := seg.times.lastInMemory(); ok {
		seg.maxTime.Store(entryTime(e[:]))
		seg.maxTimeAt.Store(seg.base + entryTimeOffset(e[:]))
	}
	if err := seg.loadFirst(); err != nil {
		return expect, err
	}
	next = expect
	scan := seg.scan(from, bodyWindow)
	if trusted == noOffset {
		scan.window = headerWindow
	}
	seg.sinceIndex = 0
	for {
		h, err := scan.header()
		if err == io.EOF {
			return next, seg.checkTimes(next)
		}
		if err != nil {
			return next, err
		}
		if err := l.accept(seg, &scan, h, next, trusted); err != nil {
			return next, err
		}
		next = h.NextOffset()
		scan.skip(h)
	}
}

// checkTimes drops times of batches that the segment does not have: they are of a damaged file.
func (s *segment) checkTimes(next int64) error {
	if s.maxTime.Load() < 0 || s.maxTimeAt.Load() < next {
		return nil
	}
	s.times.cut(func(e []byte) bool { return s.base+entryTimeOffset(e) < next })
	return s.reloadTimes()
}

// accept checks one batch, and takes it into the indexes and the epochs.
func (l *Log) accept(seg *segment, scan *scanner, h kproto.BatchHeader, next, trusted int64) error {
	if h.BaseOffset < next {
		return &tornError{scan.pos, refuse(kproto.CorruptMessage, "it begins at offset %d, below %d", h.BaseOffset, next)}
	}
	if h.LastOffset()-seg.base > maxRelative {
		return &tornError{scan.pos, refuse(kproto.CorruptMessage, "offset %d is too far from the segment's %d", h.LastOffset(), seg.base)}
	}
	if h.LastOffset() >= trusted {
		batch, err := scan.batch(h)
		if err != nil {
			return err
		}
		if !kproto.CheckCRC(batch) {
			return &tornError{scan.pos, refuse(kproto.CorruptMessage, "its checksum is wrong")}
		}
		l.epochs.assign(h.PartitionLeaderEpoch, h.BaseOffset)
	}
	seg.note(h, scan.pos, int64(l.config.Load().IndexIntervalBytes))
	return nil
}

// loadFirst reads the timestamp of the first batch, by which segment.ms is measured.
func (s *segment) loadFirst() error {
	scan := s.scan(0, kproto.BatchHeaderSize)
	h, err := scan.header()
	if torn := (*tornError)(nil); err == io.EOF || errors.As(err, &torn) {
		return nil
	}
	if err == nil {
		s.firstTime = h.MaxTimestamp
	}
	return err
}

// rewriteLost writes the batches from offset from on again, over themselves, and removes the mark: a sync
// that fails leaves pages that are not on the disk and that no later sync writes.
func (l *Log) rewriteLost(from int64) error {
	buf := make([]byte, bodyWindow)
	for i, seg := range l.list() {
		if list := l.list(); i+1 < len(list) && list[i+1].base <= from {
			continue
		}
		for pos, size := int64(0), seg.size.Load(); pos < size; {
			b := buf[:min(int64(len(buf)), size-pos)]
			if n, err := seg.file.ReadAt(b, pos); n < len(b) {
				return err
			}
			if _, err := seg.file.WriteAt(b, pos); err != nil {
				return err
			}
			pos += int64(len(b))
		}
		if err := seg.file.Sync(); err != nil {
			return err
		}
	}
	if err := l.fsys.SyncDir(l.folder()); err != nil {
		return err
	}
	if err := removeIfThere(l.fsys, l.file(lostFile)); err != nil {
		return err
	}
	return l.fsys.SyncDir(l.folder())
}
