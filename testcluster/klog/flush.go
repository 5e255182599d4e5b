package klog

import "github.com/zoka-project/zoka/testcluster/storage"

// indexSlack is how many bytes of index the active segment's file may lack after a flush: so many
// entries are found again by walking the log's headers.
const indexSlack = 4 << 10

// Flush makes all that has been appended durable, and moves the recovery point there.
func (l *Log) Flush() error {
	l.maint.Lock()
	defer l.maint.Unlock()
	return l.flushOpenLocked(l.end.Load())
}

// flushIfDue makes an append durable that is flush.messages behind the recovery point. Those that come
// while one sync runs share the next.
func (l *Log) flushIfDue(end int64, cfg *Config) error {
	if end-l.flushed.Load() < cfg.FlushMessages {
		return nil
	}
	l.maint.Lock()
	defer l.maint.Unlock()
	if l.flushed.Load() >= end {
		return nil
	}
	return l.flushOpenLocked(l.end.Load())
}

// flushOld makes the segments durable that are not appended to any more.
func (l *Log) flushOld() error {
	l.maint.Lock()
	defer l.maint.Unlock()
	return l.flushOpenLocked(l.active().base)
}

func (l *Log) flushOpenLocked(target int64) error {
	if l.closed.Load() {
		return &DeletedError{l.folder()}
	}
	return l.flushLocked(target)
}

// flushLocked makes what is before target durable, and then moves the recovery point there: behind it nothing is
// looked for after a crash. maint is held.
func (l *Log) flushLocked(target int64) error {
	if err := l.Err(); err != nil {
		return err
	}
	target = min(target, l.end.Load())
	since := l.unflushed.Load()
	if target > l.flushed.Load() {
		l.unflushed.CompareAndSwap(since, 0)
		if err := l.syncLogs(target); err != nil {
			return err
		}
	}
	if err := l.saveOld(); err != nil {
		return err
	}
	if l.newNames.Swap(false) {
		if err := l.fsys.SyncDir(l.folder()); err != nil {
			return l.fail("flush", err)
		}
	}
	if target <= l.flushed.Load() {
		return nil
	}
	if err := l.epochs.save(l.fsys, l.folder()); err != nil {
		return l.notWritten("flush", err)
	}
	l.flushed.Store(target)
	if target < l.end.Load() && since > 0 {
		l.unflushed.CompareAndSwap(0, since)
	}
	return nil
}

// syncLogs syncs the segments that have bytes between the recovery point and target.
func (l *Log) syncLogs(target int64) error {
	list, flushed := l.list(), l.flushed.Load()
	for i, seg := range list {
		last := i == len(list)-1
		if !last && list[i+1].base <= flushed || seg.base >= target {
			continue
		}
		if err := seg.file.Sync(); err != nil {
			l.markLost()
			return l.fail("flush", err)
		}
		if last && seg.offsets.unsaved()+seg.times.unsaved() >= indexSlack {
			if err := l.saveIndexes(seg); err != nil {
				return err
			}
		}
	}
	return nil
}

// saveOld writes what the segments that are not appended to any more still have in memory: their indexes, and the
// producers' state at their ends.
func (l *Log) saveOld() error {
	list := l.list()
	for _, seg := range list[:len(list)-1] {
		if !seg.offsets.inMemory() && !seg.times.inMemory() {
			continue
		}
		if err := l.saveIndexes(seg); err != nil {
			return err
		}
		seg.offsets.evict()
		seg.times.evict()
	}
	return l.writeSnapshots()
}

func (l *Log) saveIndexes(seg *segment) error {
	for _, x := range []*index{&seg.offsets, &seg.times} {
		if err := x.save(); err != nil {
			return l.notWritten("flush", err)
		}
	}
	return nil
}

// markLost leaves word that a sync has failed: what it was to save can still be read, but is not on
// the disk. The next recovery writes it anew.
func (l *Log) markLost() {
	if err := storage.WriteFile(l.fsys, l.file(lostFile), nil); err != nil {
		l.shared.warn("cannot note that a sync has failed", "log", l.String(), "err", err)
	}
}

// writeSnapshots writes the producers' states of the last rolls.
func (l *Log) writeSnapshots() error {
	l.mu.Lock()
	pending := l.snapshots
	l.snapshots = nil
	l.mu.Unlock()
	for _, s := range pending {
		if err := l.writeSnapshot(s); err != nil {
			return l.notWritten("flush", err)
		}
	}
	return nil
}

func (l *Log) writeSnapshot(s pendingSnapshot) error {
	return storage.WriteFile(l.fsys, l.file(fileName(s.offset, snapshotSuffix)), s.bytes)
}
