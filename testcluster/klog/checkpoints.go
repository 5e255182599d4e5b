package klog

import (
	"maps"
	"path/filepath"
	"sync"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// checkpoints are the files of a log folder that have an offset of each log.
type checkpoints struct {
	mu    sync.Mutex         // orders the writes of these files
	saved map[string]offsets // what the files say
}

// checkpointOf says which offset of a log stands in a file.
var checkpointOf = map[string]func(*Log) int64{
	recoveryPointFile: (*Log).RecoveryPoint,
	highWatermarkFile: (*Log).HighWatermark,
	logStartFile:      (*Log).StartOffset,
}

// readCheckpoints reads the files. One that makes no sense counts as empty, which costs a longer recovery.
func (d *Dir) readCheckpoints() error {
	d.checkpoints.saved = map[string]offsets{}
	for _, name := range []string{recoveryPointFile, highWatermarkFile, logStartFile, cleanerOffsetFile} {
		saved, err := readOffsets(d.o.FS, filepath.Join(d.o.Path, name))
		if err != nil && !isFormat(err) {
			return err
		}
		if err != nil {
			d.o.Logger.Warn("a checkpoint is not readable and is made anew", "err", err)
			saved = offsets{}
		}
		d.checkpoints.saved[name] = saved
	}
	return nil
}

// writeCheckpoint brings a file up to date, durably.
func (d *Dir) writeCheckpoint(name string) error {
	of := checkpointOf[name]
	return d.replaceCheckpoint(name, func(offsets) offsets {
		now := offsets{}
		for _, l := range d.Logs() {
			now[partitionKey{l.topic, l.partition}] = of(l)
		}
		return now
	})
}

// replaceCheckpoint writes what change makes of a file's entries, unless that is the same.
func (d *Dir) replaceCheckpoint(name string, change func(offsets) offsets) error {
	if err := d.Err(); err != nil {
		return err
	}
	c := &d.checkpoints
	c.mu.Lock()
	defer c.mu.Unlock()
	now := change(c.saved[name])
	if maps.Equal(now, c.saved[name]) {
		return nil
	}
	if err := storage.WriteFile(d.o.FS, filepath.Join(d.o.Path, name), now.format()); err != nil {
		return err
	}
	c.saved[name] = now
	return nil
}

// writeCheckpoints brings all files up to date.
func (d *Dir) writeCheckpoints() error {
	for _, name := range []string{recoveryPointFile, logStartFile, highWatermarkFile} {
		if err := d.writeCheckpoint(name); err != nil {
			return err
		}
	}
	return nil
}

// lowerPoint makes durable that a log's recovery point went back. The file mostly lags behind, and then there is
// nothing to do.
func (d *Dir) lowerPoint(l *Log) error {
	key := partitionKey{l.topic, l.partition}
	return d.replaceCheckpoint(recoveryPointFile, func(saved offsets) offsets {
		if saved[key] <= l.RecoveryPoint() {
			return saved
		}
		now := maps.Clone(saved)
		now[key] = l.RecoveryPoint()
		return now
	})
}

// forget takes a log out of all files, so that a later one of the same name does not inherit its offsets.
func (d *Dir) forget(key partitionKey) error {
	for _, name := range []string{recoveryPointFile, logStartFile, highWatermarkFile, cleanerOffsetFile} {
		err := d.replaceCheckpoint(name, func(saved offsets) offsets {
			if _, ok := saved[key]; !ok {
				return saved
			}
			now := maps.Clone(saved)
			delete(now, key)
			return now
		})
		if err != nil {
			return err
		}
	}
	return nil
}
