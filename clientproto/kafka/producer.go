package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Bounds of what a producer has under way, and how long a record may take where nothing else is said: Java's
// delivery.timeout.ms is two minutes, which nobody wants to sit through at a terminal.
const (
	maxUnderWay      = 1 << 15 // records
	maxUnderWayBytes = 64 << 20
	deliveryTimeout  = 30 * time.Second
)

// Producer writes records of one cluster. Produce, Flush and Close are called by one goroutine.
type Producer struct {
	client *Client
	kgo    *kgo.Client
	free   []*entry // to be used again
	failed func(number int64, r kmodel.Record, err error)
	once   sync.Once

	life    time.Duration   // of a record
	window  context.Context // of the records that are being given, and how it is ended
	renewed time.Time
	ends    []context.CancelFunc

	mu struct {
		sync.Mutex
		back []*entry // to be used again, once free is empty
	}
	telling sync.Mutex // one call of failed at a time
	// asked are the topics of late records, as they were found since askedAt; telling guards both.
	asked   map[string]askedTopic
	askedAt time.Time
}

// entry is a record under way. It is the record's own context, which is how the callback finds it again; a context
// that never ends, since franz-go looks at it even when the entry has another record.
type entry struct {
	rec       kgo.Record
	number    int64
	partition int32 // -1: the partitioner's choice
	beyond    int   // how many partitions there are where that is none of them, else 0
}

// Deadline is for context.Context.
func (*entry) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is for context.Context.
func (*entry) Done() <-chan struct{} { return nil }

// Err is for context.Context.
func (*entry) Err() error { return nil }

// Value is for context.Context.
func (*entry) Value(any) any { return nil }

// Producer starts to write records. failed is told of each record that was not acknowledged, by the number that
// Produce was given, one call at a time, not before Produce and not after Close have been called.
func (c *Client) Producer(ctx context.Context, o kmodel.ProduceOptions, failed func(number int64, r kmodel.Record, err error)) (*Producer, error) {
	s, err := c.settings.with(o.Extra)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(ctx, o); err != nil {
		return nil, err
	}
	limits, err := c.batchLimits(ctx, o.Topics)
	if err != nil {
		return nil, err
	}
	p := &Producer{client: c, failed: failed, life: deliveryTimeout}
	switch {
	case o.TimeoutMs > 0:
		p.life = time.Duration(o.TimeoutMs) * time.Millisecond
	case s.deliveryTimeout > 0:
		p.life = s.deliveryTimeout
	}
	opts, err := s.producerOptions(o, p.life)
	if err != nil {
		return nil, err
	}
	if s.maxRequest <= 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytesFn(func(topic string) int32 {
			return cmp.Or(limits[topic], defaultBatchMax)
		}))
	}
	if p.kgo, err = c.client(opts...); err != nil {
		return nil, err
	}
	return p, nil
}

// Produce queues a record, and waits while too much is under way. The record's bytes belong to the producer from then
// on; the record itself, and its slice of headers, stay the caller's. What becomes of it is told by failed, or not
// told: then it was acknowledged.
func (p *Producer) Produce(ctx context.Context, r *kmodel.Record, number int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := p.entry()
	headers := e.rec.Headers[:0]
	for _, h := range r.Headers {
		headers = append(headers, kgo.RecordHeader(h))
	}
	now := time.Now()
	window := p.limit(ctx, now)
	e.number, e.partition, e.beyond = number, r.Partition, 0
	e.rec = kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value, Headers: headers, Timestamp: now, Context: e}
	if r.Timestamp >= 0 {
		e.rec.Timestamp = time.UnixMilli(r.Timestamp)
	}
	p.kgo.Produce(window, &e.rec, p.done)
	return ctx.Err()
}

// limit is a context that ends when a record that is given now has had its time. Records share one for a while: a
// timer for each would cost more than sending it. (franz-go's own limit is counted from the record's timestamp, which
// may be of any year.)
func (p *Producer) limit(ctx context.Context, now time.Time) context.Context {
	if p.window == nil || now.Sub(p.renewed) > p.life/16 {
		window, cancel := context.WithTimeout(ctx, p.life+p.life/16)
		p.window, p.renewed, p.ends = window, now, append(p.ends, cancel)
		if len(p.ends) > 32 { // that one has ended by itself
			p.ends[0]()
			p.ends = p.ends[1:]
		}
	}
	return p.window
}

// entry is a place for a record.
func (p *Producer) entry() *entry {
	if len(p.free) == 0 {
		p.mu.Lock()
		p.free, p.mu.back = p.mu.back, p.free
		p.mu.Unlock()
	}
	n := len(p.free) - 1
	if n < 0 {
		return new(entry)
	}
	e := p.free[n]
	p.free = p.free[:n]
	return e
}

// done is called once for each record, in the order of its partition.
func (p *Producer) done(rec *kgo.Record, err error) {
	e := rec.Context.(*entry)
	if err != nil {
		p.telling.Lock()
		p.failed(e.number, kmodel.Record{Topic: rec.Topic, Partition: e.partition, Key: rec.Key, Value: rec.Value}, p.reason(rec, err))
		p.telling.Unlock()
	}
	e.rec = kgo.Record{Headers: rec.Headers[:0]}
	p.mu.Lock()
	p.mu.back = append(p.mu.back, e)
	p.mu.Unlock()
}

// reason says why a record was not acknowledged. The caller holds telling.
func (p *Producer) reason(rec *kgo.Record, err error) error {
	var code *kerr.Error
	e := rec.Context.(*entry)
	switch {
	case e.beyond > 0:
		return &ServerError{Code: kproto.UnknownTopicOrPartition, Message: fmt.Sprintf("no partition %d: there are %d, counted from 0", e.partition, e.beyond)}
	case errors.As(err, &code):
		return &ServerError{Code: kproto.Error(code.Code)}
	case errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, kgo.ErrAborting):
		return &LostError{errors.New("given up before it was acknowledged")}
	}
	if fault := p.client.guilty(err); fault != nil {
		return &LostError{fmt.Errorf("not acknowledged: %w", p.client.blame(fault))}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrRecordRetries) {
		return &LostError{fmt.Errorf("not acknowledged: %w", p.late(rec.Topic, rec.Partition))}
	}
	return err
}

// late is whyLate, with a topic asked for once for all that fails together.
func (p *Producer) late(topic string, partition int32) error {
	if time.Since(p.askedAt) > fresh {
		p.asked, p.askedAt = map[string]askedTopic{}, time.Now()
	}
	is, asked := p.asked[topic]
	if !asked {
		is.topic, is.err = p.client.inquire(topic)
		p.asked[topic] = is
	}
	if is.err != nil {
		return is.err
	}
	return p.client.whyLate(is.topic, partition)
}

// askedTopic is what was answered about a topic.
type askedTopic struct {
	topic kmodel.Topic
	err   error
}

// Flush waits until each record was acknowledged or has failed.
func (p *Producer) Flush(ctx context.Context) error { return p.kgo.Flush(ctx) }

// Close gives up what is under way. The records that were not acknowledged are told of before it returns.
// A second Close does nothing.
func (p *Producer) Close() {
	p.once.Do(func() {
		p.client.release(p.kgo)
		for _, end := range p.ends {
			end()
		}
	})
}
