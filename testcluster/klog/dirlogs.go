package klog

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// doomed is the folder of a deleted log, which is removed when it is due.
type doomed struct {
	path string
	due  time.Time
}

// Create makes an empty log, durably. One that is there already is an [*ExistsError].
func (d *Dir) Create(topic string, partition int32, inc Incarnation) (*Log, error) {
	if err := kproto.ValidTopicName(topic); err != nil {
		return nil, err
	}
	key := partitionKey{topic, partition}
	if err := d.claim(key, false); err != nil {
		return nil, err
	}
	l, err := createLog(&d.o, &d.shared, topic, partition, inc)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.making, key)
	if err == nil && d.closed {
		l.closeSegments()
		err = &DeletedError{d.o.Path}
	}
	if err != nil {
		return nil, fmt.Errorf("create log %s in %s: %w", folderName(topic, partition), d.o.Path, err)
	}
	d.logs[key] = l
	d.shareRingLocked()
	return l, nil
}

// claim keeps others from creating or deleting a log; there says whether it must be there or must not.
func (d *Dir) claim(key partitionKey, there bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, busy := d.making[key]
	path := filepath.Join(d.o.Path, folderName(key.topic, key.partition))
	switch {
	case d.closed:
		return &DeletedError{d.o.Path}
	case d.Err() != nil:
		return d.Err()
	case busy, !there && d.logs[key] != nil:
		return &ExistsError{path}
	case there && d.logs[key] == nil:
		return &DeletedError{path}
	}
	d.making[key] = struct{}{}
	return nil
}

// Delete removes a log: its folder is renamed at once, durably, and its files go after file.delete.delay.ms. Readers
// that are at it finish. A log that is not here is a [*DeletedError].
func (d *Dir) Delete(topic string, partition int32) error {
	key := partitionKey{topic, partition}
	if err := d.claim(key, true); err != nil {
		return err
	}
	l := d.Log(topic, partition)
	path := filepath.Join(d.o.Path, deletedFolderName(topic, partition))
	err := l.moveAway(path)
	d.mu.Lock()
	delete(d.making, key)
	if err == nil {
		delete(d.logs, key)
		delete(d.toSync, l)
		delay := time.Duration(l.config.Load().FileDeleteDelayMs) * time.Millisecond
		d.doomed = append(d.doomed, doomed{path, d.o.Now().Add(delay)})
		d.shareRingLocked()
	}
	d.mu.Unlock()
	if err == nil {
		if err = d.o.FS.SyncDir(d.o.Path); err == nil {
			err = d.forget(key)
		}
	}
	if err != nil {
		return fmt.Errorf("delete log %s in %s: %w", l, d.o.Path, err)
	}
	return nil
}

// moveAway renames the log's folder and closes the log.
func (l *Log) moveAway(path string) error {
	l.maint.Lock()
	defer l.maint.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fsys.Rename(l.folder(), path); err != nil {
		return err
	}
	l.path.Store(&path)
	l.closed.Store(true)
	l.ring.clear()
	l.closeSegments()
	return nil
}

// removeDoomed removes the folders of deleted logs that are due. What fails is tried again later.
func (d *Dir) removeDoomed() {
	if d.Err() != nil {
		return
	}
	now := d.o.Now()
	d.mu.Lock()
	var due []doomed
	d.doomed = slices.DeleteFunc(d.doomed, func(x doomed) bool {
		if x.due.After(now) {
			return false
		}
		due = append(due, x)
		return true
	})
	d.mu.Unlock()
	for _, x := range due {
		if err := d.removeFolder(x.path); err != nil {
			d.o.Logger.Warn("the folder of a deleted log is still there", "path", x.path, "err", err)
			d.mu.Lock()
			d.doomed = append(d.doomed, doomed{x.path, now.Add(time.Minute)})
			d.mu.Unlock()
		}
	}
}

func (d *Dir) removeFolder(path string) error {
	names, err := folderNames(d.o.FS, path)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := d.o.FS.Remove(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return errors.Join(d.o.FS.Remove(path), d.o.FS.SyncDir(d.o.Path))
}
