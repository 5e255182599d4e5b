package klog

import (
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// Log is the log of one partition. Its methods may be called from any goroutine.
//
// mu orders appends: under it a batch gets its offset, is written, and becomes visible. maint is held
// by whatever else writes the log's files: flush, truncation, retention, the last step of a compaction. Who needs
// both takes maint first. Readers take neither.
type Log struct {
	topic     string
	partition int32
	fsys      storage.FS
	now       func() time.Time
	shared    *shared

	config  atomic.Pointer[Config]
	path    atomic.Pointer[string] // of the folder; it changes when the log is deleted
	start   atomic.Int64           // first offset that readers may have
	end     atomic.Int64           // offset of the next record
	hw      atomic.Int64           // high watermark
	flushed atomic.Int64           // all before it is durable: the recovery point
	gen     atomic.Uint64          // how often the end went back
	segs    atomic.Pointer[[]*segment]
	closed  atomic.Bool // set under mu
	epochs  epochs
	ring    ring

	mu        sync.Mutex
	producers producers
	snapshots []pendingSnapshot // of the last rolls, to be written by the next flush
	scratch   []placed          // used again by each append

	maint     sync.Mutex
	newNames  atomic.Bool  // files were made whose names are not durable
	unflushed atomic.Int64 // ms, when the first record came that is not flushed; 0: none

	metaMu      sync.Mutex // orders the writes of the incarnation's files
	incarnation Incarnation

	cleaned cleanerState // of the compaction, which has one goroutine
}

// shared is what the logs of one Dir have in common.
type shared struct {
	pools          pools
	coders         coders
	producerExpiry time.Duration
	ringLimit      atomic.Int64
	rolled         func(*Log)       // a segment has become old: flush it soon
	lower          func(*Log) error // the recovery point went back: make that durable now
	failed         atomic.Pointer[FailedError]
	fail           func(error) error // sets failed, once, and returns it
	warn, info     func(msg string, args ...any)
}

// pendingSnapshot is the content of a snapshot file.
type pendingSnapshot struct {
	offset int64
	bytes  []byte
}

// Topic is the topic's name.
func (l *Log) Topic() string { return l.topic }

// Partition is the partition's number.
func (l *Log) Partition() int32 { return l.partition }

// String is the name of the log's folder.
func (l *Log) String() string { return folderName(l.topic, l.partition) }

// StartOffset is the first offset that can be read.
func (l *Log) StartOffset() int64 { return l.start.Load() }

// EndOffset is the offset of the next record.
func (l *Log) EndOffset() int64 { return l.end.Load() }

// HighWatermark is the offset up to which consumers may read.
func (l *Log) HighWatermark() int64 { return l.hw.Load() }

// RecoveryPoint is the offset before which all is durable on this disk.
func (l *Log) RecoveryPoint() int64 { return l.flushed.Load() }

// SetHighWatermark moves the high watermark, at most to the end and at least to the start. It may go
// back: that it does not is the business of replication. It is written to its checkpoint every few seconds.
func (l *Log) SetHighWatermark(hw int64) {
	for {
		l.hw.Store(min(max(hw, l.start.Load()), l.end.Load()))
		if l.hw.Load() <= l.end.Load() { // a truncation may have come in between
			return
		}
	}
}

// Size is the number of bytes in all segments.
func (l *Log) Size() int64 {
	var size int64
	for _, s := range *l.segs.Load() {
		size += s.size.Load()
	}
	return size
}

// Err says why the log takes no more appends: its folder has failed. It is nil if it does.
func (l *Log) Err() error { return l.shared.err() }

// Producers are the idempotent producers that the partition knows, by id.
func (l *Log) Producers() []ProducerInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.producers.list()
}

// Config are the settings in force.
func (l *Log) Config() Config { return *l.config.Load() }

// ProducerInfo is what a partition knows of one idempotent producer.
type ProducerInfo struct {
	ID               int64
	Epoch            int16
	LastSequence     int32 // -1: none in this epoch
	LastOffset       int64 // likewise
	LastTimestamp    int64 // ms
	CoordinatorEpoch int32 // of the last transaction marker; -1: none
	TxnStartOffset   int64 // -1: no transaction is open
}

// LatestEpoch is the newest leader epoch that the log knows, -1 if it knows none.
func (l *Log) LatestEpoch() int32 { return l.epochs.latest() }

// AssignEpoch says that records from start on are of a leader's epoch, as a new leader does before its
// first record.
func (l *Log) AssignEpoch(epoch int32, start int64) error {
	l.epochs.assign(epoch, start)
	return nil
}

// EndOffsetForEpoch is the largest epoch known that is not above epoch, and the offset behind its last
// record; -1 and -1 if epoch is newer than all.
func (l *Log) EndOffsetForEpoch(epoch int32) (int32, int64) {
	return l.epochs.endOf(epoch, l.end.Load())
}

func (l *Log) folder() string          { return *l.path.Load() }
func (l *Log) file(name string) string { return filepath.Join(l.folder(), name) }
func (l *Log) nowMs() int64            { return l.now().UnixMilli() }
func (l *Log) list() []*segment        { return *l.segs.Load() }
func (l *Log) active() *segment        { s := l.list(); return s[len(s)-1] }
func (l *Log) publish(list []*segment) { l.segs.Store(&list) }

// segmentFor returns the index in list of the segment that has offset, or would have it: -1 if it is
// before all.
func segmentFor(list []*segment, offset int64) int {
	return sort.Search(len(list), func(i int) bool { return list[i].base > offset }) - 1
}

// usableLocked says why nothing can be appended.
func (l *Log) usableLocked() error {
	if l.closed.Load() {
		return &DeletedError{l.folder()}
	}
	return l.Err()
}
