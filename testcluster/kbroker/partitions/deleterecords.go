package partitions

import (
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// deleteRecords is a DeleteRecords request, which is answered when every live replica has moved its log's start.
type deleteRecords struct {
	m        *Manager
	req      *wire.Request
	resp     *kmsg.DeleteRecordsResponse
	waits    []*deletion
	open     atomic.Int32
	late     atomic.Bool // the time is over
	deadline deadline
}

// deletion is one partition of it.
type deletion struct {
	op   *deleteRecords
	p    *partition
	need int64
	out  *kmsg.DeleteRecordsResponseTopicPartition
	node node[deletion]
}

func (m *Manager) deleteRecords(req *wire.Request) {
	q := kmsg.NewPtrDeleteRecordsRequest()
	if req.Decode(q) != nil {
		return
	}
	op := &deleteRecords{m: m, req: req, resp: q.ResponseKind().(*kmsg.DeleteRecordsResponse)}
	t := m.table.Load()
	for _, topic := range q.Topics {
		out := kmsg.NewDeleteRecordsResponseTopic()
		out.Topic = topic.Topic
		out.Partitions = make([]kmsg.DeleteRecordsResponseTopicPartition, len(topic.Partitions))
		for i, part := range topic.Partitions {
			o := &out.Partitions[i]
			o.Default()
			o.Partition, o.LowWatermark = part.Partition, -1
			d := &deletion{op: op, p: t.findKey(partitionKey{topic.Topic, part.Partition}), out: o}
			d.node.value = d
			switch {
			case internalTopic([]byte(topic.Topic)):
				o.ErrorCode = int16(kproto.InvalidTopicException)
			case d.p == nil:
				o.ErrorCode = int16(t.missing(topic.Topic, part.Partition))
			default:
				op.begin(d, part.Offset)
			}
		}
		op.resp.Topics = append(op.resp.Topics, out)
	}
	op.open.Store(int32(len(op.waits)) + 1)
	for _, d := range op.waits {
		d.check()
	}
	if op.open.Add(-1) == 0 {
		op.req.Reply(op.resp)
		return
	}
	op.deadline.start(&m.timers, time.Duration(q.TimeoutMillis)*time.Millisecond, op.expire)
}

// begin moves the start of this broker's own log.
func (op *deleteRecords) begin(d *deletion, offset int64) {
	deletes := d.p.conf().CleanupDelete
	var w wakes
	d.p.mu.Lock()
	err := d.p.deleteBefore(&offset, deletes)
	if err == nil {
		d.p.wakeFollowers(&w) // so that they hear of it at once
	}
	d.p.mu.Unlock()
	w.run()
	if err != nil {
		d.out.ErrorCode = int16(codeOf(err))
		return
	}
	d.need = offset
	op.waits = append(op.waits, d)
}

// deleteBefore moves the log's start to offset, or for -1 to the high watermark. The caller holds the lock.
func (p *partition) deleteBefore(offset *int64, deletes bool) error {
	l := p.leader()
	switch {
	case l == nil:
		return kproto.NotLeaderOrFollower
	case !deletes:
		return kproto.PolicyViolation
	case *offset == -1:
		*offset = l.HighWatermark()
	case *offset < 0 || *offset > l.HighWatermark():
		return kproto.OffsetOutOfRange
	}
	if *offset <= p.log.StartOffset() {
		return nil
	}
	return p.log.SetStartOffset(*offset)
}

// check ends the deletion if all live replicas have it, if this broker does not lead any more, or if it is late; otherwise it
// waits. It may be under way, outside of the queue, when the time ends.
func (d *deletion) check() {
	d.p.mu.Lock()
	l := d.p.leader()
	low := int64(-1)
	if l != nil {
		low = l.LowWatermark(d.p.log.StartOffset())
		if low < d.need && !d.op.late.Load() {
			if d.node.in == nil {
				d.p.deletions.push(&d.node)
			}
			d.p.mu.Unlock()
			return
		}
	}
	d.p.mu.Unlock()
	switch {
	case l == nil:
		d.settle(-1, kproto.NotLeaderOrFollower)
	case low < d.need:
		d.settle(-1, kproto.RequestTimedOut)
	default:
		d.settle(low, kproto.NoError)
	}
}

func (d *deletion) settle(low int64, code kproto.Error) {
	d.out.LowWatermark, d.out.ErrorCode = low, int16(code)
	if d.op.open.Add(-1) == 0 {
		d.op.deadline.end(&d.op.m.timers)
		d.op.req.Reply(d.op.resp)
	}
}

// expire gives up what still waits. The records are gone here all the same.
func (op *deleteRecords) expire() {
	op.late.Store(true)
	for _, d := range op.waits {
		d.p.mu.Lock()
		parked := d.node.remove()
		d.p.mu.Unlock()
		if parked {
			d.settle(-1, kproto.RequestTimedOut)
		}
	}
}
