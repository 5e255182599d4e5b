package partitions_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// hostileBatch is what a client might send that means harm, or knows no better.
type hostileBatch struct {
	name    string
	records []byte
	differs bool // Apache's takes what some consumers cannot read, and we refuse it
}

// TestHostileBatches sends batches that no client ought to send to Kafka 2.7 and to this broker: the codes are the same.
// Where Apache's has no code, but an exception or the end of the connection, ours is one that refuses.
func TestHostileBatches(t *testing.T) {
	apache, ours := bothBrokers(t)
	for _, version := range []int16{8, 3} {
		for _, x := range hostileBatches() {
			theirs, mine := produceCode(apache, version, x.records), produceCode(ours, version, x.records)
			switch {
			case theirs == mine && x.differs:
				t.Errorf("%s, v%d: both say %s, no reason is needed", x.name, version, theirs)
			case theirs == mine, x.differs:
			case theirs == "UNKNOWN_SERVER_ERROR" || theirs == "hung up":
				if mine != "INVALID_RECORD" && mine != "CORRUPT_MESSAGE" {
					t.Errorf("%s, v%d: Apache: %s, ours: %s", x.name, version, theirs, mine)
				}
			default:
				t.Errorf("%s, v%d: Apache: %s, ours: %s", x.name, version, theirs, mine)
			}
		}
	}
	if _, err := ours.produce(1, "t", 0, batch("good")); err != kproto.NoError {
		t.Error(err)
	}
}

// produceCode is the code that a batch is answered with, or "hung up".
func produceCode(c *client, version int16, records []byte) string {
	q := produceRequest(version, -1, "t", 0, slices.Clone(records))
	resp := c.requestOrEnd(q)
	if resp == nil {
		return "hung up"
	}
	return kproto.Error(resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode).Name()
}

// rec is one record as bytes; its fields are varints unless they are given as they are.
type rec struct {
	attributes byte
	time       int64
	offset     int64
	keyLength  int64
	key        string
	length     int64 // of the value
	value      string
	headers    int64
	rest       string
	size       int64 // of all, 0: the right one
}

func good(offset int64) rec {
	return rec{offset: offset, keyLength: 1, key: "k", length: 1, value: "v"}
}

func (r rec) bytes() []byte {
	b := []byte{r.attributes}
	b = binary.AppendVarint(b, r.time)
	b = binary.AppendVarint(b, r.offset)
	b = append(binary.AppendVarint(b, r.keyLength), r.key...)
	b = append(binary.AppendVarint(b, r.length), r.value...)
	b = append(binary.AppendVarint(b, r.headers), r.rest...)
	if r.size == 0 {
		r.size = int64(len(b))
	}
	return append(binary.AppendVarint(nil, r.size), b...)
}

var plainHeader = kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}

// made is a batch whose header says that it has n records, and whose records are those.
func made(n int32, records ...rec) []byte {
	h := plainHeader
	h.Magic, h.Count, h.LastOffsetDelta = 2, n, n-1
	h.FirstTimestamp = time.Now().UnixMilli()
	h.MaxTimestamp = h.FirstTimestamp
	b := h.AppendTo(nil)
	for _, r := range records {
		b = append(b, r.bytes()...)
	}
	kproto.SealBatch(b)
	return b
}

// packed is made, compressed.
func packed(c kproto.Codec, n int32, records ...rec) []byte {
	b := made(n, records...)
	var coder codec.Coder
	out, err := coder.Compress(c, slices.Clone(b[:kproto.BatchHeaderSize]), b[kproto.BatchHeaderSize:])
	if err != nil {
		panic(err)
	}
	out[22] |= byte(c)
	kproto.SealBatch(out)
	return out
}

// taken are those that Apache's takes: offsets that do not ascend one by one, lengths below that of null, half of an
// idempotent producer, and bytes that it cuts off without a word.
var taken = []string{
	"offset 5", "offset -1", "none: the same offset twice", "none: offsets backwards", "none: a gap",
	"a key of length -2", "a key of length -2, gzip", "a key of length -2, snappy", "a key of length -2, lz4",
	"a value of length -2", "a value of length -2, gzip", "a value of length -2, snappy", "a value of length -2, lz4",
	"a producer's, epoch -1", "a batch and a bit",
}

