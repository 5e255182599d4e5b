package klog

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
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

// load reads all entries into memory, as far as valid says that an entry may follow the one before
// it; the first has none before it (nil). What does not is left out, and cut off when it is saved. A file that
// is not there has no entries.
func (x *index) load(valid func(prev, entry []byte) bool) error {
	b, err := x.readFile()
	if err != nil {
		return err
	}
	n := len(b) / x.width
	var prev []byte
	for i := range n {
		entry := b[i*x.width : (i+1)*x.width]
		if !valid(prev, entry) {
			n = i
			break
		}
		prev = entry
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mem, x.count, x.resident, x.saved = b[:n*x.width:n*x.width], n, true, n*x.width
	return x.closeFileLocked()
}

func (x *index) readFile() ([]byte, error) {
	f, err := storage.Open(x.fsys, x.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, maxIndexBytes))
	n, err := f.ReadAt(b, 0)
	if n == len(b) {
		err = nil
	}
	return b[:n], err
}

// adopt takes a file as it is, for a segment that is not appended to. Its entries are read as needed.
func (x *index) adopt() error {
	info, err := x.fsys.Stat(x.path)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mem, x.resident, x.saved, x.count = nil, false, 0, int(info.Size())/x.width
	return nil
}

// reset makes it an empty index in memory. The file is emptied by the next save.
func (x *index) reset() {
	x.mu.Lock()
	x.mem, x.count, x.resident, x.saved = nil, 0, true, 0
	x.mu.Unlock()
}

// cut keeps the first n entries, in memory; save makes the file follow.
func (x *index) cut(keep func(entry []byte) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.count > 0 && !keep(x.mem[(x.count-1)*x.width:]) {
		x.count--
		x.mem = x.mem[:x.count*x.width]
	}
	x.saved = min(x.saved, len(x.mem))
}

// unsaved is the number of bytes that save would write.
func (x *index) unsaved() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.mem) - x.saved
}

// save brings the file up to memory, and makes it durable.
func (x *index) save() error {
	x.mu.RLock()
	if !x.resident {
		x.mu.RUnlock()
		return nil
	}
	from := x.saved
	tail := append([]byte(nil), x.mem[from:]...)
	x.mu.RUnlock()

	f, err := x.fsys.OpenFile(x.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if len(tail) > 0 {
		_, err = f.WriteAt(tail, int64(from))
	}
	if err == nil {
		err = trim(f, int64(from+len(tail)))
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	x.mu.Lock()
	x.saved = from + len(tail)
	x.mu.Unlock()
	return nil
}

// trim cuts a file that is longer than size: Kafka's are, while they are appended to.
func trim(f storage.File, size int64) error {
	have, err := f.Size()
	if err != nil || have <= size {
		return err
	}
	return f.Truncate(size)
}

// evict forgets the entries in memory, if the file has them all.
func (x *index) evict() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.resident && x.saved == len(x.mem) {
		x.mem, x.resident, x.saved = nil, false, 0
	}
}

func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closeFileLocked()
}

func (x *index) closeFileLocked() error {
	if x.file == nil {
		return nil
	}
	f := x.file
	x.file = nil
	return f.Close()
}

// An entry of .index: the last offset of a batch, and where the batch begins.

func offsetEntry(b []byte, relative, position int32) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(relative))
	return binary.BigEndian.AppendUint32(b, uint32(position))
}

func entryOffset(entry []byte) int64   { return int64(int32(binary.BigEndian.Uint32(entry))) }
func entryPosition(entry []byte) int64 { return int64(int32(binary.BigEndian.Uint32(entry[4:]))) }

// An entry of .timeindex: the largest timestamp so far, and the last offset of the batch that has it.

func timeEntry(b []byte, timestamp int64, relative int32) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(timestamp))
	return binary.BigEndian.AppendUint32(b, uint32(relative))
}

func entryTime(entry []byte) int64       { return int64(binary.BigEndian.Uint64(entry)) }
func entryTimeOffset(entry []byte) int64 { return entryOffset(entry[8:]) }

// followsOffset says whether an entry of .index may follow prev in a segment of that many bytes.
func followsOffset(size int64) func(prev, entry []byte) bool {
	return func(prev, entry []byte) bool {
		offset, position := entryOffset(entry), entryPosition(entry)
		if offset < 0 || position < 0 || position >= size {
			return false
		}
		if prev == nil {
			return offset != 0 || position != 0 || !allZero(entry)
		}
		return offset > entryOffset(prev) && position > entryPosition(prev)
	}
}

// followsTime says whether an entry of .timeindex may follow prev.
func followsTime(prev, entry []byte) bool {
	if entryTime(entry) < 0 || entryTimeOffset(entry) < 0 || allZero(entry) {
		return false
	}
	return prev == nil || entryTime(entry) > entryTime(prev) && entryTimeOffset(entry) > entryTimeOffset(prev)
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
