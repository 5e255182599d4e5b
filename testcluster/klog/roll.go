package klog

import "slices"

// segmentForLocked returns the segment that the next run of batches goes to: the active one, or a new
// one if it is full or too old.
// Source: LogSegment.shouldRoll.
func (l *Log) segmentForLocked(size int64, run []placed, cfg *Config, now int64) (*segment, error) {
	seg := l.active()
	last := run[len(run)-1].h
	full := seg.size.Load()+size > int64(cfg.SegmentBytes) ||
		last.LastOffset()-seg.base > maxRelative ||
		seg.offsets.entries()+len(run) > int(cfg.SegmentIndexBytes)/offsetWidth ||
		seg.times.entries()+len(run) > int(cfg.SegmentIndexBytes)/timeWidth
	if seg.size.Load() > 0 && (full || l.expired(seg, run[0].h.MaxTimestamp, cfg, now)) {
		// An own log goes on without a gap between two files: see recovery. Only relative offsets that
		// would be too large force one.
		base := l.end.Load()
		if last.LastOffset()-base > maxRelative {
			base = run[0].h.BaseOffset
		}
		return l.rollLocked(base, now)
	}
	if seg.size.Load() == 0 && last.LastOffset()-seg.base > maxRelative {
		return l.rollLocked(run[0].h.BaseOffset, now)
	}
	return seg, nil
}

// expired says whether a segment has been appended to for segment.ms: by the time in the batches, or
// by the clock where they have none.
func (l *Log) expired(seg *segment, newest int64, cfg *Config, now int64) bool {
	since := now - seg.created
	if seg.firstTime >= 0 && newest >= 0 {
		since = newest - seg.firstTime
	}
	most := cfg.SegmentMs - min(cfg.SegmentJitterMs, cfg.SegmentMs)
	if cfg.CleanupCompact { // what is in the active segment is not compacted
		most = min(most, cfg.MaxCompactionLagMs)
	}
	return since > most
}

// rollLocked begins a new segment at base, which is the end or above. The old one is flushed in the background.
func (l *Log) rollLocked(base, now int64) (*segment, error) {
	old := l.active()
	seg, err := createSegment(l.fsys, l.folder(), base, now)
	if err != nil {
		return nil, l.notWritten("begin a segment of", err)
	}
	old.noteTime()
	l.newNames.Store(true)
	l.snapshots = append(l.snapshots, pendingSnapshot{base, l.producers.encode()})
	if n := len(l.snapshots); n > maxPendingSnapshots {
		l.snapshots = slices.Delete(l.snapshots, 0, n-maxPendingSnapshots)
	}
	l.publish(append(slices.Clip(l.list()), seg))
	l.shared.rolled(l)
	return seg, nil
}

// maxPendingSnapshots bounds the memory for snapshots that wait to be written. They only save time.
const maxPendingSnapshots = 4