func hostileBatches() (all []hostileBatch) {
	add := func(name string, records []byte) {
		all = append(all, hostileBatch{name, records, slices.Contains(taken, name)})
	}
	// One field of one record.
	with := func(name string, change func(r *rec)) {
		r := good(0)
		change(&r)
		add(name, made(1, r))
		for c := kproto.CodecGzip; c <= kproto.CodecLZ4; c++ {
			add(fmt.Sprintf("%s, %s", name, c), packed(c, 1, r))
		}
	}
	with("good", func(*rec) {})
	with("record attributes", func(r *rec) { r.attributes = 0xff })
	with("a record of size -1", func(r *rec) { r.size = -1 })
	with("a record of size 1", func(r *rec) { r.size = 1 })
	with("a record larger than the batch", func(r *rec) { r.size = 1000 })
	with("a record of 2 GiB", func(r *rec) { r.size = math.MaxInt32 })
	with("a record of more than 32 bits", func(r *rec) { r.size = math.MaxInt64 })
	with("offset 5", func(r *rec) { r.offset = 5 })
	with("offset -1", func(r *rec) { r.offset = -1 })
	with("a time before", func(r *rec) { r.time = -1000 })
	with("a time that overflows", func(r *rec) { r.time = math.MaxInt64 })
	with("no key", func(r *rec) { r.keyLength, r.key = -1, "" })
	with("a key of length -2", func(r *rec) { r.keyLength, r.key = -2, "" })
	with("a key beyond the record", func(r *rec) { r.keyLength = 50 })
	with("a key of 2 GiB", func(r *rec) { r.keyLength = math.MaxInt32 })
	with("a value of length -2", func(r *rec) { r.length, r.value = -2, "" })
	with("a value beyond the record", func(r *rec) { r.length = 50 })
	with("headers -1", func(r *rec) { r.headers = -1 })
	with("2^31-1 headers", func(r *rec) { r.headers = math.MaxInt32 })
	with("a header without a key", func(r *rec) { r.headers, r.rest = 1, "\x01\x01" })
	with("a header without a value", func(r *rec) { r.headers, r.rest = 1, "\x02a\x01" })
	with("a header that breaks off", func(r *rec) { r.headers, r.rest = 1, "\x02" })
	with("bytes behind the headers", func(r *rec) { r.rest = "more" })
	for _, c := range []kproto.Codec{0, 1, 2, 3} {
		make2 := func(n int32, records ...rec) []byte {
			if c == 0 {
				return made(n, records...)
			}
			return packed(c, n, records...)
		}
		add(fmt.Sprintf("%s: the same offset twice", c), make2(2, good(0), good(0)))
		add(fmt.Sprintf("%s: offsets backwards", c), make2(2, good(1), good(0)))
		add(fmt.Sprintf("%s: a gap", c), make2(2, good(0), good(7)))
		add(fmt.Sprintf("%s: fewer than it says", c), make2(3, good(0), good(1)))
		add(fmt.Sprintf("%s: more than it says", c), make2(1, good(0), good(1)))
		add(fmt.Sprintf("%s: no record at all", c), make2(1))
		add(fmt.Sprintf("%s: 2^31-1 records", c), make2(math.MaxInt32, good(0)))
	}
	for c := kproto.CodecGzip; c <= kproto.CodecZstd; c++ {
		b := made(1, good(0))
		b[22] |= byte(c)
		kproto.SealBatch(b)
		add(fmt.Sprintf("%s that is none", c), b)
	}
	for c := kproto.CodecGzip; c <= kproto.CodecLZ4; c++ {
		b := packed(c, 2, good(0), good(1))
		b = b[:len(b)-3]
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		kproto.SealBatch(b)
		add(fmt.Sprintf("%s that breaks off", c), b)
		big := good(0)
		big.length, big.value = 64<<20, string(make([]byte, 64<<20))
		if b := packed(c, 1, big); len(b) < 1<<20 {
			add(fmt.Sprintf("%s bomb", c), b)
		}
	}
	// The batch's header.
	header := func(name string, change func(b []byte)) {
		b := made(2, good(0), good(1))
		change(b)
		kproto.SealBatch(b)
		add(name, b)
	}
	put16 := func(at int, v int16) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint16(b[at:], uint16(v)) }
	}
	put32 := func(at int, v int32) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint32(b[at:], uint32(v)) }
	}
	put64 := func(at int, v int64) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint64(b[at:], uint64(v)) }
	}
	header("base offset -1", put64(0, -1))
	header("the largest base offset", put64(0, math.MaxInt64))
	header("leader epoch 99", put32(12, 99))
	header("unknown attributes", put16(21, 0x7f<<7))
	header("the attribute of a delete horizon", put16(21, 0x40))
	header("log append time", put16(21, 8))
	header("transactional without a producer", put16(21, 16))
	header("control", put16(21, 32))
	header("control and transactional", put16(21, 48))
	header("last offset delta -1", put32(23, -1))
	header("the largest last offset delta", put32(23, math.MaxInt32))
	header("first timestamp -1", put64(27, -1))
	header("first timestamp -5", put64(27, -5))
	header("the largest first timestamp", put64(27, math.MaxInt64))
	header("max timestamp -1", put64(35, -1))
	header("the largest max timestamp", put64(35, math.MaxInt64))
	header("producer id -2", put64(43, -2))
	header("a producer without an epoch", put64(43, 77))
	header("an epoch without a producer", put16(51, 5))
	header("a sequence without a producer", put32(53, 5))
	header("count 0", put32(57, 0))
	header("count 0 and delta -1", func(b []byte) { put32(57, 0)(b); put32(23, -1)(b) })
	header("count -1", put32(57, -1))
	header("the largest count and delta", func(b []byte) { put32(57, math.MaxInt32)(b); put32(23, math.MaxInt32-1)(b) })
	header("a producer's", func(b []byte) { put64(43, 78)(b); put16(51, 0)(b); put32(53, 0)(b) })
	header("a producer's, out of order", func(b []byte) { put64(43, 78)(b); put16(51, 0)(b); put32(53, 9)(b) })
	header("a producer's, the end of all numbers", func(b []byte) { put64(43, 79)(b); put16(51, 0)(b); put32(53, math.MaxInt32)(b) })
	header("a producer's, wrapped", func(b []byte) { put64(43, 79)(b); put16(51, 0)(b); put32(53, 1)(b) })
	header("a producer's, sequence -1", func(b []byte) { put64(43, 80)(b); put16(51, 0)(b); put32(53, -1)(b) })
	header("a producer's, sequence -2", func(b []byte) { put64(43, 80)(b); put16(51, 0)(b); put32(53, -2)(b) })
	header("a producer's, epoch -1", func(b []byte) { put64(43, 81)(b); put16(51, -1)(b); put32(53, 0)(b) })
	header("a new producer's, not from 0", func(b []byte) { put64(43, 82)(b); put16(51, 3)(b); put32(53, 17)(b) })
	header("a transaction of nobody", func(b []byte) { put16(21, 16)(b); put64(43, 83)(b); put16(51, 0)(b); put32(53, 0)(b) })
	header("a producer's control batch", func(b []byte) { put16(21, 48)(b); put64(43, 84)(b); put16(51, 0)(b); put32(53, -1)(b) })
	// The frame.
	frame := func(name string, change func(b []byte) []byte) { add(name, change(made(2, good(0), good(1)))) }
	for _, length := range []int32{-1, 0, 13, 48, 49, 1 << 20, math.MaxInt32} {
		frame(fmt.Sprintf("length %d", length), func(b []byte) []byte { put32(8, length)(b); return b })
	}
	for _, magic := range []byte{0, 1, 3, 0xff} {
		frame(fmt.Sprintf("magic %d", int8(magic)), func(b []byte) []byte { b[16] = magic; return b })
	}
	frame("eleven bytes", func(b []byte) []byte { return b[:11] })
	frame("seventeen bytes", func(b []byte) []byte { return b[:17] })
	frame("a batch and a bit", func(b []byte) []byte { return append(b, b[:20]...) })
	frame("a batch and rubbish", func(b []byte) []byte { return append(b, "rubbish that is no batch at all, but has bytes enough"...) })
	frame("a message set", func([]byte) []byte { return oldMessage(1) })
	frame("an older message set", func([]byte) []byte { return oldMessage(0) })
	return all
}

// oldMessage is a message set of one message of the formats before 2.
func oldMessage(magic int8) []byte {
	m := []byte{byte(magic), 0}
	if magic == 1 {
		m = binary.BigEndian.AppendUint64(m, uint64(time.Now().UnixMilli()))
	}
	m = append(m, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 'v')
	b := make([]byte, 8, 64)
	b = binary.BigEndian.AppendUint32(b, uint32(len(m)+4))
	return append(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(m)), m...)
}
