package klog

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// start starts the work that comes by itself: what rolled segments need, what is due by the clock, and
// compaction, which may take long.
func (d *Dir) start() {
	if d.o.Tuning.Manual {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	d.tasks.Go(func() { d.runFlusher(ctx) })
	d.tasks.Go(func() { d.runKeeper(ctx) })
	d.tasks.Go(func() { d.runCleaner(ctx) })
}

// flushSoon is told of each log that has rolled.
func (d *Dir) flushSoon(l *Log) {
	d.mu.Lock()
	d.toSync[l] = struct{}{}
	d.mu.Unlock()
	select {
	case d.rolled <- struct{}{}:
	default:
	}
}

func (d *Dir) runFlusher(ctx context.Context) {
	ticker := time.NewTicker(d.o.Tuning.FlushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.rolled:
			d.flushRolled()
		case <-ticker.C:
			d.flushDue()
			d.dropIdleRings()
		}
	}
}

// flushRolled makes old segments durable.
func (d *Dir) flushRolled() {
	d.mu.Lock()
	logs := slices.Collect(maps.Keys(d.toSync))
	clear(d.toSync)
	d.mu.Unlock()
	for _, l := range logs {
		d.report("flush an old segment", l, l.flushOld())
	}
}

// flushDue flushes the logs whose oldest record that is not durable has waited for flush.ms.
func (d *Dir) flushDue() {
	now := d.o.Now().UnixMilli()
	for _, l := range d.Logs() {
		since := l.unflushed.Load()
		if since > 0 && now-since >= l.config.Load().FlushMs {
			d.report("flush", l, l.Flush())
		}
	}
}

// report logs what a task could not do. That the folder has failed, its owner says.
func (d *Dir) report(doing string, l *Log, err error) {
	if err != nil && l.Err() == nil && !l.closed.Load() {
		d.o.Logger.Warn("cannot "+doing, "log", l.String(), "err", err)
	}
}

func (d *Dir) runKeeper(ctx context.Context) {
	t := d.o.Tuning
	watermarks, checkpoints := time.NewTicker(t.HighWatermarkEvery), time.NewTicker(t.CheckpointEvery)
	retention := time.NewTicker(t.RetentionEvery)
	defer watermarks.Stop()
	defer checkpoints.Stop()
	defer retention.Stop()
	d.removeDoomed()
	for {
		select {
		case <-ctx.Done():
			return
		case <-watermarks.C:
			d.warnIf(errors.Join(d.writeCheckpoint(logStartFile), d.writeCheckpoint(highWatermarkFile)))
			d.removeDoomed()
		case <-checkpoints.C:
			d.warnIf(d.writeCheckpoints())
		case <-retention.C:
			d.retain()
		}
	}
}

func (d *Dir) warnIf(err error) {
	if err != nil && d.Err() == nil {
		d.o.Logger.Warn("cannot write a checkpoint", "path", d.o.Path, "err", err)
	}
}

// retain removes old segments of all logs, after their start has been made durable.
func (d *Dir) retain() {
	for _, l := range d.Logs() {
		d.report("remove old segments", l, l.retain())
	}
	d.warnIf(d.writeCheckpoint(logStartFile))
}

// ringIdle is how long the last batches of a log stay in memory when nothing is appended. Each of them may hold on to the
// whole request that it came in.
const ringIdle = 2 * time.Second

func (d *Dir) dropIdleRings() {
	before := d.o.Now().Add(-ringIdle).UnixMilli()
	for _, l := range d.Logs() {
		l.ring.idle(before)
	}
}
