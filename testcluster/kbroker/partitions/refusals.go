package partitions

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// How many refusals are kept, and for how long: what a client has sent behind a batch arrives in that time.
const (
	maxRefusals     = 4096
	refusalLifetime = 10 * time.Second
)

// refusals are the batches of idempotent producers that were refused for a while: this broker did not lead the partition
// yet, or too few replicas were in sync. The producer sends such a batch again; but what it has sent behind it may meanwhile
// have come when the reason was gone. A log that knows nothing of the producer takes any sequence number for its first one,
// and the client takes that success for one of the batch before too, which then is nowhere. So a batch behind a refused one is
// out of order until that one has come.
//
// Kafka keeps the lowest sequence number of a producer for the same reason, though of transactions alone: see
// VerificationStateEntry.
type refusals struct {
	now func() time.Time
	// some says whether there are any: there mostly are none, and nobody waits for the lock then.
	some atomic.Bool

	mu struct {
		sync.Mutex
		first map[refusedProducer]refused
		sweep time.Time // when what is old goes
	}
}

type refusedProducer struct {
	partition partitionKey
	id        int64
	epoch     int16
}

// refused is the lowest sequence number that a producer has to send again.
type refused struct {
	sequence int32
	until    time.Time
}

// admit says that a batch comes too early for p: one before it was refused, and has not come again. Where the log knows the
// producer the log decides, for the refused batch may have come to another leader. Otherwise it returns whose batch it is, for
// came, where any batch is missed at all.
func (r *refusals) admit(p *partition, it *codec.ProduceItem) (refusedProducer, error) {
	if !r.some.Load() {
		return refusedProducer{}, nil
	}
	key, sequence, ok := producerOf(it)
	if !ok {
		return refusedProducer{}, nil
	}
	first, known := r.look(key) // without the lock: the partition's may be held for as long as the disk takes
	if !known {
		return refusedProducer{}, nil
	}
	if sequence-first.sequence > 0 && !p.knows(key) {
		return key, fmt.Errorf("%w: producer %d sent sequence number %d, and %d was refused and is due again",
			kproto.OutOfOrderSequenceNumber, key.id, sequence, first.sequence)
	}
	return key, nil
}

// look is what a producer has to send again. It forgets what is old, now and then: not everybody comes again.
func (r *refusals) look(key refusedProducer) (first refused, known bool) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.mu.sweep) {
		r.mu.sweep = now.Add(refusalLifetime)
		r.forgetLocked(now)
	}
	first, known = r.mu.first[key]
	return first, known && now.Before(first.until)
}

// knows says whether the log has a batch of that producer.
func (p *partition) knows(key refusedProducer) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	log := p.log
	p.mu.Unlock()
	return log != nil && slices.ContainsFunc(log.Producers(), func(known klog.ProducerInfo) bool {
		return known.ID == key.id && known.Epoch == key.epoch && known.LastSequence >= 0
	})
}

// came forgets what a producer had to send again: it has.
func (r *refusals) came(key refusedProducer) {
	if key == (refusedProducer{}) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.mu.first, key)
	r.some.Store(len(r.mu.first) > 0)
}

// note takes in that a batch was refused, if it is for a reason that passes.
func (r *refusals) note(it *codec.ProduceItem, err error) {
	switch codeOf(err) {
	case kproto.NotLeaderOrFollower, kproto.UnknownTopicOrPartition, kproto.NotEnoughReplicas:
	default:
		return
	}
	key, sequence, ok := producerOf(it)
	if !ok {
		return
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if first, known := r.mu.first[key]; known && sequence-first.sequence > 0 && now.Before(first.until) {
		return
	}
	if len(r.mu.first) >= maxRefusals {
		r.forgetLocked(now)
	}
	if r.mu.first == nil {
		r.mu.first = make(map[refusedProducer]refused)
	}
	r.mu.first[key] = refused{sequence, now.Add(refusalLifetime)}
	r.some.Store(true)
}

// producerOf is the idempotent producer of a batch, and the batch's first sequence number. What is wrong with a batch that
// has none is the log's to say.
func producerOf(it *codec.ProduceItem) (key refusedProducer, sequence int32, ok bool) {
	h, err := kproto.ParseBatchHeader(it.Records)
	if err != nil || h.ProducerID < 0 || len(it.Topic) > kproto.MaxTopicName {
		return refusedProducer{}, 0, false
	}
	return refusedProducer{partitionKey{string(it.Topic), it.Partition}, h.ProducerID, h.ProducerEpoch}, h.BaseSequence, true
}

// forgetLocked makes room: what is old goes, and where that is not enough, all of it.
func (r *refusals) forgetLocked(now time.Time) {
	for key, first := range r.mu.first {
		if !now.Before(first.until) {
			delete(r.mu.first, key)
		}
	}
	if len(r.mu.first) >= maxRefusals {
		clear(r.mu.first)
	}
	r.some.Store(len(r.mu.first) > 0)
}
