package kconf

// Topic is the configuration of one topic, with every default resolved: topic, then broker, then Kafka's own.
type Topic struct {
	CleanupDelete, CleanupCompact bool
	// CompressionType is producer, uncompressed, gzip, snappy, lz4 or zstd.
	CompressionType        string
	DeleteRetentionMs      int64
	FileDeleteDelayMs      int64
	FlushMessages, FlushMs int64
	IndexIntervalBytes     int32
	MaxCompactionLagMs     int64
	MaxMessageBytes        int32
	MessageDownConversion  bool
	TimestampDifferenceMax int64
	LogAppendTime          bool // message.timestamp.type
	MinCleanableDirtyRatio float64
	MinCompactionLagMs     int64
	MinInsyncReplicas      int
	Preallocate            bool
	RetentionBytes         int64 // -1: no bound
	RetentionMs            int64 // -1: no bound
	SegmentBytes           int32
	SegmentIndexBytes      int32
	SegmentJitterMs        int64
	SegmentMs              int64
	UncleanLeaderElection  bool
}
