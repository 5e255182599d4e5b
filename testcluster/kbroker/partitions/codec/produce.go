package codec

import "bytes"

// Versions of Produce that are known here; from ProduceFlexible on they are flexible. Below ProduceBatches the records are
// message sets of the formats before 2.
const (
	ProduceMax      = 9
	ProduceFlexible = 9
	ProduceBatches  = 3
)

// ProduceItem is what a Produce request has for one partition.
type ProduceItem struct {
	Topic     []byte
	Partition int32
	Records   []byte // nil for null
}

// ProduceRequest is a Produce request; Items are in the order of the body.
type ProduceRequest struct {
	Acks      int16
	TimeoutMs int32
	Items     []ProduceItem
}

// ParseProduce parses the body of a Produce request. The items are appended to items.
//
//	transactional_id (3+) | acks i16 | timeout i32 | [topic | [partition i32 | records]]
func ParseProduce(body []byte, version int16, items []ProduceItem) (ProduceRequest, error) {
	r := reader{b: body, flexible: version >= ProduceFlexible}
	var q ProduceRequest
	if version >= 3 {
		r.nullableText() // a transactional batch says so itself
	}
	q.Acks = r.int16()
	q.TimeoutMs = r.int32()
	for topics := r.count(2); topics > 0 && r.err == nil; topics-- {
		topic := r.text()
		for parts := r.count(5); parts > 0 && r.room(len(items)); parts-- {
			items = append(items, ProduceItem{Topic: topic, Partition: r.int32(), Records: r.bytes()})
			r.tags(nil)
		}
		r.tags(nil)
	}
	r.tags(nil)
	q.Items = items
	return q, r.end()
}

// ProduceResult is what became of a ProduceItem. Offsets and times are -1 where there are none.
type ProduceResult struct {
	Topic      []byte
	Partition  int32
	Err        int16
	Base       int64
	AppendTime int64
	LogStart   int64
	Message    string // why, where it failed
}

// AppendProduceResponse appends the body of a Produce response to b. Results of one topic stand together.
//
//	[topic | [partition i32 | error i16 | base i64 | append time i64 (2+) | log start i64 (5+) |
//	          [] (8+) | message (8+)]] | throttle i32 (1+)
func AppendProduceResponse(b []byte, version int16, results []ProduceResult) []byte {
	flexible := version >= ProduceFlexible
	b = appendCount(b, flexible, runs(results, sameProduced))
	for len(results) > 0 {
		n := run(results, sameProduced)
		b = appendText(b, flexible, results[0].Topic)
		b = appendCount(b, flexible, n)
		for i := range results[:n] {
			r := &results[i]
			b = appendInt32(b, r.Partition)
			b = appendInt16(b, r.Err)
			b = appendInt64(b, r.Base)
			if version >= 2 {
				b = appendInt64(b, r.AppendTime)
			}
			if version >= 5 {
				b = appendInt64(b, r.LogStart)
			}
			if version >= 8 {
				b = appendCount(b, flexible, 0)
				b = appendNullableText(b, flexible, r.Message)
			}
			b = appendNoTags(b, flexible)
		}
		b = appendNoTags(b, flexible)
		results = results[n:]
	}
	if version >= 1 {
		b = appendInt32(b, 0)
	}
	return appendNoTags(b, flexible)
}

func sameProduced(a, b *ProduceResult) bool { return bytes.Equal(a.Topic, b.Topic) }
