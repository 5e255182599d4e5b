package klog

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// epochStart says from which offset on records are of a leader's epoch.
type epochStart struct {
	epoch int32
	start int64
}

// epochs are the leader epochs of a log, ascending in both fields: with them a follower finds where
// its log and the leader's part (KIP-101, KIP-279).
//
// The file leader-epoch-checkpoint follows when the log is flushed: what a crash takes from it is found in
// the batches beyond the recovery point, or had no records.
// Source: LeaderEpochFileCache.
type epochs struct {
	mu    sync.RWMutex
	list  []epochStart
	dirty bool // the file does not have list
}

func (e *epochs) latest() int32 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if len(e.list) == 0 {
		return -1
	}
	return e.list[len(e.list)-1].epoch
}

// assign says that epoch begins at start. What it contradicts goes: epochs that are not older, or
// begin not earlier. Of an epoch that has begun already, the later ones go.
func (e *epochs) assign(epoch int32, start int64) {
	if epoch < 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	known := slices.IndexFunc(e.list, func(x epochStart) bool { return x.epoch == epoch && x.start <= start })
	if known >= 0 {
		e.dirty = e.dirty || known < len(e.list)-1
		e.list = e.list[:known+1]
		return
	}
	e.list = slices.DeleteFunc(e.list, func(x epochStart) bool { return x.epoch >= epoch || x.start >= start })
	e.list = append(e.list, epochStart{epoch, start})
	e.dirty = true
}

// cutEnd forgets what begins at end or later.
func (e *epochs) cutEnd(end int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.list)
	e.list = slices.DeleteFunc(e.list, func(x epochStart) bool { return x.start >= end })
	e.dirty = e.dirty || len(e.list) != n
}

// cutStart forgets what ends before start; the epoch of start itself begins there now.
func (e *epochs) cutStart(start int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	old := 0 // of them begin at start or before
	for old < len(e.list) && e.list[old].start <= start {
		old++
	}
	if old == 0 || old == 1 && e.list[0].start == start {
		return
	}
	e.list = slices.Delete(e.list, 0, old-1)
	e.list[0].start = start
	e.dirty = true
}

func (e *epochs) clear() {
	e.mu.Lock()
	e.dirty = e.dirty || len(e.list) > 0
	e.list = nil
	e.mu.Unlock()
}

// endOf is the largest known epoch that is not above epoch, and where it ends; end is that of the log.
// Asked for one that is above all, or if none is known, it is -1 and -1.
func (e *epochs) endOf(epoch int32, end int64) (int32, int64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	n := len(e.list)
	if epoch < 0 || n == 0 || epoch > e.list[n-1].epoch {
		return -1, -1
	}
	if epoch == e.list[n-1].epoch {
		return epoch, end
	}
	next := slices.IndexFunc(e.list, func(x epochStart) bool { return x.epoch > epoch })
	if next == 0 {
		return epoch, e.list[0].start
	}
	return e.list[next-1].epoch, e.list[next].start
}

// save writes the file, durably, if it does not say the same already.
func (e *epochs) save(fsys storage.FS, dir string) error {
	e.mu.Lock()
	if !e.dirty {
		e.mu.Unlock()
		return nil
	}
	e.dirty = false
	lines := make([]string, len(e.list))
	for i, x := range e.list {
		lines[i] = fmt.Sprintf("%d %d", x.epoch, x.start)
	}
	e.mu.Unlock()
	err := storage.WriteFile(fsys, filepath.Join(dir, epochsFile), formatEntries(lines))
	if err != nil {
		e.mu.Lock()
		e.dirty = true
		e.mu.Unlock()
	}
	return err
}

// load reads the file. One that is not there is no epochs, nor is one that makes no sense; both are a [*FormatError].
func (e *epochs) load(fsys storage.FS, dir string) error {
	path := filepath.Join(dir, epochsFile)
	text, err := storage.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return &FormatError{File: path, Reason: "it is not there"}
	}
	if err != nil {
		return err
	}
	err = parseEntries(path, string(text), 2, func(f []string) error {
		epoch, err := strconv.ParseInt(f[0], 10, 32)
		if err != nil {
			return err
		}
		start, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return err
		}
		if n := len(e.list); n > 0 && (int32(epoch) <= e.list[n-1].epoch || start < e.list[n-1].start) {
			return errors.New("epochs are out of order")
		}
		e.list = append(e.list, epochStart{int32(epoch), start})
		return nil
	})
	if err != nil {
		e.list, e.dirty = nil, true
	}
	return err
}
