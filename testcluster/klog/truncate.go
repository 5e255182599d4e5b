package klog

import (
	"fmt"
	"io"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Truncate removes all records from offset to on, durably. If to is within a batch, the whole batch
// goes: see EndOffset. Producers and leader epochs are as they were at the new end.
func (l *Log) Truncate(to int64) error {
	l.maint.Lock()
	defer l.maint.Unlock()
	if l.closed.Load() {
		return &DeletedError{l.folder()}
	}
	if to < 0 {
		return fmt.Errorf("truncate %s to %d: %w", l, to, kproto.OffsetOutOfRange)
	}
	if to >= l.end.Load() {
		// An epoch that began here and got no record goes all the same: a follower that keeps one its leader does not know
		// would be told to truncate for ever.
		l.epochs.cutEnd(to)
		return nil
	}
	if to < l.list()[0].base {
		return l.restartAt(to)
	}
	c, err := l.locateCut(to)
	if err != nil {
		return fmt.Errorf("truncate %s to %d: %w: %w", l, to, kproto.KafkaStorageError, err)
	}
	if err := l.lowerRecoveryPoint(c.end); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return err
	}
	if err := l.cutLocked(c); err != nil {
		return l.fail("truncate", err)
	}
	return nil
}

// cutPoint is where a truncation ends the log.
type cutPoint struct {
	segment int   // index of the last one that stays
	pos     int64 // where that ends
	end     int64 // the log's end
}

// locateCut finds where the log ends if nothing from offset to on stays.
func (l *Log) locateCut(to int64) (cutPoint, error) {
	list := l.list()
	i := segmentFor(list, to)
	pos, h, err := list[i].position(to)
	if err == io.EOF { // offsets at its end were compacted away
		return cutPoint{i, list[i].size.Load(), to}, nil
	}
	return cutPoint{i, pos, min(to, h.BaseOffset)}, err
}

// lowerRecoveryPoint makes sure that after a crash nothing from offset to on is taken for durable: other bytes
// will stand there.
func (l *Log) lowerRecoveryPoint(to int64) error {
	if l.flushed.Load() <= to {
		return nil
	}
	l.flushed.Store(to)
	if err := l.shared.lower(l); err != nil {
		return fmt.Errorf("lower the recovery point of %s to %d: %w: %w", l, to, kproto.KafkaStorageError, err)
	}
	return nil
}

func (l *Log) cutLocked(c cutPoint) error {
	list := l.list()
	l.goBack(c.end)
	if err := l.removeSegments(list[c.segment+1:]); err != nil {
		return err
	}
	l.publish(slices.Clone(list[:c.segment+1]))
	if err := list[c.segment].cut(c.pos, c.end); err != nil {
		return err
	}
	l.epochs.cutEnd(c.end)
	if err := l.epochs.save(l.fsys, l.folder()); err != nil {
		return err
	}
	l.snapshots = nil
	l.start.Store(min(l.start.Load(), c.end))
	return l.loadProducers(c.end)
}

// goBack sets the end of the log back before its files follow. Readers that began before find
// out by the generation.
func (l *Log) goBack(end int64) {
	l.end.Store(end)
	for hw := l.hw.Load(); hw > end && !l.hw.CompareAndSwap(hw, end); hw = l.hw.Load() {
	}
	l.ring.clear()
	l.gen.Add(1)
}

// cut ends a segment at position pos, which is where offset end would stand, durably, and makes it one that
// is appended to.
func (s *segment) cut(pos, end int64) error {
	if err := s.loadIndexes(); err != nil {
		return err
	}
	if err := s.cutFile(pos); err != nil {
		return err
	}
	s.hint.set(0, 0)
	s.offsets.cut(func(e []byte) bool { return s.base+entryOffset(e) < end && entryPosition(e) < pos })
	s.times.cut(func(e []byte) bool { return s.base+entryTimeOffset(e) < end })
	for _, x := range []*index{&s.offsets, &s.times} {
		if err := x.save(); err != nil {
			return err
		}
	}
	return s.reloadTimes()
}

// loadIndexes brings the indexes into memory, if they are not there.
func (s *segment) loadIndexes() error {
	if !s.offsets.inMemory() {
		if err := s.offsets.load(followsOffset(s.size.Load())); err != nil {
			return err
		}
	}
	if !s.times.inMemory() {
		return s.times.load(followsTime)
	}
	return nil
}

// reloadTimes finds the largest timestamp anew.
func (s *segment) reloadTimes() error {
	s.maxTime.Store(-1)
	s.maxTimeAt.Store(s.base)
	from := int64(0)
	if e, ok := s.times.lastInMemory(); ok {
		s.maxTime.Store(entryTime(e[:]))
		s.maxTimeAt.Store(s.base + entryTimeOffset(e[:]))
		var err error
		if from, err = s.positionBefore(s.maxTimeAt.Load()); err != nil {
			return err
		}
	}
	s.firstTime = -1
	if err := s.loadFirst(); err != nil {
		return err
	}
	scan := s.scan(from, headerWindow)
	for {
		h, err := scan.header()
		if err != nil {
			return ignoreEOF(err)
		}
		if h.MaxTimestamp > s.maxTime.Load() {
			s.maxTime.Store(h.MaxTimestamp)
			s.maxTimeAt.Store(h.LastOffset())
		}
		scan.skip(h)
	}
}

// SetStartOffset makes what lies before offset unreadable, as a request to delete records does, and as followers
// follow. Whole segments go with the next retention. It never goes back. The high watermark is raised to it.
func (l *Log) SetStartOffset(offset int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return err
	}
	if offset > l.end.Load() {
		return l.outOfRange(offset, l.start.Load(), l.end.Load())
	}
	if offset <= l.start.Load() {
		return nil
	}
	// The epochs of what is still in the files stay: after a crash the start may be an older one.
	l.start.Store(offset)
	if hw := l.hw.Load(); hw < offset {
		l.hw.Store(offset)
	}
	return nil
}
