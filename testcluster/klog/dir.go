package klog

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// Dir is one of a broker's log folders (log.dirs) with all its logs. It owns the goroutines that look
// after them; Close and Abandon wait for them.
type Dir struct {
	o      Options
	shared shared
	lock   io.Closer

	mu     sync.Mutex
	logs   map[partitionKey]*Log
	making map[partitionKey]struct{} // logs that are being created or deleted
	doomed []doomed                  // deleted logs whose folders are still there
	toSync map[*Log]struct{}         // have segments that are not appended to any more, and not durable
	closed bool

	checkpoints checkpoints

	cancel context.CancelFunc
	tasks  sync.WaitGroup
	rolled chan struct{} // toSync is not empty
	gone   chan struct{} // closed when the folder has failed
}

// Open takes the log folder for this process alone, makes it if it is not there, and opens all logs in it, several
// at a time. After a crash they are repaired. Errors are a [*LockedError], a [*MismatchError], a [*FailedError], or say
// what of which log could not be read.
func Open(ctx context.Context, o Options) (*Dir, error) {
	o.setDefaults()
	d := &Dir{logs: map[partitionKey]*Log{}, making: map[partitionKey]struct{}{}, toSync: map[*Log]struct{}{},
		rolled: make(chan struct{}, 1), gone: make(chan struct{})}
	o.FS = &watchedFS{o.FS, d.fail}
	d.o = o
	if err := o.FS.MkdirAll(o.Path, 0o755); err != nil {
		return nil, d.fail(err)
	}
	lock, err := o.FS.Lock(filepath.Join(o.Path, lockFile))
	if errors.Is(err, storage.ErrLocked) {
		return nil, &LockedError{o.Path, err}
	}
	if err != nil {
		return nil, d.fail(err)
	}
	d.lock = lock
	d.shared.producerExpiry = o.Tuning.ProducerExpiry
	d.shared.rolled, d.shared.lower, d.shared.fail = d.flushSoon, d.lowerPoint, d.fail
	d.shared.warn, d.shared.info = o.Logger.Warn, o.Logger.Info
	err = d.load(ctx)
	if failed := d.Err(); failed != nil {
		err = failed
	}
	if err != nil {
		for _, l := range d.logs {
			l.closeSegments()
		}
		return nil, errors.Join(err, lock.Close())
	}
	d.shareRing()
	d.start()
	return d, nil
}

func (o *Options) setDefaults() {
	if o.Config == nil {
		o.Config = func(string) Config { return DefaultConfig() }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	t := &o.Tuning
	t.HighWatermarkEvery = cmp.Or(t.HighWatermarkEvery, 5*time.Second)
	t.CheckpointEvery = cmp.Or(t.CheckpointEvery, time.Minute)
	t.RetentionEvery = cmp.Or(t.RetentionEvery, 5*time.Minute)
	t.CompactionEvery = cmp.Or(t.CompactionEvery, 15*time.Second)
	t.FlushEvery = cmp.Or(t.FlushEvery, time.Second)
	t.ProducerExpiry = cmp.Or(t.ProducerExpiry, 7*24*time.Hour)
	t.RingBytes = cmp.Or(t.RingBytes, 16<<20)
	t.CompactionMapEntries = cmp.Or(t.CompactionMapEntries, 1_000_000)
	t.RecoveryThreads = cmp.Or(t.RecoveryThreads, runtime.NumCPU())
}

// Path is the log folder.
func (d *Dir) Path() string { return d.o.Path }

// Logs are all logs, by topic and partition.
func (d *Dir) Logs() []*Log {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*Log, 0, len(d.logs))
	for _, l := range d.logs {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *Log) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	return all
}

// Log is the log of a partition, nil if it is not here.
func (d *Dir) Log(topic string, partition int32) *Log {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logs[partitionKey{topic, partition}]
}

// shareRing divides the memory for readers among the logs.
func (d *Dir) shareRing() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shareRingLocked()
}

// The least and the most that one log may keep in memory for its readers. A follower that keeps up is a batch or two
// behind, and what it misses is in the system's cache: more memory than that saves no time.
const (
	leastRing = 64 << 10
	mostRing  = 2 << 20
)

func (d *Dir) shareRingLocked() {
	share := int64(d.o.Tuning.RingBytes / max(len(d.logs), 1))
	d.shared.ringLimit.Store(min(max(share, leastRing), mostRing))
}

// ConfigChanged asks for the settings of a topic again.
func (d *Dir) ConfigChanged(topic string) {
	cfg := d.o.Config(topic)
	for _, l := range d.Logs() {
		if l.topic == topic {
			l.config.Store(&cfg)
		}
	}
}
