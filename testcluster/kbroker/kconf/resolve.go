package kconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resolve fills the typed fields from Values, and checks what one key says about another.
func (b *Broker) resolve() error {
	s := settings{b.Values}
	b.limits(s)
	b.logs(s)
	b.groups(s)
	for _, step := range []func(settings) error{b.identity, b.zooKeeper, b.listeners, b.logDirs, b.agree} {
		if err := step(s); err != nil {
			return err
		}
	}
	return nil
}

// wrong is an error at the line of the first of some keys that was set.
func (b *Broker) wrong(reason string, keys ...string) error {
	for _, k := range keys {
		if o, set := b.origins[k]; set {
			return &Error{Origin: o, Key: k, Reason: reason}
		}
	}
	return &Error{Origin: Origin{File: b.File}, Key: keys[0], Reason: reason}
}

func (b *Broker) identity(s settings) error {
	b.ID, b.ReservedMaxID, b.Rack = s.int32("broker.id"), s.int32("reserved.broker.max.id"), s.text("broker.rack")
	switch generated := s.bool("broker.id.generation.enable"); {
	case generated && b.ID < -1:
		return b.wrong(fmt.Sprintf("%d is no id: the smallest is 0, and -1 takes a free one", b.ID), "broker.id")
	case generated && b.ID > b.ReservedMaxID:
		return b.wrong(fmt.Sprintf("%d is above reserved.broker.max.id=%d", b.ID, b.ReservedMaxID), "broker.id")
	case !generated && b.ID < 0:
		return b.wrong("a number from 0 is needed where broker.id.generation.enable is false", "broker.id")
	}
	return nil
}

func (b *Broker) zooKeeper(s settings) error {
	b.ZooKeeper = ZooKeeper{
		Connect:             s.text("zookeeper.connect"),
		SessionTimeoutMs:    s.long("zookeeper.session.timeout.ms"),
		ConnectionTimeoutMs: s.long("zookeeper.connection.timeout.ms"),
	}
	if b.ZooKeeper.ConnectionTimeoutMs == 0 {
		b.ZooKeeper.ConnectionTimeoutMs = b.ZooKeeper.SessionTimeoutMs
	}
	if b.ZooKeeper.Connect == "" {
		reason := "missing: name the ZooKeeper servers, for example zookeeper.connect=localhost:2181"
		for _, k := range later {
			if _, set := b.origins[k]; set {
				reason += " (" + k + " is for Kafka without ZooKeeper)"
				break
			}
		}
		return b.wrong(reason, "zookeeper.connect")
	}
	if reason := badConnect(b.ZooKeeper.Connect); reason != "" {
		return b.wrong(reason, "zookeeper.connect")
	}
	return nil
}

// badConnect says what is wrong with host:port,host:port/chroot.
func badConnect(connect string) string {
	hosts, chroot, _ := strings.Cut(connect, "/")
	if strings.HasSuffix(chroot, "/") || strings.Contains(chroot, "//") {
		return fmt.Sprintf("/%s is no path: empty names in it", chroot)
	}
	for _, server := range strings.Split(hosts, ",") {
		server = strings.TrimSpace(server)
		if server == "" {
			return "a server without a name between the commas"
		}
		colon := strings.LastIndexByte(server, ':')
		if colon <= strings.LastIndexByte(server, ']') {
			continue // no port: 2181
		}
		if port, err := strconv.Atoi(server[colon+1:]); err != nil || port < 1 || port > 65535 || colon == 0 {
			return fmt.Sprintf("%q is no host:port", server)
		}
	}
	return ""
}

func (b *Broker) logDirs(s settings) error {
	key := "log.dirs"
	if _, set := b.Values[key]; !set {
		key = "log.dir"
	}
	for _, dir := range splitList(s.text(key)) {
		if dir == "" {
			continue
		}
		if slices.Contains(b.LogDirs, dir) {
			return b.wrong(fmt.Sprintf("%s stands there twice", dir), key)
		}
		b.LogDirs = append(b.LogDirs, dir)
	}
	if len(b.LogDirs) == 0 {
		return b.wrong("no folder is named", key)
	}
	return nil
}

