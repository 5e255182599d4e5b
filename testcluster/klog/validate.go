package klog

import (
	"encoding/binary"
	"errors"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// maxUncompressed bounds the records of one batch where they have to be looked at. It is as much as a
// request of the default largest size has without compression.
const maxUncompressed = 100 << 20

// maxRecordErrors bounds the list of a batch's bad records.
const maxRecordErrors = 100

// prepared is a batch that may be appended.
type prepared struct {
	h     kproto.BatchHeader
	batch []byte
	time  int64 // LogAppendTime, -1 without
}

// prepare checks a producer's batch as the leader does, all but its sequence numbers, and gives it the
// form in which it is stored: the topic's codec and kind of timestamp.
// Source: Log.analyzeAndValidateRecords, LogValidator.
func prepare(batch []byte, cfg *Config, o AppendOptions, now int64, coders *coders) (prepared, error) {
	h, err := checkFrame(batch, cfg, o)
	if err != nil {
		return prepared{}, err
	}
	p := prepared{h: h, batch: batch, time: -1}
	if o.Internal {
		return p, nil
	}
	if err := checkHeader(h, o); err != nil {
		return prepared{}, err
	}
	if cfg.LogAppendTime {
		p.time = now
	}
	recompress := cfg.Compression.Force && h.Codec() != cfg.Compression.Codec
	if err := p.openRecords(cfg, now, recompress, coders); err != nil {
		return prepared{}, err
	}
	return p, p.stampTime()
}

// checkFrame checks what holds for every batch.
func checkFrame(batch []byte, cfg *Config, o AppendOptions) (kproto.BatchHeader, error) {
	h, err := kproto.ParseBatchHeader(batch)
	switch {
	case len(batch) > magicAt && batch[magicAt] < 2:
		return h, refuse(kproto.InvalidRecord, "message format %d, only 2 is known", batch[magicAt])
	case err != nil && len(batch) == h.Size() && h.Magic == 2 && kproto.CheckCRC(batch):
		return h, refuse(kproto.InvalidRecord, "%v", err) // its producer has meant it
	case err != nil:
		return h, err
	case h.Size() > len(batch):
		return h, refuse(kproto.CorruptMessage, "the batch says it has %d bytes, and %d came", h.Size(), len(batch))
	case h.Size() < len(batch):
		if _, err := kproto.ParseBatchHeader(batch[h.Size():]); err != nil {
			return h, refuse(kproto.CorruptMessage, "what stands behind the batch is no other one: %v", err)
		}
		return h, refuse(kproto.InvalidRecord, "more than one batch for one partition")
	case !o.Internal && len(batch) > int(cfg.MaxMessageBytes):
		return h, refuse(kproto.MessageTooLarge, "the batch has %d bytes, max.message.bytes is %d", len(batch), cfg.MaxMessageBytes)
	case len(batch) > int(cfg.SegmentBytes):
		return h, refuse(kproto.RecordListTooLarge, "the batch has %d bytes, segment.bytes is %d", len(batch), cfg.SegmentBytes)
	case !kproto.CheckCRC(batch):
		return h, refuse(kproto.CorruptMessage, "the batch's checksum is wrong")
	case h.BaseOffset != 0:
		return h, refuse(kproto.InvalidRecord, "the base offset of a new batch is %d, not 0", h.BaseOffset)
	case h.Count == 0 || int64(h.LastOffsetDelta)+1 != int64(h.Count):
		return h, refuse(kproto.InvalidRecord, "the batch's last offset is %d, but it has %d records", h.LastOffsetDelta, h.Count)
	case h.Codec() > kproto.CodecZstd:
		return h, refuse(kproto.UnsupportedCompressionType, "codec %d", h.Codec())
	}
	return h, nil
}

// checkHeader checks what holds for a client's batch.
func checkHeader(h kproto.BatchHeader, o AppendOptions) error {
	switch {
	case h.Transactional():
		return refuse(kproto.TransactionalIDAuthorizationFailed, "the batch is part of a transaction, and none is open")
	case h.Control():
		return refuse(kproto.InvalidRecord, "clients may not write control batches")
	case h.LogAppendTime():
		return refuse(kproto.InvalidTimestamp, "a producer may not set log append time")
	case h.ProducerID >= 0 && (h.BaseSequence < 0 || h.ProducerEpoch < 0):
		return refuse(kproto.InvalidRecord, "producer %d with epoch %d and sequence number %d",
			h.ProducerID, h.ProducerEpoch, h.BaseSequence)
	case o.NoZstd && h.Codec() == kproto.CodecZstd:
		return refuse(kproto.UnsupportedCompressionType, "zstd needs version 7 of Produce")
	}
	return nil
}

// openRecords looks at every record, and recompresses them where the topic has another codec.
//
// Also of a compressed batch whose checksum is right: that says who has written it, and not that consumers can read it.
func (p *prepared) openRecords(cfg *Config, now int64, recompress bool, coders *coders) error {
	open := coders.open(p.h.Codec(), p.batch[kproto.BatchHeaderSize:])
	defer open.close()
	records, err := open.records, open.err
	if err != nil {
		return undecodable(err)
	}
	newest, err := checkRecords(p.h, records, cfg, now)
	if err != nil {
		return err
	}
	if recompress {
		dst := append(make([]byte, 0, kproto.BatchHeaderSize+len(records)), p.batch[:kproto.BatchHeaderSize]...)
		if p.batch, err = open.coder.Compress(cfg.Compression.Codec, dst, records); err != nil {
			return err
		}
		setCodec(p.batch, cfg.Compression.Codec)
	}
	if recompress || newest != p.h.MaxTimestamp {
		setMaxTimestamp(p.batch, newest)
		kproto.SealBatch(p.batch)
		p.h, err = kproto.ParseBatchHeader(p.batch)
	}
	return err
}

// undecodable is the answer to records that cannot be uncompressed.
func undecodable(err error) error {
	code := kproto.CorruptMessage
	if tooLarge := (*codec.SizeError)(nil); errors.As(err, &tooLarge) {
		code = kproto.MessageTooLarge
	}
	return refuse(code, "the batch's records: %v", err)
}

// checkRecords walks all records, and returns the largest timestamp.
func checkRecords(h kproto.BatchHeader, records []byte, cfg *Config, now int64) (newest int64, err error) {
	newest = -1
	index := int32(-1)
	var bad []RecordError
	code := kproto.InvalidRecord
	err = kproto.WalkRecords(h, records, func(r kproto.Record) error {
		index++
		newest = max(newest, r.Timestamp)
		switch {
		case len(bad) >= maxRecordErrors:
		case r.Offset-h.BaseOffset != int64(index):
			bad = append(bad, RecordError{index, "its offset does not follow the one before it"})
		case cfg.CleanupCompact && r.Key == nil:
			bad = append(bad, RecordError{index, "Compacted topic cannot accept message without key."})
		case !cfg.LogAppendTime && farApart(r.Timestamp, now, cfg.TimestampMaxDiffMs):
			code = kproto.InvalidTimestamp
			bad = append(bad, RecordError{index, "its timestamp is farther from the broker's than message.timestamp.difference.max.ms"})
		}
		return nil
	})
	if err == nil && len(bad) > 0 {
		err = &BatchError{Code: code, Reason: "One or more records have been rejected", Records: bad}
	}
	return newest, err
}

func farApart(a, b, most int64) bool {
	return a >= 0 && (a > b && a-b > most || b > a && b-a > most)
}

// stampTime sets LogAppendTime, if the topic has it.
func (p *prepared) stampTime() error {
	if p.time < 0 {
		return nil
	}
	kproto.SetLogAppendTime(p.batch, p.time)
	var err error
	p.h, err = kproto.ParseBatchHeader(p.batch)
	return err
}

// Places in a batch's header that kproto has no setters for.
const (
	magicAt        = 16
	attributesAt   = 21
	maxTimestampAt = 35
)

func setCodec(batch []byte, c kproto.Codec) {
	batch[attributesAt+1] = batch[attributesAt+1]&^7 | byte(c)
}

func setMaxTimestamp(batch []byte, ms int64) {
	binary.BigEndian.PutUint64(batch[maxTimestampAt:], uint64(ms))
}
