package kafka

import (
	"context"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// tail collects the newest records of several partitions, up to the ends that they had at the beginning.
type tail struct {
	most  int
	parts map[kmodel.TopicPartition]*tailPart
	left  int // partitions that have not come to their ends
}

type tailPart struct {
	end     int64
	records []*kgo.Record // the last ones, oldest first
	done    bool
}

func newTail(most int, starts, ends map[kmodel.TopicPartition]int64) *tail {
	t := &tail{most: most, parts: map[kmodel.TopicPartition]*tailPart{}}
	for p, start := range starts {
		part := &tailPart{end: ends[p], done: start >= ends[p]}
		t.parts[p] = part
		if !part.done {
			t.left++
		}
	}
	return t
}

// take keeps the records of a fetch that stand before the end, and returns those behind it.
func (t *tail) take(p kgo.FetchTopicPartition) kgo.FetchTopicPartition {
	part := t.parts[kmodel.TopicPartition{Topic: p.Topic, Partition: p.Partition}]
	if part == nil {
		return p
	}
	for i, rec := range p.Records {
		if rec.Offset >= part.end {
			t.finish(part)
			p.Records = p.Records[i:]
			return p
		}
		if !rec.Attrs.IsControl() {
			own := *rec
			part.records = append(part.records, &own)
		}
		if rec.Offset == part.end-1 {
			t.finish(part)
		}
		rec.Recycle()
	}
	if extra := len(part.records) - t.most; extra > 0 {
		part.records = slices.Delete(part.records, 0, extra)
	}
	p.Records = nil
	return p
}

func (t *tail) finish(part *tailPart) {
	if !part.done {
		part.done = true
		t.left--
	}
}

// newest picks the newest records, from the ends of the partitions, and returns them oldest first: each partition's
// stay in their order, even where their times do not.
func (t *tail) newest() []*kgo.Record {
	var picked []*kgo.Record
	for len(picked) < t.most {
		var best *tailPart
		for _, part := range t.parts {
			if n := len(part.records); n > 0 && (best == nil || later(part.records[n-1], best.records[len(best.records)-1])) {
				best = part
			}
		}
		if best == nil {
			break
		}
		n := len(best.records) - 1
		picked = append(picked, best.records[n])
		best.records = best.records[:n]
	}
	slices.Reverse(picked)
	return picked
}

func later(a, b *kgo.Record) bool {
	if c := a.Timestamp.Compare(b.Timestamp); c != 0 {
		return c > 0
	}
	return a.Partition > b.Partition
}

// pollTail is the first Poll of a consumer of the newest records.
func (m *Consumer) pollTail(ctx context.Context, fn func(r *kmodel.Record) bool) error {
	t := m.tail
	since := time.Now()
	for t.left > 0 {
		err := m.poll(ctx, func(p kgo.FetchTopicPartition) {
			if rest := t.take(p); len(rest.Records) > 0 {
				m.queue = append(m.queue, rest)
			}
		})
		if err != nil {
			return err
		}
		if fault := m.client.dialer.latestFault(); fault != nil && time.Since(since) > patience {
			return m.client.blame(fault)
		}
	}
	m.tail = nil
	newest := t.newest()
	m.mu.Lock()
	clear(m.left) // of an end that was asked for too: these are all the records before it
	m.mu.Unlock()
	byPartition := map[kmodel.TopicPartition][]*kgo.Record{}
	for i, rec := range newest {
		if !fn(m.record(rec)) {
			for _, left := range newest[i+1:] {
				p := kmodel.TopicPartition{Topic: left.Topic, Partition: left.Partition}
				byPartition[p] = append(byPartition[p], left)
			}
			break
		}
	}
	m.putBack(byPartition)
	return nil
}

// putBack queues records that were fetched and not wanted yet before all others.
func (m *Consumer) putBack(byPartition map[kmodel.TopicPartition][]*kgo.Record) {
	var first []kgo.FetchTopicPartition
	for p, records := range byPartition {
		first = append(first, kgo.FetchTopicPartition{Topic: p.Topic, FetchPartition: kgo.FetchPartition{Partition: p.Partition, Records: records}})
	}
	m.queue = append(first, m.queue...)
}
