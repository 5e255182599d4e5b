package kafka

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// codecs are franz-go's names of Kafka's.
var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

var codecNames = slices.Sorted(maps.Keys(codecs))

// producerOptions are the options of a producer: those that were given, then the properties, then the defaults.
func (s *settings) producerOptions(o kmodel.ProduceOptions, life time.Duration) ([]kgo.Opt, error) {
	codec := strings.ToLower(o.Compression)
	if codec == "" {
		codec = s.compression
	}
	if codec == "" {
		codec = "none"
	}
	compression, ok := codecs[codec]
	if !ok {
		return nil, &ConfigError{Err: fmt.Errorf("compression %q is none of %s", codec, strings.Join(codecNames, ", "))}
	}
	opts := []kgo.Opt{
		kgo.ProducerBatchCompression(compression),
		kgo.ProduceRequestTimeout(min(life, 10*time.Second)),
		kgo.RecordPartitioner(chooser{kgo.UniformBytesPartitioner(batchBytes, true, true, nil)}),
		kgo.MaxBufferedRecords(maxUnderWay),
		kgo.MaxBufferedBytes(maxUnderWayBytes),
		kgo.ProducerLinger(5 * time.Millisecond),
	}
	opts = append(opts, s.ackOptions(o)...)
	if s.bufferMemory > 0 {
		opts = append(opts, kgo.MaxBufferedBytes(int(min(s.bufferMemory, 1<<30))))
	}
	if s.maxRequest > 0 {
		opts = append(opts, kgo.ProducerBatchMaxBytes(max(s.maxRequest, 1024)))
	}
	if s.retries != nil {
		opts = append(opts, kgo.RecordRetries(max(*s.retries, 1)))
	}
	switch {
	case o.LingerMs >= 0:
		opts = append(opts, kgo.ProducerLinger(time.Duration(o.LingerMs)*time.Millisecond))
	case s.linger != nil:
		opts = append(opts, kgo.ProducerLinger(*s.linger))
	}
	if o.AutoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	return opts, nil
}

// batchBytes is how much goes to a partition before records without a key go to another.
const batchBytes = 256 << 10

func (s *settings) ackOptions(o kmodel.ProduceOptions) []kgo.Opt {
	idempotent := o.Idempotent && (s.idempotence == nil || *s.idempotence)
	acks := o.Acks
	if s.acks == "0" && acks == kmodel.AcksAll {
		acks = kmodel.AcksNone
	}
	if s.acks == "1" && acks == kmodel.AcksAll {
		acks = kmodel.AcksLeader
	}
	if acks == kmodel.AcksAll && idempotent {
		// A record that has timed out is told of, not produced again: there is no duplicate to avoid by waiting on.
		return []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks()), kgo.AllowIdempotentProduceCancellation()}
	}
	opts := []kgo.Opt{kgo.DisableIdempotentWrite()}
	switch acks {
	case kmodel.AcksNone:
		return append(opts, kgo.RequiredAcks(kgo.NoAck()))
	case kmodel.AcksLeader:
		return append(opts, kgo.RequiredAcks(kgo.LeaderAck()))
	}
	return append(opts, kgo.RequiredAcks(kgo.AllISRAcks()))
}
