package klog

import (
	"errors"
	"path/filepath"
	"sync"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// Close makes all logs durable, writes the checkpoints and, if nothing failed, the mark that makes the next
// start need no recovery. Appends and reads that come later fail.
func (d *Dir) Close() error {
	if !d.stop() {
		return nil
	}
	err := d.closeLogs()
	if cerr := d.writeCheckpoints(); err == nil {
		err = cerr
	}
	if err == nil {
		err = d.markClean()
	}
	return errors.Join(err, d.lock.Close())
}

// Abandon gives the logs up as a crash of the process would: nothing is written.
func (d *Dir) Abandon() {
	if !d.stop() {
		return
	}
	for _, l := range d.Logs() {
		l.maint.Lock()
		l.mu.Lock()
		if !l.closed.Swap(true) {
			l.closeSegments()
		}
		l.mu.Unlock()
		l.maint.Unlock()
	}
	_ = d.lock.Close()
}

// stop ends the goroutines. It says whether it was the first to do so.
func (d *Dir) stop() bool {
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	if first && d.cancel != nil {
		d.cancel()
	}
	d.tasks.Wait()
	return first
}

// closeLogs closes all logs, several at a time, and reports all errors.
func (d *Dir) closeLogs() error {
	work := make(chan *Log)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	for range d.o.Tuning.RecoveryThreads {
		wg.Go(func() {
			for l := range work {
				if err := l.close(); err != nil {
					mu.Lock()
					failures = append(failures, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, l := range d.Logs() {
		work <- l
	}
	close(work)
	wg.Wait()
	return errors.Join(failures...)
}

// close makes the log durable with its indexes and its producers' state, and gives its files up.
func (l *Log) close() error {
	l.maint.Lock()
	defer l.maint.Unlock()
	l.mu.Lock()
	if l.closed.Swap(true) {
		l.mu.Unlock()
		return nil
	}
	end := l.end.Load()
	l.active().noteTime()
	l.snapshots = append(l.snapshots, pendingSnapshot{end, l.producers.encode()})
	l.mu.Unlock()

	l.ring.clear()
	err := l.flushLocked(end)
	if err == nil {
		err = l.saveIndexes(l.active())
	}
	if err == nil {
		err = l.epochs.save(l.fsys, l.folder())
	}
	l.closeSegments()
	return err
}

func (d *Dir) markClean() error {
	f, err := storage.Create(d.o.FS, filepath.Join(d.o.Path, cleanShutdownFile))
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return d.o.FS.SyncDir(d.o.Path)
}
