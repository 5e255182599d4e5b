package storage

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// below says whether path lies in folder dir, at any depth.
func below(path, dir string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// removeFolderLocked removes an empty folder, durably.
func (m *Memory) removeFolderLocked(name, path string) error {
	for _, names := range []map[string]*inode{m.live, m.durable} {
		for file := range names {
			if !below(file, name) {
				continue
			}
			if m.live[file] != nil {
				return pathError("remove", path, syscall.ENOTEMPTY)
			}
			delete(m.durable, file) // a removal not yet synced goes with its folder
		}
	}
	for dir := range m.dirs {
		if below(dir, name) {
			return pathError("remove", path, syscall.ENOTEMPTY)
		}
	}
	m.pending = slices.DeleteFunc(m.pending, func(op nameOp) bool {
		return !slices.ContainsFunc(op, func(c nameChange) bool { return !below(c.path, name) })
	})
	delete(m.dirs, name)
	return nil
}

// renameFolderLocked moves a folder with all that is in it, durably; what is not yet durable of
// its files stays so. failed gets the cause where it is refused.
func (m *Memory) renameFolderLocked(from, to string, failed *os.LinkError) error {
	switch {
	case from == to:
		return nil
	case m.dirs[to] || m.live[to] != nil:
		failed.Err = syscall.EEXIST
		return failed
	case !m.dirs[filepath.Dir(to)]:
		failed.Err = fs.ErrNotExist
		return failed
	case below(to, from):
		failed.Err = syscall.EINVAL
		return failed
	}
	moved := func(path string) string {
		if path == from || below(path, from) {
			return to + path[len(from):]
		}
		return path
	}
	m.dirs = rekeyed(m.dirs, moved)
	m.live = rekeyed(m.live, moved)
	m.durable = rekeyed(m.durable, moved)
	for _, op := range m.pending {
		for i := range op {
			op[i].path = moved(op[i].path)
		}
	}
	return nil
}

func rekeyed[V any](from map[string]V, key func(string) string) map[string]V {
	to := maps.Clone(from)
	clear(to)
	for k, v := range from {
		to[key(k)] = v
	}
	return to
}
