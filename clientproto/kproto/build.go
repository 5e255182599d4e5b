package kproto

// AppendBatch appends an uncompressed batch of records, whose offsets follow each other from
// h.BaseOffset on (those of the records are not looked at). Of h it takes base offset, leader
// epoch, the attributes but the codec, and the producer's fields; with [AttrLogAppendTime] also
// MaxTimestamp. Length, checksum, deltas, count and timestamps are made.
func AppendBatch(dst []byte, h BatchHeader, records []Record) []byte {
	h.LastOffsetDelta = int32(max(len(records), 1) - 1)
	return appendBatch(dst, h, records, func(i int) int64 { return int64(i) })
}

// AppendSparseBatch is [AppendBatch] for what a compaction left over: records keep their own
// offsets, and the batch its LastOffsetDelta. Without records it is the empty batch that keeps
// a producer's last sequence number, with h's timestamps.
func AppendSparseBatch(dst []byte, h BatchHeader, records []Record) []byte {
	return appendBatch(dst, h, records, func(i int) int64 { return records[i].Offset - h.BaseOffset })
}

func appendBatch(dst []byte, h BatchHeader, records []Record, delta func(i int) int64) []byte {
	h.Magic, h.Count = 2, int32(len(records))
	h.Attributes &^= codecMask
	if len(records) > 0 {
		h.FirstTimestamp = records[0].Timestamp
		if !h.LogAppendTime() {
			h.MaxTimestamp = h.FirstTimestamp
			for i := range records {
				h.MaxTimestamp = max(h.MaxTimestamp, records[i].Timestamp)
			}
		}
	}
	start := len(dst)
	dst = h.AppendTo(dst)
	for i := range records {
		dst = appendRecord(dst, &records[i], records[i].Timestamp-h.FirstTimestamp, delta(i))
	}
	SealBatch(dst[start:])
	return dst
}

func appendRecord(dst []byte, r *Record, ts, offset int64) []byte {
	size := 1 + varintSize(ts) + varintSize(offset) + varbytesSize(r.Key) + varbytesSize(r.Value) +
		varintSize(int64(len(r.Headers)))
	for _, h := range r.Headers {
		size += varintSize(int64(len(h.Key))) + len(h.Key) + varbytesSize(h.Value)
	}
	dst = appendVarint(dst, int64(size))
	dst = append(dst, 0)
	dst = appendVarint(dst, ts)
	dst = appendVarint(dst, offset)
	dst = appendVarbytes(dst, r.Key)
	dst = appendVarbytes(dst, r.Value)
	dst = appendVarint(dst, int64(len(r.Headers)))
	for _, h := range r.Headers {
		dst = appendVarint(dst, int64(len(h.Key)))
		dst = append(dst, h.Key...)
		dst = appendVarbytes(dst, h.Value)
	}
	return dst
}

func varbytesSize(p []byte) int {
	if p == nil {
		return 1
	}
	return varintSize(int64(len(p))) + len(p)
}

func appendVarbytes(dst, p []byte) []byte {
	if p == nil {
		return appendVarint(dst, -1)
	}
	return append(appendVarint(dst, int64(len(p))), p...)
}
