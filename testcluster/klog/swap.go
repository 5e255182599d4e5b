package klog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A compaction replaces segments S1 to Sn by one, N, which begins at the same offset as S1. So that a
// crash at any instant leaves the old ones or the new one:
//
//  1. N is written beside them as .cleaned, and synced. Whatever is .cleaned at a start is removed.
//  2. N is renamed to .swap, its log last. From here on N counts: a start that finds a .log.swap goes on with 3.
//  3. S2 to Sn and the indexes of S1 are removed.
//  4. The indexes of N get their names, then its log, which takes the place of that of S1.
//
// Each step is durable before the next. A start makes N's indexes anew, and finds S2 to Sn by N's offsets; one that
// lies wholly behind N may stay: it has only records that later ones supersede.
// Source: Log.replaceSegments, completeSwapOperations.

// errChanged says that a log was truncated, or lost segments, while it was being compacted.
var errChanged = errors.New("the log has changed meanwhile")

// swapIn puts the segment neat, which is .cleaned and durable, in the place of old.
func (l *Log) swapIn(neat *segment, old []*segment, gen uint64) error {
	l.maint.Lock()
	defer l.maint.Unlock()
	if err := l.Err(); err != nil {
		return err
	}
	if l.closed.Load() || l.gen.Load() != gen {
		return errChanged
	}
	at := segmentFor(l.list(), neat.base)
	if at < 0 || len(l.list()) <= at+len(old) || !slices.Equal(l.list()[at:at+len(old)], old) {
		return errChanged
	}
	if err := neat.renameTo(swapSuffix); err != nil {
		return l.fail("compact", err)
	}
	l.replace(at, old, neat)
	if err := l.finishSwap(neat, old); err != nil {
		return l.fail("compact", err)
	}
	for _, seg := range old {
		seg.release()
	}
	neat.offsets.evict()
	neat.times.evict()
	return nil
}

// replace shows readers the new segment instead of the old ones.
func (l *Log) replace(at int, old []*segment, neat *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Replace(slices.Clone(l.list()), at, at+len(old), neat)
	l.publish(list)
	l.ring.dropBefore(list[at+1].base)
}

// finishSwap is steps 3 and 4.
func (l *Log) finishSwap(neat *segment, old []*segment) error {
	for _, seg := range old[1:] {
		if err := seg.remove(); err != nil {
			return err
		}
	}
	for _, suffix := range []string{indexSuffix, timeSuffix, txnSuffix} {
		if err := removeIfThere(l.fsys, old[0].path(suffix)); err != nil {
			return err
		}
	}
	return neat.renameTo("")
}

// renameTo renames the segment's files, the log last and durably after the others.
func (s *segment) renameTo(tail string) error {
	from := s.tail
	for _, x := range []struct {
		index  *index
		suffix string
	}{{&s.offsets, indexSuffix}, {&s.times, timeSuffix}, {nil, logSuffix}} {
		if x.index == nil {
			if err := s.fsys.SyncDir(s.dir); err != nil {
				return err
			}
			s.tail = tail
		}
		path := s.dirPath(x.suffix, tail)
		if err := s.fsys.Rename(s.dirPath(x.suffix, from), path); err != nil {
			return err
		}
		if x.index != nil {
			x.index.mu.Lock()
			x.index.path = path
			x.index.mu.Unlock()
		}
	}
	return s.fsys.SyncDir(s.dir)
}

// finishSwaps finishes, or undoes, what a crash has interrupted, before the segments are opened.
func (l *Log) finishSwaps() error {
	names, err := folderNames(l.fsys, l.folder())
	if err != nil {
		return err
	}
	var swaps []int64
	changed := false
	for _, name := range names {
		if base, ok := parseFileName(strings.TrimSuffix(name, swapSuffix), logSuffix); ok && strings.HasSuffix(name, swapSuffix) {
			swaps = append(swaps, base)
		} else if strings.HasSuffix(name, cleanedSuffix) || strings.HasSuffix(name, swapSuffix) {
			changed = true
			if err := l.fsys.Remove(l.file(name)); err != nil {
				return err
			}
		}
	}
	if changed {
		if err := l.fsys.SyncDir(l.folder()); err != nil {
			return err
		}
	}
	for _, base := range swaps {
		if err := l.completeSwap(base, names); err != nil {
			return fmt.Errorf("finish the compaction of segment %d: %w", base, err)
		}
	}
	return nil
}

// completeSwap does what is left of steps 3 and 4 for the segment that begins at base.
func (l *Log) completeSwap(base int64, names []string) error {
	end, err := l.swapEnd(base)
	if err != nil {
		return err
	}
	for _, name := range names {
		old, ok := parseFileName(name, logSuffix)
		if !ok || old < base || old >= end && old != base {
			continue
		}
		for _, suffix := range segmentSuffixes {
			if suffix == logSuffix && old == base {
				continue // the rename replaces it
			}
			if err := removeIfThere(l.fsys, l.file(fileName(old, suffix))); err != nil {
				return err
			}
		}
	}
	if err := l.fsys.SyncDir(l.folder()); err != nil {
		return err
	}
	if err := l.fsys.Rename(l.file(fileName(base, logSuffix+swapSuffix)), l.file(fileName(base, logSuffix))); err != nil {
		return err
	}
	return l.fsys.SyncDir(l.folder())
}

// swapEnd is the offset behind the last batch of a .swap.
func (l *Log) swapEnd(base int64) (int64, error) {
	seg := newSegment(l.fsys, l.folder(), base, swapSuffix)
	if err := seg.open(); err != nil {
		return 0, err
	}
	defer seg.release()
	seg.offsets.reset()
	return seg.next()
}
