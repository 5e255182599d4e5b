package storage

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Memory is a file system in memory that knows what a power cut would leave of it: see
// [Memory.Crash]. It is safe for concurrent use. Folders and their names are durable at once;
// an open file that is removed lives on until it is closed, as on Unix.
type Memory struct {
	mu       sync.Mutex
	dirs     map[string]bool
	live     map[string]*inode // what a reader sees now
	durable  map[string]*inode // what SyncDir has made safe
	pending  []nameOp          // the way from durable to live
	locks    map[string]bool
	capacity int64 // 0: unlimited
	used     int64
}

// nameOp is one create, remove or rename. It happens wholly or not at all.
type nameOp []nameChange

// nameChange sets a path to a file, or to none.
type nameChange struct {
	path string
	node *inode
}

// NewMemory returns an empty file system with the folder "/".
func NewMemory() *Memory {
	return &Memory{
		dirs:    map[string]bool{string(filepath.Separator): true, ".": true},
		live:    map[string]*inode{},
		durable: map[string]*inode{},
		locks:   map[string]bool{},
	}
}

// SetCapacity limits the sum of the files' sizes; a write beyond it stores what fits and
// reports syscall.ENOSPC. 0 is unlimited.
func (m *Memory) SetCapacity(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.capacity = bytes
}

// Used is the sum of the files' sizes.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

func (m *Memory) OpenFile(path string, flag int, _ fs.FileMode) (File, error) {
	name := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.live[name]
	switch {
	case m.dirs[name]:
		return nil, pathError("open", path, syscall.EISDIR)
	case node == nil && flag&os.O_CREATE == 0:
		return nil, pathError("open", path, fs.ErrNotExist)
	case node == nil:
		if !m.dirs[filepath.Dir(name)] {
			return nil, pathError("open", path, fs.ErrNotExist)
		}
		node = &inode{}
		m.changeLocked(nameOp{{name, node}})
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, pathError("open", path, fs.ErrExist)
	}
	if flag&os.O_TRUNC != 0 {
		m.resizeLocked(node, 0)
	}
	return &memFile{m: m, node: node, path: path, writable: flag&(os.O_WRONLY|os.O_RDWR) != 0}, nil
}

func (m *Memory) Remove(path string) error {
	name := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[name] {
		return m.removeFolderLocked(name, path)
	}
	if m.live[name] == nil {
		return pathError("remove", path, fs.ErrNotExist)
	}
	m.changeLocked(nameOp{{name, nil}})
	return nil
}

func (m *Memory) Rename(oldPath, newPath string) error {
	from, to := filepath.Clean(oldPath), filepath.Clean(newPath)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs[from] {
		return m.renameFolderLocked(from, to, &os.LinkError{Op: "rename", Old: oldPath, New: newPath})
	}
	node := m.live[from]
	if node == nil || !m.dirs[filepath.Dir(to)] {
		return &os.LinkError{Op: "rename", Old: oldPath, New: newPath, Err: fs.ErrNotExist}
	}
	if m.dirs[to] {
		return &os.LinkError{Op: "rename", Old: oldPath, New: newPath, Err: syscall.EISDIR}
	}
	if from != to {
		m.changeLocked(nameOp{{from, nil}, {to, node}})
	}
	return nil
}

func (m *Memory) ReadDir(path string) ([]fs.DirEntry, error) {
	dir := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[dir] {
		return nil, pathError("readdir", path, fs.ErrNotExist)
	}
	var list []fs.DirEntry
	for name, node := range m.live {
		if filepath.Dir(name) == dir {
			list = append(list, fs.FileInfoToDirEntry(memInfo{name: filepath.Base(name), size: node.size()}))
		}
	}
	for name := range m.dirs {
		if name != dir && filepath.Dir(name) == dir && name != "." {
			list = append(list, fs.FileInfoToDirEntry(memInfo{name: filepath.Base(name), dir: true}))
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

func (m *Memory) Stat(path string) (fs.FileInfo, error) {
	name := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if node := m.live[name]; node != nil {
		return memInfo{name: filepath.Base(name), size: node.size()}, nil
	}
	if m.dirs[name] {
		return memInfo{name: filepath.Base(name), dir: true}, nil
	}
	return nil, pathError("stat", path, fs.ErrNotExist)
}

func (m *Memory) MkdirAll(path string, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var missing []string
	for dir := filepath.Clean(path); !m.dirs[dir]; dir = filepath.Dir(dir) {
		if m.live[dir] != nil {
			return pathError("mkdir", path, syscall.ENOTDIR)
		}
		missing = append(missing, dir)
	}
	for _, dir := range missing {
		m.dirs[dir] = true
	}
	return nil
}

func (m *Memory) SyncDir(path string) error {
	dir := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirs[dir] {
		return pathError("syncdir", path, fs.ErrNotExist)
	}
	m.pending = slices.DeleteFunc(m.pending, func(op nameOp) bool {
		if !slices.ContainsFunc(op, func(c nameChange) bool { return filepath.Dir(c.path) == dir }) {
			return false
		}
		op.apply(m.durable)
		return true
	})
	return nil
}

func (m *Memory) Lock(path string) (io.Closer, error) {
	f, err := m.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	name := filepath.Clean(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] {
		return nil, pathError("lock", path, ErrLocked)
	}
	m.locks[name] = true
	return &memLock{File: f, m: m, name: name}, nil
}

type memLock struct {
	File
	m    *Memory
	name string
}

func (l *memLock) Close() error {
	l.m.mu.Lock()
	delete(l.m.locks, l.name)
	l.m.mu.Unlock()
	return l.File.Close()
}

// changeLocked does op now, and remembers it as not yet durable.
func (m *Memory) changeLocked(op nameOp) {
	for _, c := range op {
		if old := m.live[c.path]; old != nil && c.node != old {
			old.links--
			if old.links == 0 && !op.links(old) {
				m.used -= old.size()
			}
		}
		if c.node != nil {
			c.node.links++
		}
	}
	op.apply(m.live)
	m.pending = append(m.pending, op)
}

// links says whether op gives node a name.
func (op nameOp) links(node *inode) bool {
	return slices.ContainsFunc(op, func(c nameChange) bool { return c.node == node })
}

func (op nameOp) apply(names map[string]*inode) {
	for _, c := range op {
		if c.node == nil {
			delete(names, c.path)
		} else {
			names[c.path] = c.node
		}
	}
}

func pathError(op, path string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }

type memInfo struct {
	name string
	size int64
	dir  bool
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }
func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
