package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

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
}

// entry is a record under way. It is the record's own context, which is how the callback finds it again.
type entry struct {
	context.Context
	rec       kgo.Record
	number    int64
	partition int32 // -1: the partitioner's choice
}

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

// prepare makes sure that the topics are there and that their leaders are reached.
func (c *Client) prepare(ctx context.Context, o kmodel.ProduceOptions) error {
	if o.AutoCreate {
		if err := c.autoCreate(ctx, o.Topics); err != nil {
			return err
		}
	}
	partitions, err := c.partitions(ctx, kmodel.ConsumeOptions{Topics: o.Topics})
	if err != nil || len(o.Topics) == 0 {
		return err
	}
	return c.reachLeaders(ctx, partitions)
}

// How large a batch may get: what brokers take by default, and what is asked of none.
const (
	defaultBatchMax = 1_000_012
	leastBatchMax   = 512
	mostBatchMax    = 32 << 20
)

// batchLimits asks what the topics take: a batch that is too large fails with all its records, the good ones too. Who
// may not know must hope for the default.
func (c *Client) batchLimits(ctx context.Context, topics []string) (map[string]int32, error) {
	limits := map[string]int32{}
	var resources []kmodel.Resource
	for _, name := range topics {
		resources = append(resources, kmodel.Resource{Type: kmodel.TopicResource, Name: name})
	}
	if len(resources) == 0 {
		return limits, nil
	}
	described, err := c.Configs(ctx, false, resources...)
	if err != nil {
		return nil, err
	}
	for _, topic := range described {
		for _, entry := range topic.Entries {
			if n, err := strconv.ParseInt(entry.Value, 10, 64); err == nil && entry.Name == "max.message.bytes" {
				limits[topic.Resource.Name] = int32(min(max(n, leastBatchMax), mostBatchMax))
			}
		}
	}
	return limits, nil
}

// autoCreate asks for topics in the way that makes brokers create them, and waits until they are there.
func (c *Client) autoCreate(ctx context.Context, names []string) error {
	for until := time.Now().Add(patience); ; {
		req := kmsg.NewPtrMetadataRequest()
		req.AllowAutoTopicCreation = true
		for _, name := range names {
			t := kmsg.NewMetadataRequestTopic()
			t.Topic = kmsg.StringPtr(name)
			req.Topics = append(req.Topics, t)
		}
		resp, err := c.metadata(ctx, req)
		if err != nil {
			return err
		}
		err = nil
		for _, t := range resp.Topics {
			err = cmp.Or(err, codeError(t.ErrorCode, nil))
		}
		code := new(ServerError)
		if err == nil || !errors.As(err, &code) || !code.Code.Retriable() || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(waits):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// codecs are franz-go's names of Kafka's.
var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

var codecNames = slices.Sorted(maps.Keys(codecs))

// producerOptions are the options of a producer: those that were given, then the properties, then the defaults.
func (s *settings) producerOptions(o kmodel.ProduceOptions, life time.Duration) ([]kgo.Opt, error) {
	codec := strings.ToLower(o.Compression)
	if codec == "" {
		codec = s.compression
	}
	if codec == "" {
		codec = "none"
	}
	compression, ok := codecs[codec]
	if !ok {
		return nil, &ConfigError{Err: fmt.Errorf("compression %q is none of %s", codec, strings.Join(codecNames, ", "))}
	}
	opts := []kgo.Opt{
		kgo.ProducerBatchCompression(compression),
		kgo.ProduceRequestTimeout(min(life, 10*time.Second)),
		kgo.RecordPartitioner(chooser{kgo.UniformBytesPartitioner(batchBytes, true, true, nil)}),
		kgo.MaxBufferedRecords(maxUnderWay),
		kgo.MaxBufferedBytes(maxUnderWayBytes),
		kgo.ProducerLinger(5 * time.Millisecond),
	}
	opts = append(opts, s.ackOptions(o)...)
	if s.bufferMemory > 0 {
		opts = append(opts, kgo.MaxBufferedBytes(int(min(s.bufferMemory, 1<<30))))
	}
	if s.maxRequest > 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytes(max(s.maxRequest, 1024)))
	}
	if s.retries != nil {
		opts = append(opts, kgo.RecordRetries(max(*s.retries, 1)))
	}
	switch {
	case o.LingerMs >= 0:
		opts = append(opts, kgo.ProducerLinger(time.Duration(o.LingerMs)*time.Millisecond))
	case s.linger != nil:
		opts = append(opts, kgo.ProducerLinger(*s.linger))
	}
	if o.AutoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	return opts, nil
}

