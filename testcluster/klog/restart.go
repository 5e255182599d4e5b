package klog

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TruncateFullyAndStartAt removes all records; the next one gets that offset.
func (l *Log) TruncateFullyAndStartAt(offset int64) error {
	l.maint.Lock()
	defer l.maint.Unlock()
	if l.closed.Load() {
		return &DeletedError{l.folder()}
	}
	if offset < 0 {
		return fmt.Errorf("start %s at %d: %w", l, offset, kproto.OffsetOutOfRange)
	}
	return l.restartAt(offset)
}

func (l *Log) restartAt(offset int64) error {
	if err := l.lowerRecoveryPoint(min(offset, l.list()[0].base)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usableLocked(); err != nil {
		return err
	}
	if err := l.restartLocked(offset); err != nil {
		return l.fail("start anew", err)
	}
	return nil
}

func (l *Log) restartLocked(offset int64) error {
	old := l.list()
	// A reader between the two stores finds an empty log, whichever way the offset moves.
	l.goBack(min(offset, l.start.Load()))
	l.start.Store(offset)
	l.goBack(offset)
	l.hw.Store(offset)
	if _, err := l.keepSnapshots(noOffset, -1); err != nil {
		return err
	}
	if err := l.removeSegments(old); err != nil {
		return err
	}
	seg, err := createSegment(l.fsys, l.folder(), offset, l.nowMs())
	if err != nil {
		return err
	}
	l.publish([]*segment{seg})
	if err := l.fsys.SyncDir(l.folder()); err != nil {
		return err
	}
	l.epochs.clear()
	if err := l.epochs.save(l.fsys, l.folder()); err != nil {
		return err
	}
	l.snapshots, l.producers = nil, producers{}
	return nil
}
