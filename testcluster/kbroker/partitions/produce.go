package partitions

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// produce is a Produce request: its results so far, and the batches that wait for acks=all.
type produce struct {
	m       *Manager
	req     *wire.Request
	results []codec.ProduceResult
	waits   []produceWait
	// open is how many results are to come, and one more while the request is being handled.
	open     atomic.Int32
	deadline deadline
}

// internalTopic says whether a topic is the coordinators' own. Clients may not write to it, but for the one id that may.
func internalTopic(name []byte) bool {
	return string(name) == "__consumer_offsets" || string(name) == "__transaction_state"
}

const adminClient = "__admin_client"

func (m *Manager) produce(req *wire.Request) {
	var room [4]codec.ProduceItem
	q, err := codec.ParseProduce(req.Body, req.Version, room[:0])
	if err != nil {
		req.Hangup(fmt.Errorf("produce: %w", err))
		return
	}
	op := &produce{m: m, req: req, results: make([]codec.ProduceResult, len(q.Items))}
	if q.Acks == -1 {
		op.waits = make([]produceWait, len(q.Items))
	}
	op.open.Store(int32(len(op.waits)) + 1)
	var failed error
	t := m.table.Load()
	for i := range q.Items {
		if err := op.item(t, &q, i); err != nil {
			failed = err
		}
	}
	if q.Acks == 0 {
		// There is no answer that could tell of an error, so the connection does.
		if failed != nil {
			req.Hangup(fmt.Errorf("produce with acks=0: %w", failed))
		} else {
			req.NoReply()
		}
		return
	}
	if op.open.Add(-1) == 0 {
		op.reply()
		return
	}
	op.deadline.start(&m.timers, time.Duration(q.TimeoutMs)*time.Millisecond, op.expire)
}

// item handles one batch: its result is there when item returns, unless it waits; then settled fills it in.
func (op *produce) item(t *table, q *codec.ProduceRequest, i int) error {
	it, r := &q.Items[i], &op.results[i]
	*r = codec.ProduceResult{Topic: it.Topic, Partition: it.Partition, Base: -1, AppendTime: -1, LogStart: -1}
	var wait *produceWait
	if op.waits != nil {
		wait = &op.waits[i]
		wait.op, wait.index = op, i
	}
	a, waiting, err := op.m.produceBatch(t, op.req, q, it, wait)
	if waiting {
		return nil
	}
	if err != nil {
		r.Err, r.Message = int16(codeOf(err)), err.Error()
	} else {
		r.Base, r.AppendTime, r.LogStart = a.Base, a.LogAppendTime, a.LogStart
	}
	if wait != nil {
		op.open.Add(-1)
	}
	return err
}

// produceBatch checks what the log does not, and appends.
func (m *Manager) produceBatch(t *table, req *wire.Request, q *codec.ProduceRequest, it *codec.ProduceItem, wait *produceWait) (klog.Appended, bool, error) {
	switch {
	case req.Version < codec.ProduceBatches:
		return klog.Appended{}, false, fmt.Errorf("%w: record formats before 2 (Produce before version 3)", kproto.UnsupportedVersion)
	case q.Acks < -1 || q.Acks > 1:
		return klog.Appended{}, false, fmt.Errorf("%w: %d", kproto.InvalidRequiredAcks, q.Acks)
	case internalTopic(it.Topic) && req.ClientID != adminClient:
		return klog.Appended{}, false, fmt.Errorf("%w: %s is the brokers' own", kproto.InvalidTopicException, it.Topic)
	case len(it.Records) == 0:
		return klog.Appended{}, false, fmt.Errorf("%w: no record batch", kproto.InvalidRecord)
	}
	p := t.find(it.Topic, it.Partition)
	producer, err := m.refusals.admit(p, it)
	if err != nil {
		return klog.Appended{}, false, err
	}
	var a klog.Appended
	var waiting bool
	if p != nil {
		a, waiting, err = p.append(it.Records, klog.AppendOptions{NoZstd: req.Version < produceZstd}, wait)
	} else {
		err = t.missing(string(it.Topic), it.Partition)
	}
	if err != nil {
		m.refusals.note(it, err)
		return klog.Appended{}, false, err
	}
	m.refusals.came(producer)
	return a, waiting, nil
}

// produceZstd is the first version of Produce that may carry zstd.
const produceZstd = 7

// settled fills in the result of a batch that waited.
func (op *produce) settled(w *produceWait) {
	r := &op.results[w.index]
	if w.err != kproto.NoError {
		r.Err, r.Message = int16(w.err), w.err.Error()
	} else {
		r.Base, r.AppendTime, r.LogStart = w.a.Base, w.a.LogAppendTime, w.a.LogStart
	}
	if op.open.Add(-1) == 0 {
		op.reply()
	}
}

// expire gives up the batches that still wait.
func (op *produce) expire() {
	for i := range op.waits {
		if w := &op.waits[i]; w.p != nil {
			w.giveUp(kproto.RequestTimedOut)
		}
	}
}

func (op *produce) reply() {
	op.deadline.end(&op.m.timers)
	size := 16
	for i := range op.results {
		size += 48 + len(op.results[i].Topic) + len(op.results[i].Message)
	}
	body := codec.AppendProduceResponse(make([]byte, 0, size), op.req.Version, op.results)
	op.req.ReplyRaw([][]byte{body}, nil)
}
