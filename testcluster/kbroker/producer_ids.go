package kbroker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// producerBlock is how many producer ids a broker takes from ZooKeeper at a time.
const producerBlock = 1000

// errNoMoreIDs says that the last producer id there can be has been given out.
var errNoMoreIDs = errors.New("all producer ids are given out")

// producerIDs gives out producer ids, each once in the life of the cluster: it takes them in blocks from
// /latest_producer_id_block. What is left of a block when the broker ends is lost. Source: kafka.coordinator.transaction
// .ProducerIdManager of Kafka 2.7.
type producerIDs struct {
	zk     *zkclient.Client
	broker int32
	log    *slog.Logger
	wake   chan struct{}

	mu struct {
		sync.Mutex
		next, end int64 // of the block: [next, end)
		waiting   []*wire.Request
	}
}

func newProducerIDs(zk *zkclient.Client, broker int32, log *slog.Logger) *producerIDs {
	return &producerIDs{zk: zk, broker: broker, log: log, wake: make(chan struct{}, 1)}
}

// row answers InitProducerId (22, versions 0 to 4) of producers without transactions: always a new id with epoch 0, also
// where version 3 brings an old one. Transactions are not there yet.
func (p *producerIDs) row() wire.Row {
	return wire.Row{Key: int16(kmsg.InitProducerID), Max: 4, Handle: func(r *wire.Request) {
		req := kmsg.NewPtrInitProducerIDRequest()
		if r.Decode(req) != nil {
			return
		}
		if req.TransactionalID != nil {
			code := kproto.UnsupportedVersion
			if *req.TransactionalID == "" {
				code = kproto.InvalidRequest
			}
			answerProducerID(r, -1, code)
			return
		}
		p.answer(r)
	}}
}

// answer gives an id at once, or when there is the next block.
func (p *producerIDs) answer(r *wire.Request) {
	p.mu.Lock()
	id, ok := p.mu.next, p.mu.next < p.mu.end
	if ok {
		p.mu.next++
	} else {
		p.mu.waiting = append(p.mu.waiting, r)
	}
	p.mu.Unlock()
	if ok {
		answerProducerID(r, id, kproto.NoError)
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func answerProducerID(r *wire.Request, id int64, code kproto.Error) {
	resp := kmsg.NewPtrInitProducerIDResponse()
	resp.ErrorCode, resp.ProducerID, resp.ProducerEpoch = int16(code), id, 0
	if code != kproto.NoError {
		resp.ProducerEpoch = -1
	}
	r.Reply(resp)
}

// run takes blocks for those who wait, until ctx ends.
func (p *producerIDs) run(ctx context.Context) {
	for {
		select {
		case <-p.wake:
		case <-ctx.Done():
			return
		}
		for p.anybodyWaits() {
			start, err := p.takeBlock(ctx)
			if err != nil {
				p.log.Warn("no producer ids", "err", err)
			}
			p.serve(start, err)
		}
	}
}

func (p *producerIDs) anybodyWaits() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mu.waiting) > 0
}

// serve hands out a new block, or the reason that there is none: clients try again for a coordinator that is loading.
func (p *producerIDs) serve(start int64, err error) {
	p.mu.Lock()
	waiting := p.mu.waiting
	p.mu.waiting = nil
	if err == nil {
		p.mu.next, p.mu.end = start, start+producerBlock
	}
	p.mu.Unlock()
	for _, r := range waiting {
		switch {
		case err == nil:
			p.answer(r) // more than a block's worth of them wait again
		case errors.Is(err, errNoMoreIDs):
			answerProducerID(r, -1, kproto.UnknownServerError)
		default:
			answerProducerID(r, -1, kproto.CoordinatorLoadInProgress)
		}
	}
}

// blockPatience bounds one attempt to get a block: who waits for it has other brokers to ask.
const blockPatience = 10 * time.Second

// takeBlock writes the next block behind the last one, on condition that nobody else has meanwhile.
func (p *producerIDs) takeBlock(ctx context.Context) (start int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	for {
		data, stat, err := p.zk.Get(ctx, kzk.ProducerIDBlockPath, nil)
		if err != nil {
			return 0, err
		}
		if len(data) > 0 {
			last, err := kzk.DecodeProducerIDBlock(data)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", kzk.ProducerIDBlockPath, err)
			}
			if last.End > math.MaxInt64-1-producerBlock {
				return 0, errNoMoreIDs
			}
			start = last.End + 1
		}
		block := kzk.ProducerIDBlock{Broker: p.broker, Start: start, End: start + producerBlock - 1}
		_, err = p.zk.Set(ctx, kzk.ProducerIDBlockPath, kzk.EncodeProducerIDBlock(block), stat.Version)
		if err == nil {
			return start, nil
		}
		// After a lost answer the block may be ours or not: whoever asks next takes the one behind it in both cases.
		if !errors.Is(err, zkproto.BadVersion) {
			return 0, err
		}
	}
}
