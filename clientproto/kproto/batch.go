package kproto

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// A record batch of format 2 (magic 2), with the offsets of its fields:
//
//	 0 base offset        int64   |  21 attributes        int16
//	 8 length             int32   |  23 last offset delta int32
//	12 leader epoch       int32   |  27 first timestamp   int64
//	16 magic              int8    |  35 max timestamp     int64
//	17 CRC-32C of 21…     uint32  |  43 producer id       int64
//	                              |  51 producer epoch    int16
//	                              |  53 base sequence     int32
//	                              |  57 record count      int32
//	                              |  61 records, compressed as the attributes say
//
// length counts what follows it. What a broker sets (base offset and leader epoch) lies before
// the checksummed part.
const (
	// BatchHeaderSize is the size of everything before the records.
	BatchHeaderSize = 61
	// BatchOverhead is what a batch's length field does not count: base offset and length.
	BatchOverhead = 12

	atLength       = 8
	atEpoch        = 12
	atMagic        = 16
	atCRC          = 17
	atAttributes   = 21
	atMaxTimestamp = 35

	codecMask       = 0x07
	attrAppendTime  = 0x08
	attrTransaction = 0x10
	attrControl     = 0x20
)

// Bits of [BatchHeader.Attributes]; the lowest three are the [Codec].
const (
	AttrLogAppendTime int16 = attrAppendTime
	AttrTransactional int16 = attrTransaction
	AttrControl       int16 = attrControl
)

// Codec is how the records of a batch are compressed.
type Codec int8

// The codecs of the attributes' lowest three bits.
const (
	CodecNone   Codec = 0
	CodecGzip   Codec = 1
	CodecSnappy Codec = 2
	CodecLZ4    Codec = 3
	CodecZstd   Codec = 4
)

var codecNames = [...]string{"none", "gzip", "snappy", "lz4", "zstd"}

// String is the codec's name in configurations: none, gzip, snappy, lz4, zstd.
func (c Codec) String() string {
	if c < 0 || int(c) >= len(codecNames) {
		return fmt.Sprintf("codec %d", int8(c))
	}
	return codecNames[c]
}

// BatchHeader is everything of a batch but its records. Timestamps are milliseconds since 1970,
// -1 for none.
type BatchHeader struct {
	BaseOffset           int64
	Length               int32 // of what follows this field
	PartitionLeaderEpoch int32
	Magic                int8
	CRC                  uint32
	Attributes           int16
	LastOffsetDelta      int32 // compaction keeps it, so Count may be less than one more
	FirstTimestamp       int64
	MaxTimestamp         int64
	ProducerID           int64 // -1: not idempotent
	ProducerEpoch        int16
	BaseSequence         int32
	Count                int32
}

// ParseBatchHeader reads the header at the beginning of b. The batch itself may be longer than b:
// compare Size with what there is. Other formats than 2 are an [InvalidRecord], a header that
// cannot be true a [CorruptMessage].
func ParseBatchHeader(b []byte) (BatchHeader, error) {
	if len(b) < BatchHeaderSize {
		return BatchHeader{}, corrupt("%d bytes, fewer than a header's %d", len(b), BatchHeaderSize)
	}
	h := BatchHeader{
		BaseOffset:           int64(binary.BigEndian.Uint64(b)),
		Length:               int32(binary.BigEndian.Uint32(b[atLength:])),
		PartitionLeaderEpoch: int32(binary.BigEndian.Uint32(b[atEpoch:])),
		Magic:                int8(b[atMagic]),
		CRC:                  binary.BigEndian.Uint32(b[atCRC:]),
		Attributes:           int16(binary.BigEndian.Uint16(b[atAttributes:])),
		LastOffsetDelta:      int32(binary.BigEndian.Uint32(b[23:])),
		FirstTimestamp:       int64(binary.BigEndian.Uint64(b[27:])),
		MaxTimestamp:         int64(binary.BigEndian.Uint64(b[atMaxTimestamp:])),
		ProducerID:           int64(binary.BigEndian.Uint64(b[43:])),
		ProducerEpoch:        int16(binary.BigEndian.Uint16(b[51:])),
		BaseSequence:         int32(binary.BigEndian.Uint32(b[53:])),
		Count:                int32(binary.BigEndian.Uint32(b[57:])),
	}
	return h, h.check()
}

