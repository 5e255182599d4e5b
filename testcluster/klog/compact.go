package klog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Compaction keeps of each key the last record. A pass over a log builds a map of the keys in the dirty part,
// which no pass has seen yet, with their last offsets, and then writes all segments before the map's end anew
// without the records that the map supersedes. Offsets never change.
//
// It leaves alone: the active segment, what is not below the high watermark, and what is younger than
// min.compaction.lag.ms. It keeps the last batch of each producer, without records if need be, so that its
// sequence number is not lost; and a record that deletes its key until delete.retention.ms after the
// pass that removed what it deletes. Transactions are not looked into: their records count as committed, and
// their markers stay.
// Source: LogCleaner, Cleaner.

// cleanerState is how far compaction has come. Only the goroutine that compacts touches it.
type cleanerState struct {
	loaded  bool
	passes  []cleanPass // ascending in both fields
	givenUp bool        // the log has a batch that cannot be read
}

// cleanPass says that all before end was compacted at a time, ms.
type cleanPass struct{ end, at int64 }

// dirty is what a pass over a log would do.
type dirty struct {
	from, to int64 // offsets: the dirty part
	ratio    float64
	due      bool // max.compaction.lag.ms is over
}

func (d *Dir) runCleaner(ctx context.Context) {
	ticker := time.NewTicker(d.o.Tuning.CompactionEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for d.compactOne(ctx) {
			}
		}
	}
}

// compactOne compacts the log that needs it most, and says whether there was one.
func (d *Dir) compactOne(ctx context.Context) bool {
	var worst *Log
	var most dirty
	for _, l := range d.Logs() {
		if l.Err() != nil || l.cleaned.givenUp {
			continue
		}
		if x := l.dirty(d.firstDirty(l)); x.worse(most, l.config.Load().MinCleanableRatio) {
			worst, most = l, x
		}
	}
	if worst == nil || ctx.Err() != nil {
		return false
	}
	end, err := d.compact(ctx, worst, most)
	if errors.Is(err, errUnreadable) {
		worst.cleaned.givenUp = true
	}
	if err != nil && !errors.Is(err, errChanged) && ctx.Err() == nil {
		d.report("compact", worst, err)
	}
	return err == nil && end > most.from
}

// compact compacts one log and writes down how far. What it makes gaps in is below the durable recovery point:
// beyond that, recovery takes a gap between two files for a loss.
func (d *Dir) compact(ctx context.Context, l *Log, x dirty) (int64, error) {
	if err := l.flushOld(); err != nil {
		return 0, err
	}
	if err := d.writeCheckpoint(recoveryPointFile); err != nil {
		return 0, err
	}
	end, err := l.compact(ctx, x, d.o.Tuning.CompactionMapEntries)
	if err != nil {
		return 0, err
	}
	return end, d.noteCleaned(l, end)
}

func (x dirty) worse(y dirty, least float64) bool {
	if x.to <= x.from || !x.due && x.ratio < least {
		return false
	}
	return x.due && !y.due || x.due == y.due && x.ratio > y.ratio
}

// firstDirty is where the dirty part of a log begins.
func (d *Dir) firstDirty(l *Log) int64 {
	d.checkpoints.mu.Lock()
	defer d.checkpoints.mu.Unlock()
	first := d.checkpoints.saved[cleanerOffsetFile][partitionKey{l.topic, l.partition}]
	if first > l.active().base { // the log was cut since
		first = 0
	}
	return max(first, l.list()[0].base)
}

// dirty measures a log whose dirty part begins at first. It is empty if the topic is not compacted.
func (l *Log) dirty(first int64) dirty {
	cfg := l.config.Load()
	x := dirty{from: first, to: first}
	if !cfg.CleanupCompact {
		return x
	}
	list, now := l.list(), l.nowMs()
	var cleanBytes, dirtyBytes int64
	for i, seg := range list[:len(list)-1] {
		next := list[i+1].base
		if next > l.hw.Load() || cfg.MinCompactionLagMs > 0 && seg.maxTime.Load() > now-cfg.MinCompactionLagMs {
			break
		}
		if next <= first {
			cleanBytes += seg.size.Load()
			continue
		}
		dirtyBytes += seg.size.Load()
		x.to = next
		if t := seg.maxTime.Load(); t >= 0 && now-t > cfg.MaxCompactionLagMs {
			x.due = true
		}
	}
	if dirtyBytes > 0 {
		x.ratio = float64(dirtyBytes) / float64(cleanBytes+dirtyBytes)
	}
	return x
}

// compact makes one pass, and returns up to where the log is clean now.
func (l *Log) compact(ctx context.Context, x dirty, keys int) (int64, error) {
	if err := l.loadPasses(); err != nil {
		return 0, err
	}
	p := &pass{log: l, gen: l.gen.Load(), cfg: l.Config(), keep: l.lastOfProducers()}
	p.tombstones = l.tombstonesKept(p.cfg.DeleteRetentionMs)
	if err := p.index(ctx, x, keys); err != nil {
		return 0, err
	}
	for _, group := range p.groups() {
		if err := p.rewrite(ctx, group); err != nil {
			return 0, fmt.Errorf("segments from %d on: %w", group[0].base, err)
		}
	}
	return p.end, nil
}

// lastOfProducers are the offsets of the last batch of each producer.
func (l *Log) lastOfProducers() map[int64]int64 {
	last := map[int64]int64{}
	for _, info := range l.Producers() {
		last[info.ID] = info.LastOffset
	}
	return last
}
