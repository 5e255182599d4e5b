package txnlog

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// DefaultPreAlloc is preAllocSize's default, in bytes.
const DefaultPreAlloc = 64 << 20

// Options are a log's settings. The zero value is Apache's defaults.
type Options struct {
	// PreAlloc is by how much a file grows at a time, in bytes: preAllocSize, which zoo.cfg
	// has in KiB. 0 is DefaultPreAlloc, negative is none.
	PreAlloc int64
	// SizeLimit ends a file that has reached it, in bytes: txnLogSizeLimitInKb. 0 is none.
	SizeLimit int64
	// NoSync leaves the syncing out: forceSync=no.
	NoSync bool
	// SlowSync is from when on a sync is worth a log line: fsync.warningthresholdms. 0 is a
	// second, negative never.
	SlowSync time.Duration
	// Synced is told how long each sync took. It may be nil.
	Synced func(took time.Duration)
	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
	// Now is the clock that syncs are timed by; nil is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.PreAlloc == 0 {
		o.PreAlloc = DefaultPreAlloc
	}
	if o.SlowSync == 0 {
		o.SlowSync = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Log is a folder's transaction log. One goroutine owns it and appends (see [Writer]);
// ReadFrom, Last and First may be called by others at the same time.
//
// A failed write or sync is final: all later calls that write report the same error, which
// wraps [ErrFailed].
type Log struct {
	fs   storage.FS
	dir  string
	opts Options

	cur   *logFile // nil until a batch needs one
	batch batch    // appended, not yet synced
	err   error

	mu   sync.Mutex
	tail tail // guarded by mu: what readers may see
}

// OpenLog opens the log in dir for appending and reading. A torn end of the newest file is
// cut, with a log line; a rotten entry is a *CorruptError. Entries appended go to a new file.
func OpenLog(fsys storage.FS, dir string, opts Options) (*Log, error) {
	l := &Log{fs: fsys, dir: dir, opts: opts.withDefaults()}
	t, err := recoverTail(fsys, dir, l.opts)
	if err != nil {
		return nil, err
	}
	l.tail = t
	return l, nil
}

// Last is the zxid of the last transaction that was synced; 0 if there is none.
func (l *Log) Last() zkproto.Zxid { return l.readable().last }

// First is the zxid that the oldest file begins with; 0 if there is none.
func (l *Log) First() (zkproto.Zxid, error) {
	t := l.readable()
	if t.path == "" {
		return 0, nil
	}
	files, err := listFiles(l.fs, l.dir, logPrefix)
	if err != nil {
		return 0, fmt.Errorf("list the transaction logs: %w", err)
	}
	if len(files) == 0 {
		return 0, nil
	}
	return files[0].zxid, nil
}

func (l *Log) readable() tail {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail
}

func (l *Log) setTail(t tail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = t
}

// Append adds a transaction, header and all, to the batch. Its zxid must be above the last
// one's. The bytes are copied.
func (l *Log) Append(txn []byte) error {
	if l.err != nil {
		return l.err
	}
	last := l.batch.last
	if l.batch.count == 0 {
		last = l.readable().last
	}
	return l.batch.add(txn, last)
}

// Sync writes the batch and makes it durable: one write, one fdatasync. After an error no
// transaction of the batch may be acknowledged.
func (l *Log) Sync() error {
	if l.err != nil || l.batch.count == 0 {
		return l.err
	}
	err := l.commit(&l.batch)
	l.batch.reset()
	return err
}

// commit writes b. The caller has seen to it that b follows the last batch.
func (l *Log) commit(b *batch) error {
	if l.err != nil {
		return l.err
	}
	if err := l.write(b); err != nil {
		return l.fail(err)
	}
	l.setTail(tail{path: l.cur.path, start: l.cur.start, last: b.last, end: l.cur.end})
	if l.opts.SizeLimit > 0 && l.cur.end >= l.opts.SizeLimit {
		return l.endFile()
	}
	return nil
}

func (l *Log) write(b *batch) error {
	if l.cur == nil {
		cur, err := createLogFile(l.fs, l.dir, b.first, l.opts)
		if err != nil {
			return err
		}
		l.cur = cur
	}
	if err := l.cur.write(b.bytes); err != nil {
		return err
	}
	if l.opts.NoSync {
		return nil
	}
	begin := l.opts.Now()
	err := l.cur.sync()
	l.timed(l.opts.Now().Sub(begin))
	return err
}

func (l *Log) timed(took time.Duration) {
	if l.opts.Synced != nil {
		l.opts.Synced(took)
	}
	if l.opts.SlowSync > 0 && took >= l.opts.SlowSync {
		l.opts.Logger.Warn("syncing the transaction log was slow, which delays every write",
			"took", took, "file", l.cur.path, "size", l.cur.end)
	}
}

// Roll syncs the batch and ends the file: the next transaction begins a new one. Done after
// each snapshot, so that old logs can be purged.
func (l *Log) Roll() error {
	if err := l.Sync(); err != nil {
		return err
	}
	return l.endFile()
}

// endFile closes the current file, if there is one.
func (l *Log) endFile() error {
	if l.err != nil || l.cur == nil {
		return l.err
	}
	err := l.cur.finish()
	l.cur = nil
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// Close syncs the batch and closes the file. Closing again does nothing.
func (l *Log) Close() error {
	if l.err == ErrClosed {
		return nil
	}
	err := l.Roll()
	if l.cur != nil { // a failed log: only the descriptor is left to give back
		l.cur.f.Close()
		l.cur = nil
	}
	if l.err == nil {
		l.err = ErrClosed
	}
	return err
}

func (l *Log) fail(err error) error {
	l.err = fmt.Errorf("%w: %w", ErrFailed, err)
	return l.err
}
