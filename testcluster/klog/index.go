package klog

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/zoka-project/zoka/testcluster/storage"
)

const (
	offsetWidth = 8  // i32 offset - base | i32 position in the log
	timeWidth   = 12 // i64 timestamp | i32 offset - base

	// maxIndexBytes is the most that is read into memory; Kafka's largest index is segment.index.bytes.
	maxIndexBytes = 64 << 20
	// maxRelative is the largest offset - base an index can say.
	maxRelative = 1<<31 - 1
	// maxDelta is more than the records that a batch has room for: each takes seven bytes of at most 2^31.
	maxDelta = 1 << 29
)

// index are the entries of one kind of one segment, in ascending order: .index or .timeindex. Those of
// a segment that is appended to are in memory, and written later; those of an older one are read from
// their file.
//
// Entries are hints: a look-up finds where to begin to walk the log. They are rebuilt from the log where
// they are missing, and beyond the recovery point after a crash.
//
// Lookups and append may come from any goroutine. The file is written only by the holder of the log's
// maintenance lock.
type index struct {
	fsys  storage.FS
	path  string
	width int

	mu       sync.RWMutex
	resident bool
	mem      []byte       // if resident: all entries
	count    int          // of entries
	saved    int          // bytes of mem that the file has
	file     storage.File // if not resident: opened by the first look-up
}

// append adds an entry.
func (x *index) append(entry []byte) {
	x.mu.Lock()
	x.mem = append(x.mem, entry...)
	x.count++
	x.mu.Unlock()
}

func (x *index) entries() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.count
}

func (x *index) inMemory() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.resident
}

// last returns the newest entry.
func (x *index) last() (entry [timeWidth]byte, ok bool, err error) {
	r, err := x.reader()
	if err != nil {
		return entry, false, err
	}
	defer r.done()
	if r.count == 0 {
		return entry, false, nil
	}
	err = r.at(r.count-1, &entry)
	return entry, err == nil, err
}

// lastInMemory is last for an index in memory: it allocates nothing.
func (x *index) lastInMemory() (entry [timeWidth]byte, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if !x.resident || x.count == 0 {
		return entry, false
	}
	copy(entry[:], x.mem[len(x.mem)-x.width:])
	return entry, true
}

// find returns the last entry for which before is true; before is true for a prefix of them.
func (x *index) find(before func(entry []byte) bool) (entry [timeWidth]byte, ok bool, err error) {
	for {
		entry, ok, err = x.findOnce(before)
		if !errors.Is(err, fs.ErrClosed) || !x.inMemory() {
			return entry, ok, err
		}
		// It was loaded into memory meanwhile: look there.
	}
}

func (x *index) findOnce(before func(entry []byte) bool) (entry [timeWidth]byte, ok bool, err error) {
	r, err := x.reader()
	if err != nil {
		return entry, false, err
	}
	defer r.done()
	low, high := 0, r.count
	for low < high {
		mid := (low + high) / 2
		if err := r.at(mid, &entry); err != nil {
			return entry, false, err
		}
		if before(entry[:x.width]) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		return entry, false, nil
	}
	err = r.at(low-1, &entry)
	return entry, err == nil, err
}

// indexReader reads entries, from memory under the lock or from the file without it.
type indexReader struct {
	x     *index
	file  storage.File
	count int
}

func (x *index) reader() (indexReader, error) {
	for {
		x.mu.RLock()
		if x.resident {
			return indexReader{x: x, count: x.count}, nil // still locked: see done
		}
		r := indexReader{x: x, file: x.file, count: x.count}
		x.mu.RUnlock()
		if r.file != nil {
			return r, nil
		}
		if err := x.openFile(); err != nil {
			return r, err
		}
	}
}

func (x *index) openFile() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.resident || x.file != nil {
		return nil
	}
	f, err := storage.Open(x.fsys, x.path)
	if err == nil {
		x.file = f
	}
	return err
}

func (r indexReader) done() {
	if r.file == nil {
		r.x.mu.RUnlock()
	}
}

func (r indexReader) at(i int, entry *[timeWidth]byte) error {
	if r.file == nil {
		copy(entry[:r.x.width], r.x.mem[i*r.x.width:])
		return nil
	}
	_, err := r.file.ReadAt(entry[:r.x.width], int64(i*r.x.width))
	return err
}

// reset makes it an empty index in memory. The file is emptied by the next save.
func (x *index) reset() {
	x.mu.Lock()
	x.mem, x.count, x.resident, x.saved = nil, 0, true, 0
	x.mu.Unlock()
}

// cut drops the newest entries that keep is false for, in memory; save makes the file follow.
func (x *index) cut(keep func(entry []byte) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.count > 0 && !keep(x.mem[(x.count-1)*x.width:]) {
		x.count--
		x.mem = x.mem[:x.count*x.width]
	}
	x.saved = min(x.saved, len(x.mem))
}
