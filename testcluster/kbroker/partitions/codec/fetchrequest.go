package codec

import "bytes"

// Versions of Fetch that are known here; from FetchFlexible on they are flexible. Readers of versions below FetchBatches
// do not understand record batches of format 2.
const (
	FetchMax      = 12
	FetchFlexible = 12
	FetchBatches  = 4
)

// FetchItem is what a Fetch request asks of one partition. What a version does not have is -1.
type FetchItem struct {
	Topic            []byte
	Partition        int32
	LeaderEpoch      int32 // 9+
	Offset           int64
	LastFetchedEpoch int32 // 12
	LogStart         int64 // 5+; of a follower
	MaxBytes         int32
}

// Forgotten is a partition that is to leave a fetch session.
type Forgotten struct {
	Topic     []byte
	Partition int32
}

// FetchRequest is a Fetch request; Items are in the order of the body.
type FetchRequest struct {
	Replica      int32 // -1: a client
	MaxWaitMs    int32
	MinBytes     int32
	MaxBytes     int32 // 3+, otherwise 2^31-1
	Committed    bool  // 4+: isolation level read_committed
	SessionID    int32 // 7+
	SessionEpoch int32 // 7+, otherwise -1
	Items        []FetchItem
	Forgotten    []Forgotten // 7+
}

// ParseFetch parses the body of a Fetch request. The items are appended to items.
//
//	replica i32 | max wait i32 | min bytes i32 | max bytes i32 (3+) | isolation i8 (4+) | session i32, epoch i32 (7+) |
//	[topic | [partition i32 | leader epoch i32 (9+) | offset i64 | last epoch i32 (12) | log start i64 (5+) | max bytes i32]] |
//	[topic | [partition i32]] (7+) | rack (11+)
func ParseFetch(body []byte, version int16, items []FetchItem) (FetchRequest, error) {
	r := reader{b: body, flexible: version >= FetchFlexible}
	q := FetchRequest{Replica: r.int32(), MaxWaitMs: r.int32(), MinBytes: r.int32(), MaxBytes: 1<<31 - 1, SessionEpoch: -1}
	if version >= 3 {
		q.MaxBytes = r.int32()
	}
	if version >= 4 {
		q.Committed = r.int8() == 1
	}
	if version >= 7 {
		q.SessionID, q.SessionEpoch = r.int32(), r.int32()
	}
	for topics := r.count(2); topics > 0 && r.err == nil; topics-- {
		topic := r.text()
		for parts := r.count(16); parts > 0 && r.room(len(items)); parts-- {
			items = append(items, r.fetchItem(topic, version))
		}
		r.tags(nil)
	}
	q.Items = items
	if version >= 7 {
		q.Forgotten = r.forgotten()
	}
	if version >= 11 {
		r.text() // the rack
	}
	r.tags(nil)
	return q, r.end()
}

func (r *reader) fetchItem(topic []byte, version int16) FetchItem {
	it := FetchItem{Topic: topic, LeaderEpoch: -1, LastFetchedEpoch: -1, LogStart: -1}
	it.Partition = r.int32()
	if version >= 9 {
		it.LeaderEpoch = r.int32()
	}
	it.Offset = r.int64()
	if version >= 12 {
		it.LastFetchedEpoch = r.int32()
	}
	if version >= 5 {
		it.LogStart = r.int64()
	}
	it.MaxBytes = r.int32()
	r.tags(nil)
	return it
}

func (r *reader) forgotten() []Forgotten {
	var all []Forgotten
	for topics := r.count(2); topics > 0 && r.err == nil; topics-- {
		topic := r.text()
		for parts := r.count(4); parts > 0 && r.room(len(all)); parts-- {
			all = append(all, Forgotten{topic, r.int32()})
		}
		r.tags(nil)
	}
	return all
}

// AppendFetchRequest appends the body of a Fetch request of the newest version. Items of one topic stand together.
func AppendFetchRequest(b []byte, q *FetchRequest) []byte {
	b = appendInt32(b, q.Replica)
	b = appendInt32(b, q.MaxWaitMs)
	b = appendInt32(b, q.MinBytes)
	b = appendInt32(b, q.MaxBytes)
	isolation := byte(0)
	if q.Committed {
		isolation = 1
	}
	b = append(b, isolation)
	b = appendInt32(b, q.SessionID)
	b = appendInt32(b, q.SessionEpoch)

	b = appendCount(b, true, runs(q.Items, sameFetched))
	for items := q.Items; len(items) > 0; {
		n := run(items, sameFetched)
		b = appendText(b, true, items[0].Topic)
		b = appendCount(b, true, n)
		for i := range items[:n] {
			it := &items[i]
			b = appendInt32(b, it.Partition)
			b = appendInt32(b, it.LeaderEpoch)
			b = appendInt64(b, it.Offset)
			b = appendInt32(b, it.LastFetchedEpoch)
			b = appendInt64(b, it.LogStart)
			b = appendInt32(b, it.MaxBytes)
			b = append(b, 0)
		}
		b = append(b, 0)
		items = items[n:]
	}
	b = appendCount(b, true, runs(q.Forgotten, sameForgotten))
	for gone := q.Forgotten; len(gone) > 0; {
		n := run(gone, sameForgotten)
		b = appendText(b, true, gone[0].Topic)
		b = appendCount(b, true, n)
		for i := range gone[:n] {
			b = appendInt32(b, gone[i].Partition)
		}
		b = append(b, 0)
		gone = gone[n:]
	}
	b = append(b, 1, 0) // no rack, no tags
	return b
}

func sameFetched(a, b *FetchItem) bool { return bytes.Equal(a.Topic, b.Topic) }

func sameForgotten(a, b *Forgotten) bool { return bytes.Equal(a.Topic, b.Topic) }
