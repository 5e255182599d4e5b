package klog

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// found is what the log folder's own files say of a log.
type found struct {
	clean         bool  // the folder was closed in order: the files are as they should be
	recoveryPoint int64 // all before it is durable
	start         int64
	highWatermark int64
}

// newLog is a log without files.
func newLog(o *Options, sh *shared, topic string, partition int32, folder string) *Log {
	l := &Log{topic: topic, partition: partition, fsys: o.FS, now: o.Now, shared: sh, producers: producers{}}
	cfg := o.Config(topic)
	l.config.Store(&cfg)
	path := filepath.Join(o.Path, folder)
	l.path.Store(&path)
	l.ring.limit = &sh.ringLimit
	return l
}

// createLog makes the folder of an empty log.
func createLog(o *Options, sh *shared, topic string, partition int32, inc Incarnation) (*Log, error) {
	l := newLog(o, sh, topic, partition, folderName(topic, partition))
	if err := l.fsys.MkdirAll(l.folder(), 0o755); err != nil {
		return nil, err
	}
	if err := l.SetIncarnation(inc); err != nil {
		return nil, err
	}
	seg, err := createSegment(l.fsys, l.folder(), 0, l.nowMs())
	if err != nil {
		return nil, err
	}
	l.publish([]*segment{seg})
	if err := l.fsys.SyncDir(l.folder()); err != nil {
		seg.release()
		return nil, err
	}
	return l, nil
}

// openLog opens a log's folder, and repairs what a crash has left of it.
func openLog(o *Options, sh *shared, topic string, partition int32, f found) (*Log, error) {
	l := newLog(o, sh, topic, partition, folderName(topic, partition))
	if err := l.load(f); err != nil {
		l.closeSegments()
		return nil, fmt.Errorf("open log %s: %w", l.folder(), err)
	}
	return l, nil
}

func (l *Log) load(f found) error {
	if err := l.loadIncarnation(); err != nil {
		return err
	}
	if err := l.finishSwaps(); err != nil {
		return err
	}
	names, err := folderNames(l.fsys, l.folder())
	if err != nil {
		return err
	}
	if err := l.openSegments(names); err != nil {
		return err
	}
	if slices.Contains(names, lostFile) {
		f.clean = false
	}
	damaged := l.epochs.load(l.fsys, l.folder())
	if damaged != nil && !isFormat(damaged) {
		return damaged
	}
	none := l.epochs.latest() < 0
	next, err := l.recover(f, slices.Contains(names, lostFile))
	if err != nil {
		return err
	}
	if err := l.loadState(f, next); err != nil {
		return err
	}
	if none { // what recovery has found is not all
		l.epochs.clear()
	}
	return l.completeEpochs(damaged, f.clean || f.recoveryPoint > 0)
}

// openSegments opens what names say there is, oldest first.
func (l *Log) openSegments(names []string) error {
	var list []*segment
	defer func() { l.publish(list) }()
	for _, name := range names {
		if strings.HasSuffix(name, deletedSuffix) || strings.HasSuffix(name, ".tmp") {
			if err := l.fsys.Remove(l.file(name)); err != nil {
				return err
			}
			continue
		}
		base, ok := parseFileName(name, logSuffix)
		if !ok {
			continue
		}
		seg, err := openSegment(l.fsys, l.folder(), base, l.nowMs())
		if err != nil {
			return err
		}
		list = append(list, seg)
	}
	slices.SortFunc(list, func(a, b *segment) int { return cmp.Compare(a.base, b.base) })
	return l.removeOrphans(names)
}

// removeOrphans removes indexes whose log is gone: they would be taken for those of a later one.
func (l *Log) removeOrphans(names []string) error {
	for _, name := range names {
		for _, suffix := range segmentSuffixes {
			base, ok := parseFileName(name, suffix)
			if ok && !slices.Contains(names, fileName(base, logSuffix)) {
				if err := l.fsys.Remove(l.file(name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// loadState sets the offsets of a log that ends at next, and reads what else belongs to them.
func (l *Log) loadState(f found, next int64) error {
	list := l.list()
	if f.clean && f.start > next && len(list) > 0 {
		l.shared.warn("the log's start was beyond its end, which it cannot have been", "log", l.String(), "start", f.start, "end", next)
		f.start = 0
	}
	if start := max(f.start, 0); len(list) == 0 || start > next {
		// Nothing is left, or all of it was deleted by request: the log goes on where it may.
		if err := l.removeSegments(list); err != nil {
			return err
		}
		seg, err := createSegment(l.fsys, l.folder(), start, l.nowMs())
		if err != nil {
			return err
		}
		l.publish([]*segment{seg})
		if err := l.fsys.SyncDir(l.folder()); err != nil {
			return err
		}
		next = start
	}
	l.newNames.Store(true) // the life before may have ended between making a file and making its name durable
	l.start.Store(max(f.start, l.list()[0].base))
	l.end.Store(next)
	l.hw.Store(min(max(f.highWatermark, l.start.Load()), next))
	l.flushed.Store(min(max(f.recoveryPoint, 0), next))
	if f.clean {
		l.flushed.Store(next)
	}
	if l.flushed.Load() < next {
		l.unflushed.Store(l.nowMs())
	}
	l.epochs.cutEnd(next)
	l.epochs.cutStart(l.list()[0].base)
	return l.loadProducers(next)
}

// closeSegments gives up the log's files.
func (l *Log) closeSegments() {
	if l.segs.Load() == nil {
		return
	}
	for _, seg := range l.list() {
		seg.release()
	}
}

// removeSegments removes files from the newest to the oldest, each durably before the next: what a crash
// leaves is a log that ends earlier.
func (l *Log) removeSegments(list []*segment) error {
	for _, seg := range slices.Backward(list) {
		if err := seg.remove(); err != nil {
			return err
		}
		seg.release()
	}
	return nil
}
