package kproto_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

var sampleRecords = []kproto.Record{
	{Offset: 7, Timestamp: 1000, Key: []byte("k"), Value: []byte("v")},
	{Offset: 8, Timestamp: 990, Key: nil, Value: []byte{}},
	{Offset: 9, Timestamp: 5_000_000_000, Key: []byte{}, Value: nil, Headers: []kproto.Header{
		{Key: "h", Value: []byte("x")}, {Key: "", Value: nil}, {Key: "ü", Value: []byte{}},
	}},
	{Offset: 10, Timestamp: 1000, Value: bytes.Repeat([]byte("long "), 1000)},
}

func sampleHeader() kproto.BatchHeader {
	return kproto.BatchHeader{BaseOffset: 7, PartitionLeaderEpoch: 3, ProducerID: 4711, ProducerEpoch: 2, BaseSequence: math.MaxInt32 - 1}
}

func walk(t *testing.T, h kproto.BatchHeader, section []byte) []kproto.Record {
	t.Helper()
	var got []kproto.Record
	if err := kproto.WalkRecords(h, section, func(r kproto.Record) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAppendBatch_ReadsBack(t *testing.T) {
	prefix := []byte("before")
	b := kproto.AppendBatch(prefix, sampleHeader(), sampleRecords)[len(prefix):]
	h, err := kproto.ParseBatchHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	want := kproto.BatchHeader{BaseOffset: 7, Length: int32(len(b) - 12), PartitionLeaderEpoch: 3, Magic: 2, CRC: h.CRC,
		LastOffsetDelta: 3, FirstTimestamp: 1000, MaxTimestamp: 5_000_000_000, ProducerID: 4711, ProducerEpoch: 2,
		BaseSequence: math.MaxInt32 - 1, Count: 4}
	if h != want {
		t.Errorf("header\n%+v, want\n%+v", h, want)
	}
	if h.Size() != len(b) || h.LastOffset() != 10 || h.NextOffset() != 11 || h.LastSequence() != 1 || h.Codec() != kproto.CodecNone {
		t.Errorf("size %d, last %d, next %d, sequence %d, codec %s", h.Size(), h.LastOffset(), h.NextOffset(), h.LastSequence(), h.Codec())
	}
	if !kproto.CheckCRC(b) {
		t.Error("the checksum is wrong")
	}
	if got := walk(t, h, b[kproto.BatchHeaderSize:]); !reflect.DeepEqual(got, sampleRecords) {
		t.Errorf("records\n%+v, want\n%+v", got, sampleRecords)
	}
	if again := h.AppendTo(nil); !bytes.Equal(again, b[:kproto.BatchHeaderSize]) {
		t.Errorf("header written again\n%x, was\n%x", again, b[:kproto.BatchHeaderSize])
	}
}

// The generated codec is a second opinion on every byte.
func TestAppendBatch_MatchesGeneratedCodec(t *testing.T) {
	b := kproto.AppendBatch(nil, sampleHeader(), sampleRecords)
	var section []byte
	for i, r := range sampleRecords {
		rec := kmsg.Record{TimestampDelta64: r.Timestamp - 1000, OffsetDelta: int32(i), Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, kmsg.Header{Key: h.Key, Value: h.Value})
		}
		rec.Length = int32(len(rec.AppendTo(nil)) - 1) // the length field of 0 takes one byte
		section = rec.AppendTo(section)
	}
	want := kmsg.RecordBatch{FirstOffset: 7, Length: int32(len(section) + 49), PartitionLeaderEpoch: 3, Magic: 2,
		LastOffsetDelta: 3, FirstTimestamp: 1000, MaxTimestamp: 5_000_000_000, ProducerID: 4711, ProducerEpoch: 2,
		FirstSequence: math.MaxInt32 - 1, NumRecords: 4, Records: section,
		CRC: int32(binary.BigEndian.Uint32(b[17:]))}
	if got := want.AppendTo(nil); !bytes.Equal(got, b) {
		t.Errorf("kmsg writes\n%x, kproto\n%x", got, b)
	}
	var read kmsg.RecordBatch
	if err := read.ReadFrom(b); err != nil || !reflect.DeepEqual(read, want) {
		t.Errorf("kmsg reads %+v, %v", read, err)
	}
}

func TestAppendSparseBatch(t *testing.T) {
	h := sampleHeader()
	h.LastOffsetDelta, h.FirstTimestamp, h.MaxTimestamp = 9, 500, 600
	left := []kproto.Record{sampleRecords[1], sampleRecords[3]}
	b := kproto.AppendSparseBatch(nil, h, left)
	got, err := kproto.ParseBatchHeader(b)
	if err != nil || got.Count != 2 || got.LastOffset() != 16 || !kproto.CheckCRC(b) {
		t.Fatalf("header %+v, %v", got, err)
	}
	if records := walk(t, got, b[kproto.BatchHeaderSize:]); !reflect.DeepEqual(records, left) {
		t.Errorf("records %+v", records)
	}
	b = kproto.AppendSparseBatch(nil, h, nil)
	got, err = kproto.ParseBatchHeader(b)
	if err != nil || got.Count != 0 || got.LastOffset() != 16 || got.FirstTimestamp != 500 || got.MaxTimestamp != 600 || len(b) != 61 {
		t.Errorf("the empty batch's header is %+v, %v", got, err)
	}
	if records := walk(t, got, b[kproto.BatchHeaderSize:]); records != nil {
		t.Errorf("the empty batch has %+v", records)
	}
}

func TestSetInPlace(t *testing.T) {
	b := kproto.AppendBatch(nil, sampleHeader(), sampleRecords)
	kproto.SetBaseOffset(b, 1<<40)
	kproto.SetLeaderEpoch(b, 99)
	if !kproto.CheckCRC(b) {
		t.Error("offset and epoch are not covered by the checksum, but it is wrong")
	}
	kproto.SetLogAppendTime(b, 12345)
	h, err := kproto.ParseBatchHeader(b)
	if err != nil || h.BaseOffset != 1<<40 || h.PartitionLeaderEpoch != 99 || !h.LogAppendTime() || h.MaxTimestamp != 12345 {
		t.Errorf("header %+v, %v", h, err)
	}
	if !kproto.CheckCRC(b) {
		t.Error("the checksum was not rewritten")
	}
	for _, r := range walk(t, h, b[61:]) {
		if r.Timestamp != 12345 {
			t.Errorf("record %d has the time %d", r.Offset, r.Timestamp)
		}
	}
	b[len(b)-1] ^= 1
	if kproto.CheckCRC(b) || kproto.CheckCRC(b[:60]) {
		t.Error("a damaged or cut batch passes")
	}
}

func TestBatchHeader_Flags(t *testing.T) {
	h := kproto.BatchHeader{Attributes: 4 | kproto.AttrTransactional | kproto.AttrControl, BaseSequence: -1}
	if h.Codec() != kproto.CodecZstd || !h.Transactional() || !h.Control() || h.LogAppendTime() || h.LastSequence() != -1 {
		t.Errorf("%+v", h)
	}
	if s := kproto.CodecLZ4.String() + " " + kproto.Codec(7).String(); s != "lz4 codec 7" {
		t.Error(s)
	}
}

func TestParseBatchHeader_Refuses(t *testing.T) {
	good := kproto.AppendBatch(nil, sampleHeader(), sampleRecords)
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		code   kproto.Error
	}{
		{"short", func(b []byte) []byte { return b[:60] }, kproto.CorruptMessage},
		{"magic 1", func(b []byte) []byte { b[16] = 1; return b }, kproto.InvalidRecord},
		{"length 48", func(b []byte) []byte { binary.BigEndian.PutUint32(b[8:], 48); return b }, kproto.CorruptMessage},
		{"length below 0", func(b []byte) []byte { b[8] = 0xff; return b }, kproto.CorruptMessage},
		{"length that overflows", func(b []byte) []byte { binary.BigEndian.PutUint32(b[8:], math.MaxInt32); return b }, kproto.CorruptMessage},
		{"count below 0", func(b []byte) []byte { b[57] = 0xff; return b }, kproto.CorruptMessage},
		{"delta below 0", func(b []byte) []byte { b[23] = 0xff; return b }, kproto.CorruptMessage},
		{"offset below 0", func(b []byte) []byte { b[0] = 0xff; return b }, kproto.CorruptMessage},
		{"offset that overflows", func(b []byte) []byte { kproto.SetBaseOffset(b, math.MaxInt64-3); return b }, kproto.CorruptMessage},
	} {
		_, err := kproto.ParseBatchHeader(c.change(bytes.Clone(good)))
		if !errors.Is(err, c.code) || kproto.Code(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWalkRecords_Refuses(t *testing.T) {
	b := kproto.AppendBatch(nil, sampleHeader(), sampleRecords[:3])
	good, err := kproto.ParseBatchHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	section := b[61:]
	with := func(change func(h *kproto.BatchHeader)) kproto.BatchHeader { h := good; change(&h); return h }
	one := with(func(h *kproto.BatchHeader) { h.Count, h.LastOffsetDelta = 1, 0 })
	for name, c := range map[string]struct {
		h       kproto.BatchHeader
		section []byte
	}{
		"fewer than promised":    {with(func(h *kproto.BatchHeader) { h.Count = 4 }), section},
		"more than promised":     {with(func(h *kproto.BatchHeader) { h.Count = 2 }), section},
		"offset behind the end":  {with(func(h *kproto.BatchHeader) { h.LastOffsetDelta = 1 }), section},
		"cut":                    {good, section[:len(section)-1]},
		"nothing":                {one, nil},
		"empty record":           {one, []byte{0}},
		"length below 0":         {one, []byte{1}},
		"length without end":     {one, []byte{0x80, 0x80}},
		"length of 11 bytes":     {one, bytes.Repeat([]byte{0x80}, 11)},
		"time breaks off":        {one, []byte{4, 0, 0x80}},
		"offset breaks off":      {one, []byte{4, 0, 0}},
		"offset below 0":         {one, []byte{12, 0, 0, 1, 1, 1, 0}},
		"key too long":           {one, []byte{12, 0, 0, 0, 20, 1, 0}},
		"key's length -2":        {one, []byte{12, 0, 0, 0, 3, 1, 0}},
		"value too long":         {one, []byte{12, 0, 0, 0, 1, 20, 0}},
		"headers below 0":        {one, []byte{12, 0, 0, 0, 1, 1, 1}},
		"more headers than fit":  {one, []byte{12, 0, 0, 0, 1, 1, 2}},
		"null key of a header":   {one, []byte{16, 0, 0, 0, 1, 1, 2, 1, 1}},
		"bytes behind the last":  {one, []byte{14, 0, 0, 0, 1, 1, 0, 0}},
		"bytes behind the batch": {one, []byte{12, 0, 0, 0, 1, 1, 0, 0}},
	} {
		err := kproto.WalkRecords(c.h, c.section, func(kproto.Record) error { return nil })
		var m *kproto.MalformedError
		if !errors.Is(err, kproto.InvalidRecord) || !errors.As(err, &m) || m.Reason == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWalkRecords_StopsAtCallersError(t *testing.T) {
	b := kproto.AppendBatch(nil, sampleHeader(), sampleRecords)
	h, _ := kproto.ParseBatchHeader(b)
	stop, n := errors.New("stop"), 0
	err := kproto.WalkRecords(h, b[61:], func(kproto.Record) error { n++; return stop })
	if err != stop || n != 1 {
		t.Errorf("%v after %d records", err, n)
	}
}

func TestWalkRecords_AllocatesNothing(t *testing.T) {
	b := kproto.AppendBatch(nil, sampleHeader(), append(sampleRecords[:2:2], sampleRecords[3]))
	h, _ := kproto.ParseBatchHeader(b)
	var sum int
	if n := testing.AllocsPerRun(100, func() {
		_ = kproto.WalkRecords(h, b[61:], func(r kproto.Record) error { sum += len(r.Value); return nil })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWalkRecords(b *testing.B) {
	records := make([]kproto.Record, 100)
	for i := range records {
		records[i] = kproto.Record{Value: make([]byte, 100)}
	}
	batch := kproto.AppendBatch(nil, kproto.BatchHeader{}, records)
	h, _ := kproto.ParseBatchHeader(batch)
	b.SetBytes(int64(len(batch)))
	n := 0
	for b.Loop() {
		_ = kproto.WalkRecords(h, batch[61:], func(kproto.Record) error { n++; return nil })
	}
}

// FuzzBatch asks that whatever is read is within its input, and comes out the same when it is
// written and read again.
func FuzzBatch(f *testing.F) {
	f.Add(kproto.AppendBatch(nil, sampleHeader(), sampleRecords))
	f.Add(kproto.AppendSparseBatch(nil, sampleHeader(), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := kproto.ParseBatchHeader(b)
		if err != nil {
			return
		}
		if again := h.AppendTo(nil); !bytes.Equal(again, b[:61]) {
			t.Fatalf("header written as\n%x", again)
		}
		var records []kproto.Record
		if kproto.WalkRecords(h, b[61:], func(r kproto.Record) error { records = append(records, r); return nil }) != nil {
			return
		}
		h.Attributes &^= 7
		again := kproto.AppendSparseBatch(nil, h, records)
		h2, err := kproto.ParseBatchHeader(again)
		if err != nil || !kproto.CheckCRC(again) {
			t.Fatalf("%v", err)
		}
		var records2 []kproto.Record
		err = kproto.WalkRecords(h2, again[61:], func(r kproto.Record) error { records2 = append(records2, r); return nil })
		if err != nil || !reflect.DeepEqual(records, records2) {
			t.Fatalf("%v: %+v became %+v", err, records, records2)
		}
	})
}
