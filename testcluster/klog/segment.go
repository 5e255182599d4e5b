package klog

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// segment is one file of a log, with its indexes. Its readers hold a reference, so that a segment that
// was removed is closed only when the last of them is done.
type segment struct {
	fsys storage.FS
	dir  string
	base int64  // the first offset it may hold
	tail string // behind its files' suffixes: "", or cleanedSuffix while a compaction writes it
	file storage.File
	size atomic.Int64 // bytes of whole batches
	refs atomic.Int64 // readers, and one for the log

	offsets index
	times   index

	// The largest timestamp, -1 if there is none, and the last offset of the batch that has it.
	maxTime   atomic.Int64
	maxTimeAt atomic.Int64

	hint readHint

	// Of the appender, under the log's lock.
	firstTime  int64 // the largest timestamp of the first batch; -1: none
	created    int64 // ms, by the broker's clock
	sinceIndex int64 // bytes since the last index entry
}

// readHint is where the last read from the disk ended: a reader that is behind goes on there.
type readHint struct {
	mu     sync.Mutex
	offset int64
	pos    int64
}

func (h *readHint) set(offset, pos int64) {
	h.mu.Lock()
	h.offset, h.pos = offset, pos
	h.mu.Unlock()
}

func (h *readHint) get(offset int64) (pos int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pos, h.pos > 0 && h.offset == offset
}

func newSegment(fsys storage.FS, dir string, base int64, tail string) *segment {
	s := &segment{fsys: fsys, dir: dir, base: base, tail: tail, firstTime: -1}
	s.offsets = index{fsys: fsys, path: s.path(indexSuffix), width: offsetWidth}
	s.times = index{fsys: fsys, path: s.path(timeSuffix), width: timeWidth}
	s.maxTime.Store(-1)
	s.maxTimeAt.Store(base)
	s.refs.Store(1)
	return s
}

func (s *segment) path(suffix string) string { return s.dirPath(suffix, s.tail) }

func (s *segment) dirPath(suffix, tail string) string {
	return filepath.Join(s.dir, fileName(s.base, suffix)+tail)
}

// createSegment makes an empty segment. Its name is not durable yet.
func createSegment(fsys storage.FS, dir string, base, now int64) (*segment, error) {
	return createSegmentAs(fsys, dir, base, "", now)
}

func createSegmentAs(fsys storage.FS, dir string, base int64, tail string, now int64) (*segment, error) {
	s := newSegment(fsys, dir, base, tail)
	f, err := storage.Create(fsys, s.path(logSuffix))
	if err != nil {
		return nil, err
	}
	s.file, s.created = f, now
	s.offsets.reset()
	s.times.reset()
	return s, nil
}

// openSegment opens a segment that is there, without looking into it.
func openSegment(fsys storage.FS, dir string, base, now int64) (*segment, error) {
	s := newSegment(fsys, dir, base, "")
	s.created = now
	return s, s.open()
}

func (s *segment) open() error {
	f, err := s.fsys.OpenFile(s.path(logSuffix), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		f.Close()
		return err
	}
	s.file = f
	s.size.Store(size)
	return nil
}

func (s *segment) acquire() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives a reference back. The last one closes the files; an error of that loses nothing.
func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		_ = s.file.Close()
		_ = s.offsets.close()
		_ = s.times.close()
	}
}

func (s *segment) scan(from int64, window int) scanner {
	return scanner{file: s.file, pos: from, end: s.size.Load(), window: window}
}

// positionBefore is where to begin to look for offset: at a batch that is not behind it.
func (s *segment) positionBefore(offset int64) (int64, error) {
	return s.indexed(func(e []byte) bool { return s.base+entryOffset(e) <= offset })
}

// indexed is the position in the last entry of .index for which before is true; 0 without one. An entry that does not
// fit what stands there is of a damaged file, and counts as none: to take it for the truth would lose records.
func (s *segment) indexed(before func(entry []byte) bool) (int64, error) {
	entry, ok, err := s.offsets.find(before)
	if err != nil || !ok || entryPosition(entry[:]) < 0 {
		return 0, err
	}
	scan := s.scan(entryPosition(entry[:]), kproto.BatchHeaderSize)
	h, err := scan.header()
	if torn := (*tornError)(nil); errors.As(err, &torn) || err == io.EOF {
		return 0, nil
	}
	if err != nil || h.BaseOffset < s.base || h.LastOffset() > s.base+entryOffset(entry[:]) {
		return 0, err
	}
	return scan.pos, nil
}

// position is where the first batch begins whose last offset is not below offset, with its header.
// At the end of the segment it is io.EOF.
func (s *segment) position(offset int64) (int64, kproto.BatchHeader, error) {
	from, err := s.positionBefore(offset)
	if err != nil {
		return 0, kproto.BatchHeader{}, err
	}
	scan := s.scan(from, headerWindow)
	for {
		h, err := scan.header()
		if err != nil || h.LastOffset() >= offset {
			return scan.pos, h, err
		}
		scan.skip(h)
	}
}

// note takes a batch that has been written at pos into the indexes and the largest timestamp. every is
// the most bytes between two entries.
func (s *segment) note(h kproto.BatchHeader, pos, every int64) {
	if s.firstTime < 0 && pos == 0 {
		s.firstTime = h.MaxTimestamp
	}
	if h.MaxTimestamp > s.maxTime.Load() {
		s.maxTime.Store(h.MaxTimestamp)
		s.maxTimeAt.Store(h.LastOffset())
	}
	if s.sinceIndex > every {
		var b [timeWidth]byte
		s.offsets.append(offsetEntry(b[:0], int32(h.LastOffset()-s.base), int32(pos)))
		s.noteTime()
		s.sinceIndex = 0
	}
	s.sinceIndex += int64(h.Size())
}

// noteTime adds the largest timestamp to the time index, unless it is there.
func (s *segment) noteTime() {
	newest := s.maxTime.Load()
	if newest < 0 {
		return
	}
	if last, ok := s.times.lastInMemory(); ok && entryTime(last[:]) >= newest {
		return
	}
	var b [timeWidth]byte
	s.times.append(timeEntry(b[:0], newest, int32(s.maxTimeAt.Load()-s.base)))
}

// next is the offset behind the segment's last batch; base if there is none.
func (s *segment) next() (int64, error) {
	next := s.base
	from := int64(0)
	if last, ok, err := s.offsets.last(); err != nil {
		return 0, err
	} else if ok {
		from = entryPosition(last[:])
	}
	scan := s.scan(from, headerWindow)
	for {
		h, err := scan.header()
		if err == io.EOF {
			return next, nil
		}
		if err != nil {
			return 0, err
		}
		next = h.NextOffset()
		scan.skip(h)
	}
}

// remove unlinks the segment's files, the log last, durably: while there is a log there is a segment.
func (s *segment) remove() error {
	for _, suffix := range segmentSuffixes {
		if err := removeIfThere(s.fsys, s.path(suffix)); err != nil {
			return err
		}
	}
	return s.fsys.SyncDir(s.dir)
}

func removeIfThere(fsys storage.FS, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
