package klog

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
)

func isFormat(err error) bool {
	format := (*FormatError)(nil)
	return errors.As(err, &format)
}

// load reads the folder and opens its logs.
func (d *Dir) load(ctx context.Context) error {
	if err := d.checkMeta(); err != nil {
		return err
	}
	clean, err := d.takeCleanMark()
	if err != nil {
		return err
	}
	if err := d.readCheckpoints(); err != nil {
		return err
	}
	entries, err := d.o.FS.ReadDir(d.o.Path)
	if err != nil {
		return err
	}
	var keys []partitionKey
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		topic, partition, ok := parseFolderName(e.Name())
		switch {
		case strings.HasSuffix(e.Name(), deleteSuffix):
			d.doomed = append(d.doomed, doomed{filepath.Join(d.o.Path, e.Name()), d.o.Now()})
		case ok && folderName(topic, partition) == e.Name():
			keys = append(keys, partitionKey{topic, partition})
		default:
			d.o.Logger.Warn("a folder that is no partition's is left alone", "path", filepath.Join(d.o.Path, e.Name()))
		}
	}
	if err := d.openLogs(ctx, keys, clean); err != nil {
		return err
	}
	// What the logs really have counts from now on: a recovery point above a log's end, or of a log
	// that is gone, would hide what is written there next.
	return d.writeCheckpoints()
}

// openLogs opens the logs, several at a time, and reports all errors.
func (d *Dir) openLogs(ctx context.Context, keys []partitionKey, clean bool) error {
	work := make(chan partitionKey)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	for range min(d.o.Tuning.RecoveryThreads, len(keys)) {
		wg.Go(func() {
			for key := range work {
				l, err := openLog(&d.o, &d.shared, key.topic, key.partition, d.found(key, clean))
				mu.Lock()
				if err != nil {
					failures = append(failures, err)
				} else {
					d.logs[key] = l
				}
				mu.Unlock()
			}
		})
	}
	for _, key := range keys {
		select {
		case work <- key:
			continue
		case <-ctx.Done():
		}
		mu.Lock()
		failures = append(failures, ctx.Err())
		mu.Unlock()
		break
	}
	close(work)
	wg.Wait()
	return errors.Join(failures...)
}

func (d *Dir) found(key partitionKey, clean bool) found {
	saved := d.checkpoints.saved
	return found{
		clean:         clean,
		recoveryPoint: saved[recoveryPointFile][key],
		start:         saved[logStartFile][key],
		highWatermark: saved[highWatermarkFile][key],
	}
}

// takeCleanMark says whether the folder was closed in order, and removes the mark, durably: from now on a crash
// needs recovery.
func (d *Dir) takeCleanMark() (bool, error) {
	err := d.o.FS.Remove(filepath.Join(d.o.Path, cleanShutdownFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, d.o.FS.SyncDir(d.o.Path)
}