func (b *Broker) limits(s settings) {
	b.Requests = Requests{
		MaxBytes:            s.int32("socket.request.max.bytes"),
		SendBufferBytes:     s.int32("socket.send.buffer.bytes"),
		ReceiveBufferBytes:  s.int32("socket.receive.buffer.bytes"),
		MaxIdleMs:           s.long("connections.max.idle.ms"),
		MaxConnections:      s.int32("max.connections"),
		MaxConnectionsPerIP: s.int32("max.connections.per.ip"),
		FetchMaxBytes:       s.int32("fetch.max.bytes"),
		FetchSessions:       s.int("max.incremental.fetch.session.cache.slots"),
		RequestTimeoutMs:    s.long("request.timeout.ms"),
	}
	b.Topics = TopicRules{
		AutoCreate:        s.bool("auto.create.topics.enable"),
		Delete:            s.bool("delete.topic.enable"),
		NumPartitions:     s.int32("num.partitions"),
		ReplicationFactor: s.int16("default.replication.factor"),
	}
	b.Replication = Replication{
		LagTimeMaxMs:              s.long("replica.lag.time.max.ms"),
		FetchWaitMaxMs:            s.long("replica.fetch.wait.max.ms"),
		FetchBackoffMs:            s.long("replica.fetch.backoff.ms"),
		SocketTimeoutMs:           s.long("replica.socket.timeout.ms"),
		FetchMinBytes:             s.int32("replica.fetch.min.bytes"),
		FetchMaxBytes:             s.int32("replica.fetch.max.bytes"),
		FetchResponseMaxBytes:     s.int32("replica.fetch.response.max.bytes"),
		HighWatermarkCheckpointMs: s.long("replica.high.watermark.checkpoint.interval.ms"),
	}
	b.Control = Control{
		AutoLeaderRebalance:          s.bool("auto.leader.rebalance.enable"),
		ImbalanceCheckMs:             s.long("leader.imbalance.check.interval.seconds") * second,
		ImbalancePercentage:          s.int("leader.imbalance.per.broker.percentage"),
		ControlledShutdown:           s.bool("controlled.shutdown.enable"),
		ControlledShutdownMaxRetries: s.int("controlled.shutdown.max.retries"),
		ControlledShutdownBackoffMs:  s.long("controlled.shutdown.retry.backoff.ms"),
		ControllerSocketTimeoutMs:    s.long("controller.socket.timeout.ms"),
	}
}

func (b *Broker) logs(s settings) {
	b.Log = Log{
		RetentionCheckMs:         s.long("log.retention.check.interval.ms"),
		FlushSchedulerMs:         s.long("log.flush.scheduler.interval.ms"),
		FlushOffsetCheckpointMs:  s.long("log.flush.offset.checkpoint.interval.ms"),
		RecoveryThreads:          s.int("num.recovery.threads.per.data.dir"),
		CleanerEnable:            s.bool("log.cleaner.enable"),
		CleanerBackoffMs:         s.long("log.cleaner.backoff.ms"),
		CleanerDedupeBufferBytes: s.long("log.cleaner.dedupe.buffer.size"),
	}
}

func (b *Broker) groups(s settings) {
	b.Groups = Groups{
		MinSessionTimeoutMs:      s.long("group.min.session.timeout.ms"),
		MaxSessionTimeoutMs:      s.long("group.max.session.timeout.ms"),
		InitialRebalanceDelayMs:  s.long("group.initial.rebalance.delay.ms"),
		MaxSize:                  s.int("group.max.size"),
		OffsetMetadataMaxBytes:   s.int("offset.metadata.max.bytes"),
		OffsetsCommitTimeoutMs:   s.long("offsets.commit.timeout.ms"),
		OffsetsRetentionMs:       s.long("offsets.retention.minutes") * minute,
		OffsetsRetentionCheckMs:  s.long("offsets.retention.check.interval.ms"),
		OffsetsPartitions:        s.int32("offsets.topic.num.partitions"),
		OffsetsReplicationFactor: s.int16("offsets.topic.replication.factor"),
		OffsetsSegmentBytes:      s.int32("offsets.topic.segment.bytes"),
	}
}

// agree checks keys against one another, as Kafka's KafkaConfig.validateValues does.
func (b *Broker) agree(s settings) error {
	below := func(small, large string) error {
		x, y := s.long(small), s.long(large)
		if x <= y {
			return nil
		}
		if _, set := b.origins[small]; set {
			return b.wrong(fmt.Sprintf("%d is more than %s=%d", x, large, y), small)
		}
		return b.wrong(fmt.Sprintf("%s=%d is more than it", small, x), large)
	}
	for _, pair := range [][2]string{
		{"replica.fetch.wait.max.ms", "replica.socket.timeout.ms"},
		{"replica.fetch.wait.max.ms", "replica.lag.time.max.ms"},
		{"group.min.session.timeout.ms", "group.max.session.timeout.ms"},
	} {
		if err := below(pair[0], pair[1]); err != nil {
			return err
		}
	}
	if s.long("log.retention.ms") == 0 {
		return b.wrong("must be at least 1, or -1 for ever", alternatives["log.retention.ms"]...)
	}
	if s.long("log.roll.ms") < 1 {
		return b.wrong("must be at least 1", alternatives["log.roll.ms"]...)
	}
	if s.long("default.replication.factor") < 1 {
		return b.wrong("must be at least 1", "default.replication.factor")
	}
	if threads := s.long("log.cleaner.threads"); b.Log.CleanerEnable && threads > 0 && b.Log.CleanerDedupeBufferBytes/threads <= 1<<20 {
		return b.wrong("must be more than 1 MiB for each of log.cleaner.threads", "log.cleaner.dedupe.buffer.size")
	}
	return nil
}
