package klog

import (
	"fmt"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// retain removes the oldest segments that are too old, too much, or wholly before the log's start, as
// far as they are below the high watermark.
// Source: Log.deleteOldSegments.
func (l *Log) retain() error {
	l.maint.Lock()
	defer l.maint.Unlock()
	now := l.nowMs()
	l.expireProducers(now)
	cfg := l.config.Load()
	n := l.removable(cfg, now)
	if n == 0 {
		return nil
	}
	old, err := l.detach(n, now)
	if err != nil {
		return err
	}
	l.shared.info("retention removes segments", "log", l.String(), "count", len(old), "start", l.start.Load())
	return l.removeOldest(old)
}

func (l *Log) expireProducers(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.producers.expire(now - l.shared.producerExpiry.Milliseconds())
}

// removable is how many of the oldest segments may go.
func (l *Log) removable(cfg *Config, now int64) int {
	list, hw, start := l.list(), l.hw.Load(), l.start.Load()
	surplus := int64(-1)
	if cfg.CleanupDelete && cfg.RetentionBytes >= 0 {
		surplus = l.Size() - cfg.RetentionBytes
	}
	n := 0
	for i, seg := range list {
		next := l.end.Load()
		if i+1 < len(list) {
			next = list[i+1].base
		}
		size := seg.size.Load()
		if next > hw || size == 0 && i+1 == len(list) {
			break
		}
		old := cfg.CleanupDelete && cfg.RetentionMs >= 0 && now-l.newest(seg) > cfg.RetentionMs
		large := surplus >= 0 && surplus-size >= 0
		if !old && !large && !(next <= start && i+1 < len(list)) {
			break
		}
		surplus -= size
		n++
	}
	return n
}

// newest is the time of a segment's newest record, or of its last write if its records have none.
func (l *Log) newest(seg *segment) int64 {
	if t := seg.maxTime.Load(); t >= 0 {
		return t
	}
	if info, err := l.fsys.Stat(seg.path(logSuffix)); err == nil && info.ModTime().UnixMilli() > 0 {
		return info.ModTime().UnixMilli()
	}
	return seg.created
}

// detach takes the n oldest segments out of the log. If those are all, a new one is begun.
func (l *Log) detach(n int, now int64) ([]*segment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return nil, err
	}
	if n == len(l.list()) {
		if _, err := l.rollLocked(l.end.Load(), now); err != nil {
			return nil, err
		}
	}
	list := l.list()
	l.publish(slices.Clone(list[n:]))
	l.start.Store(max(l.start.Load(), list[n].base))
	l.epochs.cutStart(list[n].base)
	return list[:n], nil
}

// removeOldest removes files from the oldest on, each durably before the next: what a crash leaves is a log
// that begins later.
func (l *Log) removeOldest(old []*segment) error {
	// What stays tells how far the offsets have come: its names come first.
	if l.newNames.Swap(false) {
		if err := l.fsys.SyncDir(l.folder()); err != nil {
			return l.fail("remove old segments of", err)
		}
	}
	for _, seg := range old {
		err := seg.remove()
		seg.release()
		if err == nil {
			err = removeIfThere(l.fsys, l.file(fileName(seg.base, snapshotSuffix)))
		}
		if err != nil {
			return fmt.Errorf("remove old segment %d of %s: %w: %w", seg.base, l, kproto.KafkaStorageError, err)
		}
	}
	return nil
}