// batchBytes is how much goes to a partition before records without a key go to another.
const batchBytes = 256 << 10

func (s *settings) ackOptions(o kmodel.ProduceOptions) []kgo.Opt {
	idempotent := o.Idempotent && (s.idempotence == nil || *s.idempotence)
	acks := o.Acks
	if s.acks == "0" && acks == kmodel.AcksAll {
		acks = kmodel.AcksNone
	}
	if s.acks == "1" && acks == kmodel.AcksAll {
		acks = kmodel.AcksLeader
	}
	if acks == kmodel.AcksAll && idempotent {
		// A record that has timed out is told of, not produced again: there is no duplicate to avoid by waiting on.
		return []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks()), kgo.AllowIdempotentProduceCancellation()}
	}
	opts := []kgo.Opt{kgo.DisableIdempotentWrite()}
	switch acks {
	case kmodel.AcksNone:
		return append(opts, kgo.RequiredAcks(kgo.NoAck()))
	case kmodel.AcksLeader:
		return append(opts, kgo.RequiredAcks(kgo.LeaderAck()))
	}
	return append(opts, kgo.RequiredAcks(kgo.AllISRAcks()))
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
	e.Context, e.number, e.partition = window, number, r.Partition
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
		p.failed(e.number, kmodel.Record{Topic: rec.Topic, Partition: e.partition, Key: rec.Key, Value: rec.Value}, p.client.recordError(err))
		p.telling.Unlock()
	}
	e.rec = kgo.Record{Headers: rec.Headers[:0]}
	e.Context = nil
	p.mu.Lock()
	p.mu.back = append(p.mu.back, e)
	p.mu.Unlock()
}

// recordError says why a record was not acknowledged.
func (c *Client) recordError(err error) error {
	var code *kerr.Error
	switch {
	case errors.As(err, &code):
		return &ServerError{Code: kproto.Error(code.Code)}
	case errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, kgo.ErrAborting):
		return &LostError{errors.New("given up before it was acknowledged")}
	}
	if fault := c.dialer.latestFault(); fault != nil {
		return &LostError{fmt.Errorf("not acknowledged: %w", c.blame(fault))}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrRecordRetries) {
		return &LostError{errors.New("not acknowledged in time")}
	}
	return err
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

// chooser lets a record choose its partition, and else asks a partitioner.
type chooser struct{ kgo.Partitioner }

// ForTopic is for franz-go.
func (c chooser) ForTopic(topic string) kgo.TopicPartitioner {
	return &topicChooser{c.Partitioner.ForTopic(topic)}
}

// topicChooser passes on what the partitioner below it can do: it chooses by how much is under way.
type topicChooser struct{ kgo.TopicPartitioner }

func chosen(r *kgo.Record) (int, bool) {
	e, ok := r.Context.(*entry)
	if !ok || e.partition < 0 {
		return 0, false
	}
	return int(e.partition), true
}

// RequiresConsistency is true where only one partition will do, whether it can be written to or not.
func (t *topicChooser) RequiresConsistency(r *kgo.Record) bool {
	if _, ok := chosen(r); ok {
		return true
	}
	return t.TopicPartitioner.RequiresConsistency(r)
}

// Partition is for records with a key or a partition.
func (t *topicChooser) Partition(r *kgo.Record, n int) int {
	if p, ok := chosen(r); ok {
		return p
	}
	return t.TopicPartitioner.Partition(r, n)
}

// PartitionByBackup is for all others.
func (t *topicChooser) PartitionByBackup(r *kgo.Record, n int, backup kgo.TopicBackupIter) int {
	if p, ok := chosen(r); ok {
		return p
	}
	if by, ok := t.TopicPartitioner.(kgo.TopicBackupPartitioner); ok {
		return by.PartitionByBackup(r, n, backup)
	}
	return t.TopicPartitioner.Partition(r, n)
}

// OnNewBatch tells the partitioner below that a batch was full.
func (t *topicChooser) OnNewBatch() {
	if on, ok := t.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		on.OnNewBatch()
	}
}
