package kproto

import "fmt"

// Record is one message of a batch. Key and Value nil are null, which is another thing than empty.
type Record struct {
	Offset    int64
	Timestamp int64 // ms since 1970
	Key       []byte
	Value     []byte
	Headers   []Header
}

// Header is a name and a value that travel with a record. A Value of nil is null.
type Header struct {
	Key   string
	Value []byte
}

// WalkRecords calls fn for each record of a batch, in order, until fn returns an error, which it
// returns. records is the section behind the header, uncompressed; Key and Value alias it. It
// must have exactly the h.Count records that h promises, with offsets that rise within those of
// the batch: anything else is an [InvalidRecord]. Nothing is allocated but headers.
func WalkRecords(h BatchHeader, records []byte, fn func(Record) error) error {
	at, last := 0, -1
	for n := int32(0); n < h.Count; n++ {
		size, body := varint(records, at)
		if body < 0 || size < 0 || size > len(records)-body {
			return badRecord(h, n, "its length is not that of what there is")
		}
		at = body + size
		r, delta, reason := parseRecord(h, records[body:at:at])
		if reason == "" && (delta <= last || delta > int(h.LastOffsetDelta)) {
			reason = "its offset is out of order"
		}
		if reason != "" {
			return badRecord(h, n, reason)
		}
		last = delta
		if err := fn(r); err != nil {
			return err
		}
	}
	if at != len(records) {
		return badRecord(h, h.Count, "bytes behind the last record")
	}
	return nil
}

func badRecord(h BatchHeader, n int32, reason string) error {
	of := fmt.Sprintf("record %d of a batch of %d", n, h.Count)
	return &MalformedError{Of: of, Reason: reason, Code: InvalidRecord}
}

// parseRecord reads one record, which is all of b. A reason other than "" says what is wrong.
func parseRecord(h BatchHeader, b []byte) (r Record, delta int, reason string) {
	if len(b) == 0 {
		return r, 0, "it is empty"
	}
	ts, i := varlong(b, 1) // behind the attributes, of which none is defined
	if i < 0 {
		return r, 0, "its timestamp is no varint"
	}
	r.Timestamp = h.FirstTimestamp + ts
	if h.LogAppendTime() {
		r.Timestamp = h.MaxTimestamp
	}
	if delta, i = varint(b, i); i < 0 {
		return r, 0, "its offset is no varint"
	}
	r.Offset = h.BaseOffset + int64(delta)
	if r.Key, i = varbytes(b, i); i < 0 {
		return r, 0, "its key breaks off"
	}
	if r.Value, i = varbytes(b, i); i < 0 {
		return r, 0, "its value breaks off"
	}
	count, i := varint(b, i)
	if i < 0 || count < 0 || count > (len(b)-i)/2 { // a header takes two bytes
		return r, 0, "its count of headers is wrong"
	}
	if count > 0 {
		if r.Headers, i = parseHeaders(b, i, count); i < 0 {
			return r, 0, "its headers break off"
		}
	}
	if i != len(b) {
		return r, 0, "bytes behind its headers"
	}
	return r, delta, ""
}

func parseHeaders(b []byte, i, count int) ([]Header, int) {
	headers := make([]Header, count)
	for n := range headers {
		var key []byte
		if key, i = varbytes(b, i); i < 0 || key == nil {
			return nil, -1
		}
		headers[n].Key = string(key)
		if headers[n].Value, i = varbytes(b, i); i < 0 {
			return nil, -1
		}
	}
	return headers, i
}

// varbytes reads a length and as many bytes; the length -1 is nil.
func varbytes(b []byte, i int) ([]byte, int) {
	n, i := varint(b, i)
	if i < 0 || n < -1 || n > len(b)-i {
		return nil, -1
	}
	if n == -1 {
		return nil, i
	}
	return b[i : i+n : i+n], i + n
}
