package partitions

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// settler is a request, or a caller, some of whose batches wait.
type settler interface {
	// settled says that w has ended: w.err says how. It is called once for each, without a lock.
	settled(w *produceWait)
}

// produceWait is one appended batch that waits until all replicas in sync have it.
type produceWait struct {
	op     settler
	p      *partition
	index  int // of the batch in the request
	a      klog.Appended
	need   int64 // the high watermark that makes it safe
	minISR int
	err    kproto.Error
	node   node[produceWait]
}

// append appends a batch to the log of a partition that this broker leads. With wait, which names its op, the batch must
// become safe (acks=all): then waiting says whether the op will be told, and it may have been before append returns.
func (p *partition) append(batch []byte, o klog.AppendOptions, wait *produceWait) (a klog.Appended, waiting bool, err error) {
	if wait != nil {
		wait.p, wait.minISR = p, p.conf().MinInsyncReplicas
	}
	var w wakes
	p.mu.Lock()
	a, waiting, err = p.appendLocked(batch, o, wait, &w)
	p.mu.Unlock()
	w.run()
	return a, waiting, err
}

func (p *partition) appendLocked(batch []byte, o klog.AppendOptions, wait *produceWait, w *wakes) (a klog.Appended, waiting bool, err error) {
	l := p.leader()
	if l == nil {
		return a, false, p.notLeader()
	}
	if wait != nil && !l.Enough(wait.minISR) {
		return a, false, fmt.Errorf("%w: %d of at least %d", kproto.NotEnoughReplicas, len(l.ISR()), wait.minISR)
	}
	a, err = p.log.AppendLeader(batch, l.Epoch(), o)
	if err != nil {
		return a, false, err
	}
	if l.Appended(p.log.EndOffset(), p.m.o.Now()) {
		p.moved(w)
	}
	p.wakeFollowers(w)
	if wait == nil || l.HighWatermark() > a.Last {
		return a, false, nil
	}
	wait.a, wait.need = a, a.Last+1
	p.park(wait)
	return a, true, nil
}

// park puts w where its offset belongs: at the end, but for a batch that was there already. The caller holds the lock.
func (p *partition) park(w *produceWait) {
	w.node.value = w
	after := p.produces.last
	for after != nil && after.value.need > w.need {
		after = after.prev
	}
	p.produces.pushAfter(&w.node, after)
}

// giveUp ends the waiting of w, unless it has ended.
func (w *produceWait) giveUp(err kproto.Error) {
	w.p.mu.Lock()
	parked := w.node.remove()
	w.p.mu.Unlock()
	if parked {
		w.err = err
		w.op.settled(w)
	}
}

// codeOf is what a client is told of an error.
func codeOf(err error) kproto.Error {
	if err == nil {
		return kproto.NoError
	}
	var code kproto.Error
	if errors.As(err, &code) {
		return code
	}
	return kproto.KafkaStorageError
}

// deadline is a timeout of something that may end before its timer is started.
type deadline struct {
	timer timer
	ended atomic.Bool
}

func (d *deadline) start(ts *timers, after time.Duration, fire func()) {
	d.timer.fire = fire
	ts.start(&d.timer, after)
	if d.ended.Load() {
		ts.stop(&d.timer)
	}
}

func (d *deadline) end(ts *timers) {
	d.ended.Store(true)
	ts.stop(&d.timer)
}

// ownAppend is one call of [Manager.Append].
type ownAppend struct {
	m        *Manager
	wait     produceWait
	deadline deadline
	done     func(int64, error)
}

func (a *ownAppend) settled(w *produceWait) {
	a.deadline.end(&a.m.timers)
	if w.err != kproto.NoError {
		a.done(-1, w.err)
		return
	}
	a.done(w.a.Base, nil)
}

// Append appends a batch of this broker's own to a partition that it leads, and calls done once, from any goroutine, when
// all replicas in sync have it, or after timeout, or when it cannot be. The error is a kproto.Error. The batch is taken over.
func (m *Manager) Append(topic string, partition int32, batch []byte, timeout time.Duration, done func(base int64, err error)) {
	t := m.table.Load()
	p := t.find([]byte(topic), partition)
	if p == nil {
		done(-1, t.missing(topic, partition))
		return
	}
	op := &ownAppend{m: m, done: done}
	op.wait.op = op
	a, waiting, err := p.append(batch, klog.AppendOptions{Internal: true}, &op.wait)
	switch {
	case err != nil:
		done(-1, codeOf(err))
	case !waiting:
		done(a.Base, nil)
	default:
		op.deadline.start(&m.timers, timeout, func() { op.wait.giveUp(kproto.RequestTimedOut) })
	}
}

// ReadLocal returns whole batches from an offset on of a partition that this broker leads, max bytes or one batch, up to
// the log's end: a coordinator reads what it wrote before it was exposed. An offset before the log's start is taken as its
// start. hw is the high watermark. There are no batches at the end.
func (m *Manager) ReadLocal(topic string, partition int32, from int64, max int) (batches []byte, hw int64, err error) {
	t := m.table.Load()
	p := t.find([]byte(topic), partition)
	if p == nil {
		return nil, 0, t.missing(topic, partition)
	}
	p.mu.Lock()
	l, log := p.leader(), p.log
	p.mu.Unlock()
	if l == nil {
		return nil, 0, kproto.NotLeaderOrFollower
	}
	if start := log.StartOffset(); from < start {
		from = start
	}
	chunk, err := log.Read(from, max, log.EndOffset(), true)
	if err != nil {
		return nil, 0, codeOf(err)
	}
	defer chunk.Release()
	batches = make([]byte, 0, chunk.Size)
	for _, b := range chunk.Bufs {
		batches = append(batches, b...)
	}
	return batches, log.HighWatermark(), nil
}
