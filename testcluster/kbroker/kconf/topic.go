package kconf

import (
	"fmt"
	"slices"
	"strconv"
)

// Topic is the configuration of one topic, with every default resolved: topic, then broker, then Kafka's own. Times
// are in milliseconds, sizes in bytes.
type Topic struct {
	CleanupDelete, CleanupCompact bool
	// CompressionType is producer, uncompressed, gzip, snappy, lz4 or zstd.
	CompressionType        string
	DeleteRetentionMs      int64
	FileDeleteDelayMs      int64
	FlushMessages, FlushMs int64 // math.MaxInt64 is never
	IndexIntervalBytes     int32
	MaxCompactionLagMs     int64
	MaxMessageBytes        int32
	// TimestampDifferenceMaxMs is how far a record's time may be from now; LogAppendTime sets it to the arrival.
	TimestampDifferenceMaxMs int64
	LogAppendTime            bool
	MinCleanableDirtyRatio   float64
	MinCompactionLagMs       int64
	MinInsyncReplicas        int
	RetentionBytes           int64 // -1 is no bound
	RetentionMs              int64 // -1 is no bound
	SegmentBytes             int32
	SegmentIndexBytes        int32
	SegmentJitterMs          int64
	SegmentMs                int64
	UncleanLeaderElection    bool
}

// topicSettings are a topic's own values above those of its broker.
type topicSettings struct {
	own    map[string]string
	broker settings
}

// text is a value as Kafka answers it.
func (s topicSettings) text(name string) string {
	k := topicTable().byName[name]
	if value, set := s.own[name]; set && k.Check(value) == nil {
		return k.Canonical(value)
	}
	if _, known := brokerTable().byName[k.Broker]; !known {
		return k.Default
	}
	if _, several := alternatives[k.Broker]; several {
		return strconv.FormatInt(s.broker.long(k.Broker), 10)
	}
	return s.broker.text(k.Broker)
}

func (s topicSettings) bool(name string) bool { return s.text(name) == "true" }

func (s topicSettings) long(name string) int64 {
	n, _ := strconv.ParseInt(s.text(name), 10, 64) // valid, or a default
	return n
}

func (s topicSettings) int32(name string) int32 { return int32(s.long(name)) }

// Topic is the configuration of a topic with these overrides, then those that were set for brokers while they run
// (most specific first: of this broker, of all), then the file, then Kafka's defaults. What is not valid is passed over.
func (b *Broker) Topic(overrides map[string]string, dynamic ...map[string]string) Topic {
	s := topicSettings{own: overrides, broker: b.layers(dynamic)}
	cleanup := splitList(s.text("cleanup.policy"))
	ratio, _ := strconv.ParseFloat(s.text("min.cleanable.dirty.ratio"), 64) // valid, or a default
	return Topic{
		CleanupDelete:            slices.Contains(cleanup, "delete"),
		CleanupCompact:           slices.Contains(cleanup, "compact"),
		CompressionType:          s.text("compression.type"),
		DeleteRetentionMs:        s.long("delete.retention.ms"),
		FileDeleteDelayMs:        s.long("file.delete.delay.ms"),
		FlushMessages:            s.long("flush.messages"),
		FlushMs:                  s.long("flush.ms"),
		IndexIntervalBytes:       s.int32("index.interval.bytes"),
		MaxCompactionLagMs:       s.long("max.compaction.lag.ms"),
		MaxMessageBytes:          s.int32("max.message.bytes"),
		TimestampDifferenceMaxMs: s.long("message.timestamp.difference.max.ms"),
		LogAppendTime:            s.text("message.timestamp.type") == "LogAppendTime",
		MinCleanableDirtyRatio:   ratio,
		MinCompactionLagMs:       s.long("min.compaction.lag.ms"),
		MinInsyncReplicas:        int(s.long("min.insync.replicas")),
		RetentionBytes:           s.long("retention.bytes"),
		RetentionMs:              s.long("retention.ms"),
		SegmentBytes:             s.int32("segment.bytes"),
		SegmentIndexBytes:        s.int32("segment.index.bytes"),
		SegmentJitterMs:          s.long("segment.jitter.ms"),
		SegmentMs:                s.long("segment.ms"),
		UncleanLeaderElection:    s.bool("unclean.leader.election.enable"),
	}
}

// layers are the broker's values with those that were set while it runs above them; a key that cannot change is as
// the file says.
func (b *Broker) layers(dynamic []map[string]string) settings {
	s := settings{}
	for _, d := range dynamic {
		layer := map[string]string{}
		for name, value := range d {
			if brokerTable().byName[name].Mode != ReadOnly {
				layer[name] = value
			}
		}
		s = append(s, layer)
	}
	return append(s, b.Values)
}

// CheckTopics says what is wrong with all overrides of a topic: with one, by [CheckTopic], or with two together.
func (b *Broker) CheckTopics(overrides map[string]string, dynamic ...map[string]string) error {
	for _, name := range sortedKeys(overrides) {
		if err := CheckTopic(name, overrides[name]); err != nil {
			return err
		}
	}
	if t := b.Topic(overrides, dynamic...); t.MinCompactionLagMs > t.MaxCompactionLagMs {
		return fmt.Errorf("conflict topic config setting min.compaction.lag.ms (%d) > max.compaction.lag.ms (%d)",
			t.MinCompactionLagMs, t.MaxCompactionLagMs)
	}
	return nil
}
