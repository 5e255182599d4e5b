package klog

import (
	"errors"
	"io/fs"
	"os"

	"github.com/zoka-project/zoka/testcluster/storage"
)

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

// adopt takes a file as it is, for a segment that is not appended to. Its entries are read as needed. It is not whole
// if it is missing, or its size is not one of entries.
func (x *index) adopt() (whole bool, err error) {
	info, err := x.fsys.Stat(x.path)
	whole = err == nil && info.Size()%int64(x.width) == 0
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mem, x.resident, x.saved, x.count = nil, false, 0, 0
	if whole {
		x.count = int(info.Size()) / x.width
	} else {
		x.resident = true
	}
	return whole, err
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
