package klog

import (
	"cmp"
	"math"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// keptBatches is how many of a producer's last batches are known again when they are sent twice: as
// many as a client has in flight.
// Source: ProducerStateEntry.NumBatchesToRetain.
const keptBatches = 5

// producer is what a partition knows of one idempotent producer.
type producer struct {
	epoch            int16
	coordinatorEpoch int32 // of the last transaction marker; -1: none
	lastTime         int64 // of the last batch, ms
	txnStart         int64 // first offset of the transaction that is open; -1: none
	n                int
	batches          [keptBatches]seenBatch // n of them, oldest first
}

// seenBatch is a batch that was appended.
type seenBatch struct {
	lastSequence int32
	lastOffset   int64
	delta        int32 // offsets, and sequence numbers, from the first record to the last
	time         int64
}

func (b seenBatch) firstSequence() int32 { return wrapSequence(int64(b.lastSequence) - int64(b.delta)) }

// wrapSequence brings a sequence number back into 0 to 2^31-1.
func wrapSequence(n int64) int32 { return int32(n & math.MaxInt32) }

// producers are the producers of one partition by id. All access is under the log's lock.
type producers map[int64]*producer

// duplicate finds the batch with the producer, epoch and sequence numbers of h among those appended.
func (p producers) duplicate(h kproto.BatchHeader) (base, last int64, found bool) {
	known := p[h.ProducerID]
	if known == nil || known.epoch != h.ProducerEpoch {
		return 0, 0, false
	}
	for _, b := range known.batches[:known.n] {
		if b.firstSequence() == h.BaseSequence && b.lastSequence == h.LastSequence() {
			return b.lastOffset - int64(b.delta), b.lastOffset, true
		}
	}
	return 0, 0, false
}

// check says why the next batch of a producer may not be h, if so.
// Source: ProducerAppendInfo.maybeValidateDataBatch.
func (p producers) check(h kproto.BatchHeader) error {
	known := p[h.ProducerID]
	if known == nil {
		return nil // its records were deleted by retention, or it is new: any sequence number will do
	}
	if h.ProducerEpoch < known.epoch {
		return refuse(kproto.InvalidProducerEpoch, "producer %d has epoch %d, the batch has the older %d",
			h.ProducerID, known.epoch, h.ProducerEpoch)
	}
	want := int32(0)
	if h.ProducerEpoch == known.epoch && known.n > 0 {
		want = wrapSequence(int64(known.batches[known.n-1].lastSequence) + 1)
	}
	if h.BaseSequence != want {
		return refuse(kproto.OutOfOrderSequenceNumber, "producer %d with epoch %d sent sequence number %d, and %d was due",
			h.ProducerID, h.ProducerEpoch, h.BaseSequence, want)
	}
	return nil
}

// note takes over an appended batch, whose offsets are final, without a check: a follower and a
// recovery trust the log. marker is the epoch of the coordinator in a transaction marker.
func (p producers) note(h kproto.BatchHeader, coordinatorEpoch int32) {
	if h.ProducerID < 0 {
		return
	}
	known := p[h.ProducerID]
	if known == nil {
		known = &producer{epoch: h.ProducerEpoch, coordinatorEpoch: -1, txnStart: -1}
		p[h.ProducerID] = known
	}
	if known.epoch != h.ProducerEpoch {
		known.epoch, known.n = h.ProducerEpoch, 0
	}
	known.lastTime = h.MaxTimestamp
	if h.Control() {
		known.coordinatorEpoch, known.txnStart = coordinatorEpoch, -1
		return
	}
	if h.Transactional() && known.txnStart < 0 {
		known.txnStart = h.BaseOffset
	}
	if known.n == keptBatches {
		copy(known.batches[:], known.batches[1:])
		known.n--
	}
	known.batches[known.n] = seenBatch{h.LastSequence(), h.LastOffset(), h.LastOffsetDelta, h.MaxTimestamp}
	known.n++
}

// expire forgets the producers that have written nothing since before, unless a transaction of theirs is open.
func (p producers) expire(before int64) {
	for id, known := range p {
		if known.lastTime < before && known.txnStart < 0 {
			delete(p, id)
		}
	}
}

// list returns them by id.
func (p producers) list() []ProducerInfo {
	all := make([]ProducerInfo, 0, len(p))
	for id, known := range p {
		info := ProducerInfo{ID: id, Epoch: known.epoch, LastSequence: -1, LastOffset: -1,
			LastTimestamp: known.lastTime, CoordinatorEpoch: known.coordinatorEpoch, TxnStartOffset: known.txnStart}
		if known.n > 0 {
			last := known.batches[known.n-1]
			info.LastSequence, info.LastOffset = last.lastSequence, last.lastOffset
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b ProducerInfo) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
