package codec

// FetchPart is what a Fetch response has of one partition. Offsets are -1 where there are none.
type FetchPart struct {
	Topic         string
	Partition     int32
	Err           int16
	HighWatermark int64
	LastStable    int64
	LogStart      int64
	// Diverging is set where the follower's log and the leader's part: the leader's end of an epoch (12).
	Diverging bool
	EndEpoch  int32
	End       int64
	// Records are whole batches in pieces, of Size bytes together.
	Records [][]byte
	Size    int
}

// FetchResponse is a Fetch response. Parts of one topic stand together.
type FetchResponse struct {
	Err       int16
	SessionID int32
	// Committed says that the request was read_committed: then there is a list of aborted transactions, of which a broker
	// without transactions has none.
	Committed bool
	Parts     []FetchPart
}

// AppendFetchResponse encodes a Fetch response as pieces, of which those with records are the Records themselves, not
// copied. What stands between them is appended to meta. Both slices are returned; the pieces alias meta.
//
//	throttle i32 (1+) | error i16, session i32 (7+) |
//	[topic | [partition i32 | error i16 | high watermark i64 | last stable i64 (4+) | log start i64 (5+) |
//	          aborted (4+) | preferred replica i32 (11+) | records | tag 0: epoch i32, end i64 (12)]]
func AppendFetchResponse(meta []byte, pieces [][]byte, version int16, p *FetchResponse) ([]byte, [][]byte) {
	flexible := version >= FetchFlexible
	w := scatter{meta: meta, pieces: pieces}
	if version >= 1 {
		w.meta = appendInt32(w.meta, 0)
	}
	if version >= 7 {
		w.meta = appendInt16(w.meta, p.Err)
		w.meta = appendInt32(w.meta, p.SessionID)
	}
	w.meta = appendCount(w.meta, flexible, runs(p.Parts, sameTopic))
	for parts := p.Parts; len(parts) > 0; {
		n := run(parts, sameTopic)
		w.meta = appendText(w.meta, flexible, parts[0].Topic)
		w.meta = appendCount(w.meta, flexible, n)
		for i := range parts[:n] {
			w.part(&parts[i], version, p.Committed)
		}
		w.meta = appendNoTags(w.meta, flexible)
		parts = parts[n:]
	}
	w.meta = appendNoTags(w.meta, flexible)
	return w.finish()
}

// scatter is a body of two kinds of pieces. The buffer between the records may move while it grows, so its cuts are
// remembered by position until the end.
type scatter struct {
	meta   []byte
	pieces [][]byte // a nil one stands for the next cut of meta
	cuts   []int
}

func (w *scatter) part(p *FetchPart, version int16, committed bool) {
	flexible := version >= FetchFlexible
	b := appendInt32(w.meta, p.Partition)
	b = appendInt16(b, p.Err)
	b = appendInt64(b, p.HighWatermark)
	if version >= 4 {
		b = appendInt64(b, p.LastStable)
	}
	if version >= 5 {
		b = appendInt64(b, p.LogStart)
	}
	if version >= 4 {
		aborted := -1
		if committed {
			aborted = 0
		}
		b = appendCount(b, flexible, aborted)
	}
	if version >= 11 {
		b = appendInt32(b, -1)
	}
	b = appendCount(b, flexible, p.Size)
	w.meta = b
	if p.Size > 0 {
		w.records(p.Records)
	}
	if flexible {
		w.meta = appendDiverging(w.meta, p)
	}
}

// divergingSize is an epoch, an offset and an empty tag section.
const divergingSize = 4 + 8 + 1

func appendDiverging(b []byte, p *FetchPart) []byte {
	if !p.Diverging {
		return append(b, 0)
	}
	b = append(b, 1, 0, divergingSize)
	b = appendInt32(b, p.EndEpoch)
	b = appendInt64(b, p.End)
	return append(b, 0)
}

// records puts pieces behind what meta has so far.
func (w *scatter) records(records [][]byte) {
	w.cuts = append(w.cuts, len(w.meta))
	w.pieces = append(w.pieces, nil)
	for _, r := range records {
		if len(r) > 0 {
			w.pieces = append(w.pieces, r)
		}
	}
}

func (w *scatter) finish() ([]byte, [][]byte) {
	w.pieces = append(w.pieces, nil)
	w.cuts = append(w.cuts, len(w.meta))
	from, cut := 0, 0
	for i, p := range w.pieces {
		if p == nil {
			w.pieces[i] = w.meta[from:w.cuts[cut]]
			from, cut = w.cuts[cut], cut+1
		}
	}
	return w.meta, w.pieces
}

// ParseFetchResponse parses the body of a Fetch response of the newest version, for a follower. Records are one piece, and
// alias the body. The parts are appended to parts; intern turns a topic's name into a string.
func ParseFetchResponse(body []byte, parts []FetchPart, intern func([]byte) string) (FetchResponse, error) {
	r := reader{b: body, flexible: true}
	r.int32() // throttle
	p := FetchResponse{Err: r.int16(), SessionID: r.int32()}
	for topics := r.count(3); topics > 0 && r.err == nil; topics-- {
		topic := intern(r.text())
		for n := r.count(37); n > 0 && r.err == nil; n-- {
			parts = append(parts, r.fetchPart(topic))
		}
		r.tags(nil)
	}
	r.tags(nil)
	p.Parts = parts
	return p, r.end()
}

func (r *reader) fetchPart(topic string) FetchPart {
	p := FetchPart{Topic: topic, Partition: r.int32(), Err: r.int16(),
		HighWatermark: r.int64(), LastStable: r.int64(), LogStart: r.int64()}
	for n := r.count(17); n > 0 && r.err == nil; n-- { // aborted transactions
		r.take(16)
		r.tags(nil)
	}
	r.int32() // preferred replica
	if records := r.bytes(); len(records) > 0 {
		p.Records, p.Size = [][]byte{records}, len(records)
	}
	r.tags(func(tag uint32, v *reader) {
		if tag == 0 {
			p.Diverging, p.EndEpoch, p.End = true, v.int32(), v.int64()
		}
	})
	return p
}

func sameTopic(a, b *FetchPart) bool { return a.Topic == b.Topic }