func (h BatchHeader) check() error {
	switch {
	case h.Magic != 2:
		return &MalformedError{Of: "record batch", Reason: fmt.Sprintf("message format %d, only 2 is known", h.Magic), Code: InvalidRecord}
	case h.Length < BatchHeaderSize-BatchOverhead || h.Length > math.MaxInt32-BatchOverhead:
		return corrupt("its length is %d", h.Length)
	case h.Count < 0:
		return corrupt("its count of records is %d", h.Count)
	case h.LastOffsetDelta < 0:
		return corrupt("its last offset delta is %d", h.LastOffsetDelta)
	case h.BaseOffset < 0 || h.BaseOffset > math.MaxInt64-int64(h.LastOffsetDelta)-1:
		return corrupt("its base offset is %d", h.BaseOffset)
	}
	return nil
}

func corrupt(format string, args ...any) error {
	return &MalformedError{Of: "record batch", Reason: fmt.Sprintf(format, args...), Code: CorruptMessage}
}

// Size is the whole batch's size in bytes.
func (h BatchHeader) Size() int { return BatchOverhead + int(h.Length) }

// LastOffset is the offset of the last record the batch was written with.
func (h BatchHeader) LastOffset() int64 { return h.BaseOffset + int64(h.LastOffsetDelta) }

// NextOffset is the offset behind the batch.
func (h BatchHeader) NextOffset() int64 { return h.LastOffset() + 1 }

// Codec is how the records are compressed; values above [CodecZstd] are not defined.
func (h BatchHeader) Codec() Codec { return Codec(h.Attributes & codecMask) }

// Transactional says whether the batch is part of a transaction.
func (h BatchHeader) Transactional() bool { return h.Attributes&attrTransaction != 0 }

// Control says whether the batch is a marker of a transaction's end, which no consumer sees.
func (h BatchHeader) Control() bool { return h.Attributes&attrControl != 0 }

// LogAppendTime says whether all records have the broker's time, which is MaxTimestamp.
func (h BatchHeader) LogAppendTime() bool { return h.Attributes&attrAppendTime != 0 }

// LastSequence is the sequence number of the batch's last record; they wrap from 2^31-1 to 0.
// It is -1 where there are none.
func (h BatchHeader) LastSequence() int32 {
	if h.BaseSequence < 0 {
		return -1
	}
	return int32((uint32(h.BaseSequence) + uint32(h.LastOffsetDelta)) & math.MaxInt32)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CheckCRC says whether the checksum of one whole batch is right. batch ends where the batch does.
func CheckCRC(batch []byte) bool {
	return len(batch) >= BatchHeaderSize && binary.BigEndian.Uint32(batch[atCRC:]) == checksum(batch)
}

func checksum(batch []byte) uint32 { return crc32.Checksum(batch[atAttributes:], castagnoli) }

// SetBaseOffset sets the base offset in place; the checksum does not cover it.
func SetBaseOffset(batch []byte, offset int64) { binary.BigEndian.PutUint64(batch, uint64(offset)) }

// SetLeaderEpoch sets the partition leader epoch in place; the checksum does not cover it.
func SetLeaderEpoch(batch []byte, epoch int32) {
	binary.BigEndian.PutUint32(batch[atEpoch:], uint32(epoch))
}

// SetLogAppendTime gives all records of a batch the broker's time, in ms, and rewrites the checksum.
// batch ends where the batch does.
func SetLogAppendTime(batch []byte, ms int64) {
	batch[atAttributes+1] |= attrAppendTime
	binary.BigEndian.PutUint64(batch[atMaxTimestamp:], uint64(ms))
	binary.BigEndian.PutUint32(batch[atCRC:], checksum(batch))
}

// AppendTo appends the header as it is, with its own length and checksum; see [SealBatch].
func (h BatchHeader) AppendTo(dst []byte) []byte {
	be := binary.BigEndian
	dst = be.AppendUint64(dst, uint64(h.BaseOffset))
	dst = be.AppendUint32(dst, uint32(h.Length))
	dst = be.AppendUint32(dst, uint32(h.PartitionLeaderEpoch))
	dst = append(dst, byte(h.Magic))
	dst = be.AppendUint32(dst, h.CRC)
	dst = be.AppendUint16(dst, uint16(h.Attributes))
	dst = be.AppendUint32(dst, uint32(h.LastOffsetDelta))
	dst = be.AppendUint64(dst, uint64(h.FirstTimestamp))
	dst = be.AppendUint64(dst, uint64(h.MaxTimestamp))
	dst = be.AppendUint64(dst, uint64(h.ProducerID))
	dst = be.AppendUint16(dst, uint16(h.ProducerEpoch))
	dst = be.AppendUint32(dst, uint32(h.BaseSequence))
	return be.AppendUint32(dst, uint32(h.Count))
}

// SealBatch fills in length and checksum of one whole batch, header and records, in place.
func SealBatch(batch []byte) {
	binary.BigEndian.PutUint32(batch[atLength:], uint32(len(batch)-BatchOverhead))
	binary.BigEndian.PutUint32(batch[atCRC:], checksum(batch))
}
