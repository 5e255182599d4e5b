package kbroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/zoka-project/zoka/testcluster/klog"
)

// openLogs recovers the log folders. One whose disk has failed is left out, as long as there is another: it may be all
// that has records that were acknowledged.
func (b *Broker) openLogs(ctx context.Context) error {
	c := b.o.Config
	var failures []error
	for _, path := range c.LogDirs {
		d, err := klog.Open(ctx, klog.Options{
			FS: b.o.FS, Path: path, BrokerID: b.id, ClusterID: b.clusterID,
			Config: b.logConfig, Now: b.o.Now, Logger: b.log, Tuning: tuning(c),
		})
		var failed *klog.FailedError
		switch {
		case err == nil:
			b.dirs = append(b.dirs, d)
		case errors.As(err, &failed):
			b.log.Error("a log folder is offline: its replicas are, until this broker starts anew", slog.String("path", path), slog.Any("err", err))
			b.offlineDirs = append(b.offlineDirs, path)
			failures = append(failures, err)
		default:
			return err
		}
	}
	if len(b.dirs) == 0 {
		return allFailed(failures)
	}
	if err := b.checkTwins(); err != nil {
		return err
	}
	for _, d := range b.dirs {
		b.run(func(ctx context.Context) { b.watchLog(ctx, d) })
	}
	var err error
	b.former, err = loadFormer(b.o.FS, b.dirs[0].Path())
	return err
}

func allFailed(failures []error) error {
	return fmt.Errorf("FATAL: shutdown broker because all log dirs have failed: %w", errors.Join(failures...))
}

// checkTwins makes sure that no partition has two logs: nobody can say which of them counts.
// Source: LogManager.loadLog.
func (b *Broker) checkTwins() error {
	for i, d := range b.dirs {
		for _, l := range d.Logs() {
			for _, other := range b.dirs[i+1:] {
				if other.Log(l.Topic(), l.Partition()) != nil {
					return fmt.Errorf("%s is in two log folders, %s and %s: remove the older one", l, d.Path(), other.Path())
				}
			}
		}
	}
	return nil
}

// watchLog says when a log folder has failed, and ends the broker if it was the last one. With another one it goes on:
// see [partitions.Manager.DirFailed].
func (b *Broker) watchLog(ctx context.Context, d *klog.Dir) {
	select {
	case <-d.Failed():
	case <-ctx.Done():
		return
	}
	b.log.Error("a log folder is offline from now on", slog.String("path", d.Path()), slog.Any("err", d.Err()))
	var failures []error
	for _, d := range b.dirs {
		if err := d.Err(); err != nil {
			failures = append(failures, err)
		}
	}
	if len(failures) == len(b.dirs) {
		b.fail(allFailed(failures))
	}
}

// closeLogs makes the logs durable. Of a folder that has failed everybody has been told.
func (b *Broker) closeLogs() error {
	var errs []error
	for _, d := range b.dirs {
		failed := d.Err() != nil
		if err := d.Close(); err != nil && !failed {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
