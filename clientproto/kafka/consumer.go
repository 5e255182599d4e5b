package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Consumer reads records of one cluster. Its methods are called by one goroutine.
type Consumer struct {
	client *Client
	kgo    *kgo.Client
	group  bool
	commit bool
	queue  []kgo.FetchTopicPartition // fetched and not handed out yet
	tail   *tail                     // nil: none, or done with
	rec    kmodel.Record

	mu sync.Mutex
	// ends are where reading stops, nil where it does not. The partitions that have not come there are left.
	ends     map[kmodel.TopicPartition]int64
	left     map[kmodel.TopicPartition]struct{}
	assigned bool // the group has given this member its partitions
	// begun are where partitions without a commit were begun at, until that is committed.
	begun map[kmodel.TopicPartition]int64
	// handed is behind what the last Poll has handed out, to be committed.
	handed map[string]map[int32]kgo.EpochOffset
}

// Consumer starts to read records. The errors name the topic or partition that is not there, and a broker that is not
// reached.
func (c *Client) Consumer(ctx context.Context, o kmodel.ConsumeOptions) (*Consumer, error) {
	s, err := c.settings.with(o.Extra)
	if err != nil {
		return nil, err
	}
	committed := o.ReadCommitted || s.isolation == "read_committed"
	partitions, err := c.partitions(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := c.reachLeaders(ctx, partitions); err != nil {
		return nil, err
	}
	m := &Consumer{
		client: c, group: o.Group != "", commit: !o.NoCommit && (s.autoCommit == nil || *s.autoCommit),
		handed: map[string]map[int32]kgo.EpochOffset{}, begun: map[kmodel.TopicPartition]int64{},
	}
	var starts map[kmodel.TopicPartition]int64
	if !m.group {
		if starts, err = c.starts(ctx, partitions, o.From, committed); err != nil {
			return nil, err
		}
	}
	if o.UntilEnd || o.From.Start == kmodel.StartTail {
		ends, err := c.offsetMap(ctx, partitions, kmodel.Latest, committed)
		if err != nil {
			return nil, err
		}
		if o.From.Start == kmodel.StartTail && !m.group {
			m.tail = newTail(int(o.From.N), starts, ends)
		}
		if o.UntilEnd {
			m.ends, m.left = ends, map[kmodel.TopicPartition]struct{}{}
			m.expect(starts)
		}
	}
	opts := s.consumerOptions(committed, m.ends != nil || m.tail != nil)
	if m.group {
		opts = append(opts, m.groupOptions(&s, o, partitions, committed)...)
	} else {
		opts = append(opts, kgo.ConsumePartitions(exact(starts)))
	}
	if m.kgo, err = c.client(opts...); err != nil {
		return nil, err
	}
	return m, nil
}

func exact(starts map[kmodel.TopicPartition]int64) map[string]map[int32]kgo.Offset {
	out := map[string]map[int32]kgo.Offset{}
	for p, at := range starts {
		if out[p.Topic] == nil {
			out[p.Topic] = map[int32]kgo.Offset{}
		}
		out[p.Topic][p.Partition] = kgo.NewOffset().At(at)
	}
	return out
}

// consumerOptions are the options of all consumers. Whoever waits for an end must see the control records, which a
// partition may end with.
func (s *settings) consumerOptions(committed, control bool) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // what was deleted meanwhile is skipped, nothing else
		kgo.FetchMaxPartitionBytes(2 << 20),
		kgo.FetchMaxBytes(16 << 20), // of each broker; they are all in memory at once
		kgo.WithPools(&recordPool{}),
	}
	if committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if control {
		opts = append(opts, kgo.KeepControlRecords())
	}
	if s.fetchMinBytes > 0 {
		opts = append(opts, kgo.FetchMinBytes(s.fetchMinBytes))
	}
	if s.fetchMaxBytes > 0 {
		opts = append(opts, kgo.FetchMaxBytes(s.fetchMaxBytes))
	}
	if s.fetchMaxPartition > 0 {
		opts = append(opts, kgo.FetchMaxPartitionBytes(s.fetchMaxPartition))
	}
	if s.fetchMaxWait > 0 {
		opts = append(opts, kgo.FetchMaxWait(s.fetchMaxWait))
	}
	return opts
}

// expect notes partitions that are now read, and from where.
func (m *Consumer) expect(starts map[kmodel.TopicPartition]int64) {
	for p, at := range starts {
		if end, ok := m.ends[p]; ok && at < end {
			m.left[p] = struct{}{}
		}
	}
}

// atEnd tells that all is read that was there at the beginning.
func (m *Consumer) atEnd() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ends != nil && len(m.left) == 0 && (!m.group || m.assigned)
}

// Poll waits until there are records and hands them to fn, in their order within each partition, until fn returns
// false or there are no more at hand. The record is fn's for the call only; its bytes do not change. io.EOF tells
// that the end has come, of kmodel.ConsumeOptions.UntilEnd. For a group, what the Poll before has handed out counts as
// read from now on.
func (m *Consumer) Poll(ctx context.Context, fn func(r *kmodel.Record) bool) error {
	if m.tail != nil {
		return m.pollTail(ctx, fn)
	}
	if m.group {
		m.mark(m.kgo)
	}
	if len(m.queue) == 0 {
		if err := m.fetch(ctx); err != nil {
			return err
		}
	}
	for len(m.queue) > 0 {
		p := &m.queue[0]
		n, more := m.hand(p, fn)
		p.Records = p.Records[n:]
		if len(p.Records) == 0 {
			m.queue[0] = kgo.FetchTopicPartition{}
			m.queue = m.queue[1:]
		}
		if !more {
			return nil
		}
	}
	return nil
}

