package txnlog

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// WriterOptions are the settings of a Writer. The zero value is Apache's defaults.
type WriterOptions struct {
	// MaxBatch is the most transactions that are synced together: maxBatchSize. 0 is 1000.
	MaxBatch int
	// FlushDelay is how long a batch that is not full waits for more: flushDelay. With 0 a
	// batch is what came while the one before was being synced.
	FlushDelay time.Duration
	// Persisted is told the last zxid of each batch that has become durable. It runs on the
	// Writer's goroutine, so it must not wait for the Writer.
	Persisted func(zkproto.Zxid)
	// Counted is told how many transactions each durable batch has, for a caller that numbers
	// what it queues. Likewise.
	Counted func(int)
	// Failed is told, once, why the log takes no more writes. Likewise.
	Failed func(error)
}

const (
	maxZxid zkproto.Zxid = math.MaxInt64

	defaultMaxBatch = 1000
	// maxBatchBytes bounds one write, so that a burst of large transactions is acknowledged
	// piece by piece.
	maxBatchBytes = 8 << 20
)

// Writer owns a Log and commits in groups: Append returns at once, and one goroutine writes
// and syncs while the next batch collects. It does not bound what waits; Pending says how
// much that is.
type Writer struct {
	log  *Log
	opts WriterOptions
	full chan struct{} // wakes a flush that waits for its batch to fill
	done chan struct{} // the goroutine has ended

	mu      sync.Mutex
	wake    sync.Cond // of mu: queue or closing changed
	queue   []*work
	free    []*work
	last    zkproto.Zxid // appended
	pending int          // bytes in the queue, the batch being written among them
	err     error        // no more is taken
	closing bool
}

// work is a batch to write, or a function to run between batches.
type work struct {
	batch batch
	do    func(*Log) error
	done  chan error
}

// NewWriter starts a goroutine that owns the log until Close.
func NewWriter(log *Log, opts WriterOptions) *Writer {
	if opts.MaxBatch <= 0 {
		opts.MaxBatch = defaultMaxBatch
	}
	if opts.Persisted == nil {
		opts.Persisted = func(zkproto.Zxid) {}
	}
	if opts.Counted == nil {
		opts.Counted = func(int) {}
	}
	if opts.Failed == nil {
		opts.Failed = func(error) {}
	}
	w := &Writer{log: log, opts: opts, full: make(chan struct{}, 1), done: make(chan struct{}), last: log.Last()}
	w.wake.L = &w.mu
	go w.run()
	return w
}

// Append queues a transaction, header and all. Its zxid must be above the last one's. The
// bytes are copied. Persisted reports when it is durable.
func (w *Writer) Append(txn []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	b := w.fillingLocked()
	before := len(b.bytes)
	if err := b.add(txn, w.last); err != nil {
		return err
	}
	w.last = b.last
	w.pending += len(b.bytes) - before
	if w.isFull(b) {
		select {
		case w.full <- struct{}{}:
		default:
		}
	}
	w.wake.Signal()
	return nil
}

// fillingLocked is the batch at the queue's end, if it has room, or a new one.
func (w *Writer) fillingLocked() *batch {
	if n := len(w.queue); n > 0 && w.queue[n-1].do == nil && !w.isFull(&w.queue[n-1].batch) {
		return &w.queue[n-1].batch
	}
	item := &work{}
	if n := len(w.free); n > 0 {
		item, w.free = w.free[n-1], w.free[:n-1]
	}
	w.queue = append(w.queue, item)
	return &item.batch
}

func (w *Writer) isFull(b *batch) bool {
	return b.count >= w.opts.MaxBatch || len(b.bytes) >= maxBatchBytes
}

// Pending is the number of bytes that are not yet durable.
func (w *Writer) Pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending
}

// Roll ends the log file behind what has been appended so far. It does not wait.
func (w *Writer) Roll() error {
	return w.Do((*Log).Roll)
}

// Do queues a function that runs on the Writer's goroutine when all that has been appended
// so far is durable, and before anything that is appended later is written. It does not wait.
// An error of run ends the Writer as an error of the disk does.
func (w *Writer) Do(run func(*Log) error) error {
	_, err := w.enqueue(run, maxZxid)
	return err
}

// DoCut is Do for a function that takes the log back to zxid: what is appended from now on
// only has to be above that.
func (w *Writer) DoCut(zxid zkproto.Zxid, run func(*Log) error) error {
	_, err := w.enqueue(run, zxid)
	return err
}

// TruncateAfter removes all transactions above zxid, those still waiting among them, and
// waits until that is durable. Nothing may be appended meanwhile. See [Log.TruncateAfter].
func (w *Writer) TruncateAfter(zxid zkproto.Zxid) error {
	done, err := w.enqueue(func(l *Log) error { return l.TruncateAfter(zxid) }, zxid)
	if err != nil {
		return err
	}
	return <-done
}

// enqueue queues do, behind which the log ends at cut or before.
func (w *Writer) enqueue(do func(*Log) error, cut zkproto.Zxid) (<-chan error, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, w.err
	}
	w.last = min(w.last, cut)
	item := &work{do: do, done: make(chan error, 1)}
	w.queue = append(w.queue, item)
	w.wake.Signal()
	return item.done, nil
}

// Close makes durable what has been appended, closes the log and waits for the goroutine.
// It reports why the log failed, if it did.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closing = true
	if w.err == nil {
		w.err = ErrClosed
	}
	w.wake.Signal()
	select {
	case w.full <- struct{}{}:
	default:
	}
	w.mu.Unlock()
	<-w.done
	return w.log.Close()
}

func (w *Writer) run() {
	defer close(w.done)
	for {
		item := w.take()
		if item == nil {
			return
		}
		var err error
		if item.do != nil {
			err = item.do(w.log)
			item.done <- err
		} else if err = w.log.commit(&item.batch); err == nil {
			w.opts.Persisted(item.batch.last)
			w.opts.Counted(item.batch.count)
		}
		if err != nil {
			w.stop(err)
			return
		}
		w.recycle(item)
	}
}

// take waits for the next work; nil says that the Writer is closing and all is done.
func (w *Writer) take() *work {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.closing {
			return nil
		}
		w.wake.Wait()
	}
	if w.opts.FlushDelay > 0 {
		w.fillLocked()
	}
	item := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	return item
}

// fillLocked waits until the first batch is full, something is queued behind it, or the
// delay is over. It gives the lock up meanwhile.
func (w *Writer) fillLocked() {
	delay := time.NewTimer(w.opts.FlushDelay)
	defer delay.Stop()
	for len(w.queue) == 1 && w.queue[0].do == nil && !w.closing && !w.isFull(&w.queue[0].batch) {
		w.mu.Unlock()
		over := false
		select {
		case <-w.full:
		case <-delay.C:
			over = true
		}
		w.mu.Lock()
		if over {
			return
		}
	}
}

func (w *Writer) recycle(item *work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending -= len(item.batch.bytes)
	if item.do == nil && len(w.free) < 2 {
		item.batch.reset()
		w.free = append(w.free, item)
	}
}

// stop refuses all that waits.
func (w *Writer) stop(err error) {
	w.mu.Lock()
	w.err = err
	for _, item := range w.queue {
		if item.do != nil {
			item.done <- fmt.Errorf("not done: %w", err)
		}
	}
	w.queue = nil
	w.mu.Unlock()
	w.opts.Failed(err)
}
