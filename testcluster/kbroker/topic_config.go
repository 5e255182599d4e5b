package kbroker

import (
	"strconv"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// brokerEntities have the settings of this broker that can change while it runs, the most specific first.
func (b *Broker) brokerEntities() [2]string {
	return [2]string{kzk.BrokerEntity + "/" + strconv.Itoa(int(b.id)), kzk.BrokerEntity + "/" + kzk.DefaultEntity}
}

// topicConfig is the configuration of a topic now.
func (b *Broker) topicConfig(topic string) kconf.Topic {
	return b.topicConfigIn(b.mirror.Image(), topic)
}

func (b *Broker) topicConfigIn(img *kzk.Image, topic string) kconf.Topic {
	own := b.brokerEntities()
	return b.o.Config.Topic(img.TopicConfig(topic), img.Config(own[0]), img.Config(own[1]))
}

// logConfig is what of it concerns the topic's logs.
func (b *Broker) logConfig(topic string) klog.Config {
	t := b.topicConfig(topic)
	return klog.Config{
		SegmentBytes: t.SegmentBytes, SegmentMs: t.SegmentMs, SegmentJitterMs: t.SegmentJitterMs,
		SegmentIndexBytes: t.SegmentIndexBytes, IndexIntervalBytes: t.IndexIntervalBytes,
		RetentionMs: t.RetentionMs, RetentionBytes: t.RetentionBytes,
		CleanupDelete: t.CleanupDelete, CleanupCompact: t.CleanupCompact,
		MaxMessageBytes: t.MaxMessageBytes, Compression: compression(t.CompressionType),
		LogAppendTime: t.LogAppendTime, TimestampMaxDiffMs: t.TimestampDifferenceMaxMs,
		FlushMessages: t.FlushMessages, FlushMs: t.FlushMs, FileDeleteDelayMs: t.FileDeleteDelayMs,
		MinCleanableRatio: t.MinCleanableDirtyRatio, MinCompactionLagMs: t.MinCompactionLagMs,
		MaxCompactionLagMs: t.MaxCompactionLagMs, DeleteRetentionMs: t.DeleteRetentionMs,
	}
}

// compression is compression.type: of "producer", and of what is no codec, batches stay as they come.
func compression(name string) klog.Compression {
	switch name {
	case "uncompressed":
		return klog.Compression{Force: true, Codec: kproto.CodecNone}
	case "gzip":
		return klog.Compression{Force: true, Codec: kproto.CodecGzip}
	case "snappy":
		return klog.Compression{Force: true, Codec: kproto.CodecSnappy}
	case "lz4":
		return klog.Compression{Force: true, Codec: kproto.CodecLZ4}
	case "zstd":
		return klog.Compression{Force: true, Codec: kproto.CodecZstd}
	}
	return klog.Compression{}
}