// waits is how long one wait for records takes before it is looked whether there is still something to wait for.
const waits = 250 * time.Millisecond

// fetch waits for records. Where there is an end it gives up if brokers cannot be reached for too long. Here alone a group
// may take partitions away: all that was fetched of them has been handed out.
func (m *Consumer) fetch(ctx context.Context) error {
	since := time.Now()
	told := false
	for {
		m.allowRebalance()
		if m.atEnd() {
			return io.EOF
		}
		err := m.poll(ctx, func(p kgo.FetchTopicPartition) { m.queue = append(m.queue, p) })
		m.commitBegun(ctx)
		if err != nil || len(m.queue) > 0 {
			return err
		}
		fault := m.client.dialer.latestFault()
		if fault == nil || time.Since(since) < patience {
			continue
		}
		if m.ends != nil {
			return m.client.blame(fault)
		}
		if !told {
			m.client.warn("still trying: " + m.client.blame(fault).Error())
			told = true
		}
	}
}

func (m *Consumer) allowRebalance() {
	if m.group {
		m.kgo.AllowRebalance()
	}
}

// poll waits a moment for records, and hands out what each partition has.
func (m *Consumer) poll(ctx context.Context, fn func(kgo.FetchTopicPartition)) error {
	limited, cancel := context.WithTimeout(ctx, waits)
	fetches := m.kgo.PollFetches(limited)
	cancel()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, e := range fetches.Errors() {
		if errors.Is(e.Err, context.DeadlineExceeded) {
			continue
		}
		err := m.client.failure(ctx, e.Err)
		if e.Topic != "" {
			err = fmt.Errorf("%s-%d: %w", e.Topic, e.Partition, err)
		}
		return err
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) > 0 {
			fn(p)
		}
	})
	return nil
}

// hand hands the records of a partition out, and says how many it has taken, and whether fn wants more.
func (m *Consumer) hand(p *kgo.FetchTopicPartition, fn func(r *kmodel.Record) bool) (n int, more bool) {
	tp := kmodel.TopicPartition{Topic: p.Topic, Partition: p.Partition}
	end, bounded := m.ends[tp]
	more = true
	var last kgo.EpochOffset
	for _, rec := range p.Records {
		if !more {
			break
		}
		n++
		last = kgo.EpochOffset{Epoch: rec.LeaderEpoch, Offset: rec.Offset + 1}
		if (!bounded || rec.Offset < end) && !rec.Attrs.IsControl() {
			more = fn(m.record(rec))
		}
		rec.Recycle()
	}
	if bounded && last.Offset >= end {
		m.mu.Lock()
		delete(m.left, tp)
		m.mu.Unlock()
	}
	if m.group && m.commit {
		if bounded && last.Offset > end {
			last.Offset = end
		}
		m.mu.Lock()
		if m.handed[p.Topic] == nil {
			m.handed[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		m.handed[p.Topic][p.Partition] = last
		m.mu.Unlock()
	}
	return n, more
}

// record is a record in kmodel's terms, in a place that is used again for the next.
func (m *Consumer) record(rec *kgo.Record) *kmodel.Record {
	r := &m.rec
	headers := r.Headers[:0]
	for _, h := range rec.Headers {
		headers = append(headers, kmodel.Header(h))
	}
	*r = kmodel.Record{
		Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Timestamp: rec.Timestamp.UnixMilli(),
		LogAppendTime: rec.Attrs.TimestampType() == 1, LeaderEpoch: rec.LeaderEpoch,
		Key: rec.Key, Value: rec.Value, Headers: headers, Source: rec,
	}
	if rec.Attrs.TimestampType() < 0 {
		r.Timestamp = -1
	}
	return r
}

// leaving bounds the last words to a group.
const leaving = 5 * time.Second

// Forget has what the last Poll handed out not be committed: it has not come where it was to go.
func (m *Consumer) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.handed)
}

// Close commits what was handed out, for a group, and leaves it.
func (m *Consumer) Close(ctx context.Context) error {
	var err error
	if m.group {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
		defer cancel()
		if m.commit {
			m.commitBegun(limited)
			m.mark(m.kgo)
			err = m.kgo.CommitMarkedOffsets(limited)
			if err != nil {
				err = fmt.Errorf("commit: %w", m.client.failure(limited, err))
			}
		}
		m.allowRebalance()
		if lerr := m.kgo.LeaveGroupContext(limited); lerr != nil && err == nil {
			err = fmt.Errorf("leave the group: %w", m.client.failure(limited, lerr))
		}
	}
	m.client.release(m.kgo)
	return err
}

// recordPool lends franz-go the records of one fetch after another.
type recordPool struct{ pool sync.Pool }

// GetRecords is for franz-go.
func (p *recordPool) GetRecords(n int) []kgo.Record {
	if s, ok := p.pool.Get().(*[]kgo.Record); ok && cap(*s) >= n {
		return (*s)[:0]
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords is for franz-go.
func (p *recordPool) PutRecords(s []kgo.Record) {
	if cap(s) <= maxPooled {
		p.pool.Put(&s)
	}
}

// maxPooled keeps one huge batch from being kept for ever.
const maxPooled = 1 << 16
