package storage

import (
	"io"
	"io/fs"
	"syscall"
)

// SectorSize is the unit in which a disk writes: after a power cut a sector is old or new,
// never a mixture.
const SectorSize = 512

// inode is a file's content, twice: as a reader sees it, and as the platter has it.
type inode struct {
	live      []byte
	durable   []byte
	dirty     map[int64]bool // sectors of live that the platter may or may not have
	sizeDirty bool           // likewise the size
	links     int
}

func (n *inode) size() int64 { return int64(len(n.live)) }

// touch marks the sectors of [from, to) as written.
func (n *inode) touch(from, to int64) {
	if n.dirty == nil {
		n.dirty = map[int64]bool{}
	}
	for s := from / SectorSize; s*SectorSize < to; s++ {
		n.dirty[s] = true
	}
}

// sync copies what is dirty to the platter.
func (n *inode) sync() {
	if n.sizeDirty {
		n.durable = resized(n.durable, len(n.live))
	}
	for s := range n.dirty {
		copySector(n.durable, n.live, s)
	}
	clear(n.dirty)
	n.sizeDirty = false
}

// lose forgets that any byte is dirty: the platter keeps what it has until the sector is
// written anew. The size is the file system's own, and stays to be synced.
func (n *inode) lose() { clear(n.dirty) }

// copySector copies what both slices have of sector s.
func copySector(dst, src []byte, s int64) {
	from := s * SectorSize
	if from < int64(len(src)) && from < int64(len(dst)) {
		end := min(from+SectorSize, int64(len(src)))
		copy(dst[from:], src[from:end])
	}
}

// resized cuts b, or extends it with zeros.
func resized(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	old := len(b)
	if size > cap(b) {
		b = append(make([]byte, 0, max(size, min(2*cap(b), size+1<<20))), b...)
	}
	b = b[:size]
	clear(b[old:])
	return b
}

// resizeLocked sets the size as far as the capacity allows, and returns what it is now.
func (m *Memory) resizeLocked(n *inode, size int64) int64 {
	old := n.size()
	if m.capacity > 0 && size > old {
		size = max(old, min(size, old+m.capacity-m.used))
	}
	if size == old {
		return old
	}
	n.live = resized(n.live, int(size))
	n.sizeDirty = true
	// Where the platter still has bytes from before a cut, the zeros are news to it.
	if onPlatter := min(size, int64(len(n.durable))); old < onPlatter {
		n.touch(old, onPlatter)
	}
	if n.links > 0 {
		m.used += size - old
	}
	return size
}

// memFile is an open file of a Memory.
type memFile struct {
	m        *Memory
	node     *inode
	path     string
	writable bool
	closed   bool
	offset   int64
}

func (f *memFile) Name() string { return f.path }

func (f *memFile) check(op string, writes bool) error {
	switch {
	case f.closed:
		return pathError(op, f.path, fs.ErrClosed)
	case writes && !f.writable:
		return pathError(op, f.path, syscall.EBADF)
	}
	return nil
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("read", f.path, fs.ErrInvalid)
	}
	if off >= f.node.size() {
		return 0, io.EOF
	}
	n := copy(p, f.node.live[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	n, err := f.writeLocked(p, f.offset)
	f.offset += int64(n)
	return n, err
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return f.writeLocked(p, off)
}

func (f *memFile) writeLocked(p []byte, off int64) (int, error) {
	if err := f.check("write", true); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("write", f.path, fs.ErrInvalid)
	}
	end := off + int64(len(p))
	if end > f.node.size() {
		end = max(off, f.m.resizeLocked(f.node, end))
	}
	n := 0
	if off < f.node.size() {
		n = copy(f.node.live[off:], p[:end-off])
		f.node.touch(off, off+int64(n))
	}
	if n < len(p) {
		return n, pathError("write", f.path, syscall.ENOSPC)
	}
	return n, nil
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("stat", false); err != nil {
		return 0, err
	}
	return f.node.size(), nil
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("sync", false); err != nil {
		return err
	}
	f.node.sync()
	return nil
}

// loseUnsynced is what a Sync that fails does to the bytes it was to save.
func (f *memFile) loseUnsynced() {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.node.lose()
}

func (f *memFile) Truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("truncate", true); err != nil {
		return err
	}
	if size < 0 {
		return pathError("truncate", f.path, fs.ErrInvalid)
	}
	if f.m.resizeLocked(f.node, size) != size {
		return pathError("truncate", f.path, syscall.ENOSPC)
	}
	return nil
}

// Allocate takes all of the room or none of it.
func (f *memFile) Allocate(offset, length int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("allocate", true); err != nil {
		return err
	}
	if offset < 0 || length <= 0 {
		return pathError("allocate", f.path, fs.ErrInvalid)
	}
	old, size := f.node.size(), offset+length
	if size <= old {
		return nil
	}
	if f.m.resizeLocked(f.node, size) != size {
		f.m.resizeLocked(f.node, old)
		return pathError("allocate", f.path, syscall.ENOSPC)
	}
	return nil
}

func (f *memFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.check("close", false); err != nil {
		return err
	}
	f.closed = true
	return nil
}
