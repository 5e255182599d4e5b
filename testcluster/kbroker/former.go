package kbroker

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// formerFile is in the first log folder. It has the ids of the last sessions, newest first, in hexadecimal, one a line.
const formerFile = ".zookeeper-sessions"

// maxFormer is how many sessions are remembered: more than can be alive at a time.
const maxFormer = 8

// formerSessions are the sessions that this broker has had in ZooKeeper, in this process and in those before. The lock of
// the log folder proves that those processes are gone; so what their sessions have left in ZooKeeper may be removed
// at once, and a broker that was killed need not wait for its own ghost.
type formerSessions struct {
	fs   storage.FS
	path string

	mu  sync.Mutex
	ids []zkproto.SessionID
}

// loadFormer reads the file of the log folder dir; one that is not there, or makes no sense, is as good as empty.
func loadFormer(fsys storage.FS, dir string) (*formerSessions, error) {
	f := &formerSessions{fs: fsys, path: filepath.Join(dir, formerFile)}
	data, err := storage.ReadFile(fsys, f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the sessions of before: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if id, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64); err == nil {
			f.ids = append(f.ids, zkproto.SessionID(id))
		}
	}
	f.ids = f.ids[:min(len(f.ids), maxFormer)]
	return f, nil
}

func (f *formerSessions) has(id zkproto.SessionID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.ids, id)
}

// add remembers a session durably, before anything is created in it.
func (f *formerSessions) add(id zkproto.SessionID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.ids, id) {
		return nil
	}
	ids := append([]zkproto.SessionID{id}, f.ids...)
	ids = ids[:min(len(ids), maxFormer)]
	var text strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&text, "%016x\n", uint64(id))
	}
	if err := storage.WriteFile(f.fs, f.path, []byte(text.String())); err != nil {
		return fmt.Errorf("remember the session: %w", err)
	}
	f.ids = ids
	return nil
}
