package kconf

// topicRows are the keys of Kafka 2.7's LogConfig.
func topicRows() []Key {
	return []Key{
		honoured("cleanup.policy", List, "delete", "What becomes of old data: delete, compact, or both.").oneOf("compact", "delete").defaultOf("log.cleanup.policy"),
		honoured("compression.type", String, "producer", "The compression of data on disk; producer keeps what came.").oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer").defaultOf("compression.type"),
		honoured("delete.retention.ms", Long, "86400000", "How long the marks of deleted keys are kept in a compacted topic.").atLeast(0).defaultOf("log.cleaner.delete.retention.ms"),
		honoured("file.delete.delay.ms", Long, "60000", "How long the files of deleted data are kept aside.").atLeast(0).defaultOf("log.segment.delete.delay.ms"),
		honoured("flush.messages", Long, "9223372036854775807", "After how many records a partition is synced to disk.").atLeast(0).defaultOf("log.flush.interval.messages"),
		honoured("flush.ms", Long, "9223372036854775807", "After how long a partition is synced to disk.").atLeast(0).defaultOf("log.flush.interval.ms"),
		unused("follower.replication.throttled.replicas", List, "").replicaList().defaultOf("follower.replication.throttled.replicas"),
		honoured("index.interval.bytes", Int, "4096", "How much data lies between two entries of an index.").atLeast(0).defaultOf("log.index.interval.bytes"),
		unused("leader.replication.throttled.replicas", List, "").replicaList().defaultOf("leader.replication.throttled.replicas"),
		honoured("max.compaction.lag.ms", Long, "9223372036854775807", "How long a record may escape compaction.").atLeast(1).defaultOf("log.cleaner.max.compaction.lag.ms"),
		honoured("max.message.bytes", Int, "1048588", "The largest batch of records that is taken, as it is after compression.").atLeast(0).defaultOf("message.max.bytes"),
		unused("message.downconversion.enable", Bool, "true").defaultOf("log.message.downconversion.enable"),
		needless("message.format.version", String, "2.7-IV2").version().defaultOf("log.message.format.version"),
		honoured("message.timestamp.difference.max.ms", Long, "9223372036854775807", "How far the time of a record may be from the broker's.").atLeast(0).defaultOf("log.message.timestamp.difference.max.ms"),
		honoured("message.timestamp.type", String, "CreateTime", "Whether a record bears the time of its creation or of its arrival.").oneOf("CreateTime", "LogAppendTime").defaultOf("log.message.timestamp.type"),
		honoured("min.cleanable.dirty.ratio", Double, "0.5", "The part of a log that must be new before it is compacted.").between(0, 1).defaultOf("log.cleaner.min.cleanable.ratio"),
		honoured("min.compaction.lag.ms", Long, "0", "How long a record stays as it is in a compacted topic.").atLeast(0).defaultOf("log.cleaner.min.compaction.lag.ms"),
		honoured("min.insync.replicas", Int, "1", "The replicas that must be in sync for a write with acks=all.").atLeast(1).defaultOf("min.insync.replicas"),
		unused("preallocate", Bool, "false").defaultOf("log.preallocate"),
		honoured("retention.bytes", Long, "-1", "The size of a partition above which its oldest data is deleted; -1 is no bound.").defaultOf("log.retention.bytes"),
		honoured("retention.ms", Long, "604800000", "The age at which data is deleted; -1 is never.").atLeast(-1).defaultOf("log.retention.ms"),
		honoured("segment.bytes", Int, "1073741824", "The size at which a new segment file is begun.").atLeast(14).defaultOf("log.segment.bytes"),
		honoured("segment.index.bytes", Int, "10485760", "The largest size of an index file.").atLeast(0).defaultOf("log.index.size.max.bytes"),
		honoured("segment.jitter.ms", Long, "0", "How much earlier, at random, a new segment file may be begun.").atLeast(0).defaultOf("log.roll.jitter.ms"),
		honoured("segment.ms", Long, "604800000", "The age at which a new segment file is begun.").atLeast(1).defaultOf("log.roll.ms"),
		honoured("unclean.leader.election.enable", Bool, "false", "A replica that is not in sync may lead when no other can: records are lost.").defaultOf("unclean.leader.election.enable"),
	}
}
