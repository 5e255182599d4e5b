package klog

import (
	"log/slog"
	"math"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// Options are what a [Dir] is opened with. FS and Path are required.
type Options struct {
	FS   storage.FS
	Path string
	// BrokerID and ClusterID must be those in meta.properties, if it is there; it is written otherwise.
	// A ClusterID of "" is not compared and not written.
	BrokerID  int32
	ClusterID string
	// Config are the settings of a topic now; nil is [DefaultConfig]. It must not call the Dir.
	Config func(topic string) Config
	Now    func() time.Time
	Logger *slog.Logger
	Tuning Tuning
}

// Tuning are periods and bounds of a Dir. Zero values are the defaults in the comments.
type Tuning struct {
	HighWatermarkEvery   time.Duration // replica.high.watermark.checkpoint.interval.ms, 5 s; log starts too
	CheckpointEvery      time.Duration // log.flush.offset.checkpoint.interval.ms, 60 s
	RetentionEvery       time.Duration // log.retention.check.interval.ms, 5 min
	CompactionEvery      time.Duration // log.cleaner.backoff.ms, 15 s
	FlushEvery           time.Duration // log.flush.scheduler.interval.ms: how often flush.ms is looked at, 1 s
	ProducerExpiry       time.Duration // transactional.id.expiration.ms, 7 days
	RingBytes            int           // of all logs together: last batches kept in memory for readers, 16 MiB
	CompactionMapEntries int           // keys of one compaction pass, 1,000,000
	RecoveryThreads      int           // num.recovery.threads.per.data.dir, the number of CPUs
	// Manual starts none of the periodic work; a test calls it by hand.
	Manual bool
}

// Config are the settings of one topic, by the names of Kafka's topic configuration.
type Config struct {
	SegmentBytes       int32
	SegmentMs          int64
	SegmentJitterMs    int64
	SegmentIndexBytes  int32
	IndexIntervalBytes int32
	RetentionMs        int64 // -1: for ever
	RetentionBytes     int64 // -1: without bound
	CleanupDelete      bool
	CleanupCompact     bool
	MaxMessageBytes    int32
	Compression        Compression
	LogAppendTime      bool
	TimestampMaxDiffMs int64 // message.timestamp.difference.max.ms
	FlushMessages      int64
	FlushMs            int64
	FileDeleteDelayMs  int64
	MinCleanableRatio  float64 // min.cleanable.dirty.ratio
	MinCompactionLagMs int64
	MaxCompactionLagMs int64
	DeleteRetentionMs  int64
}

// Compression is a topic's compression.type.
type Compression struct {
	// Force recompresses batches of another codec with Codec; without it batches stay as the producer made them.
	Force bool
	Codec kproto.Codec
}

// DefaultConfig returns Kafka's defaults.
func DefaultConfig() Config {
	return Config{
		SegmentBytes:       1 << 30,
		SegmentMs:          7 * 24 * 3600 * 1000,
		SegmentIndexBytes:  10 << 20,
		IndexIntervalBytes: 4096,
		RetentionMs:        7 * 24 * 3600 * 1000,
		RetentionBytes:     -1,
		CleanupDelete:      true,
		MaxMessageBytes:    1048588,
		TimestampMaxDiffMs: math.MaxInt64,
		FlushMessages:      math.MaxInt64,
		FlushMs:            math.MaxInt64,
		FileDeleteDelayMs:  60000,
		MinCleanableRatio:  0.5,
		MaxCompactionLagMs: math.MaxInt64,
		DeleteRetentionMs:  24 * 3600 * 1000,
	}
}
