package kbroker

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// Start returns a broker that is registered and serves. Where ctx ends first, or anything is in the way, nothing of it is
// left.
func Start(ctx context.Context, o Options) (*Broker, error) {
	o = o.withDefaults()
	b := &Broker{
		o: o, log: o.Logger, links: newLinks(o.Dial), session: newSession(), applied: newApplied(), done: make(chan struct{}),
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"listeners", b.prepareListeners},
		{"ZooKeeper", b.connect},
		{"ZooKeeper", b.patiently(b.makePaths)},
		{"the cluster's id", b.patiently(b.findCluster)},
		{"the broker's id", b.patiently(b.findID)},
		{"the cluster's state", b.startMirror},
		{"log folders", b.openLogs},
		{"listeners", b.listen},
		{"the parts", b.startParts},
		{"registration", b.patiently(b.enroll)},
	} {
		if err := step.do(ctx); err != nil {
			b.abandonStart()
			return nil, fmt.Errorf("start the broker: %s: %w", step.what, err)
		}
	}
	b.serve()
	return b, nil
}

// patiently does a step with ZooKeeper for as long as the ensemble may take, which may just be electing a leader; and for
// as long as a session of before may be in the way.
func (b *Broker) patiently(step func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		patience := millis(b.o.Config.ZooKeeper.ConnectionTimeoutMs)
		ctx, cancel := context.WithTimeout(ctx, patience+b.leftoverPatience())
		defer cancel()
		return b.persist(ctx, step)
	}
}

// abandonStart takes back what a start has done that cannot go on.
func (b *Broker) abandonStart() {
	_ = b.Close() // the error of the start is the one that matters
	for _, ln := range b.o.Listeners {
		_ = ln.Close() // Close has done it where it was in use already
	}
}

func (b *Broker) prepareListeners(context.Context) error { return checkListeners(b.o.Config) }

// startMirror loads what ZooKeeper says of the cluster. An event of the session that comes before the mirror is told of
// them would be missed, so it is told of one that it may know.
func (b *Broker) startMirror(ctx context.Context) (err error) {
	b.mirror, err = mirror.Start(ctx, mirror.Options{ZK: b.zk, Logger: b.log})
	if err == nil {
		b.session.handOnTo(b.mirror.HandleEvent)
		b.mirror.HandleEvent(zkproto.WatchedEvent{Type: zkproto.EventNone, State: b.zk.State()})
	}
	return err
}

// tuning is what server.properties says of the background work on logs.
func tuning(c *kconf.Broker) klog.Tuning {
	t := klog.Tuning{
		HighWatermarkEvery: millis(c.Replication.HighWatermarkCheckpointMs), CheckpointEvery: millis(c.Log.FlushOffsetCheckpointMs),
		RetentionEvery: millis(c.Log.RetentionCheckMs), CompactionEvery: millis(c.Log.CleanerBackoffMs),
	}
	if !c.Log.CleanerEnable {
		t.CompactionEvery = math.MaxInt64
	}
	// By default Kafka never looks whether flush.ms is over, recovers logs one after another, and takes 128 MiB to compact
	// them; klog knows better.
	if _, set := c.Values["log.flush.scheduler.interval.ms"]; set {
		t.FlushEvery = millis(c.Log.FlushSchedulerMs)
	}
	if _, set := c.Values["num.recovery.threads.per.data.dir"]; set {
		t.RecoveryThreads = c.Log.RecoveryThreads
	}
	if _, set := c.Values["log.cleaner.dedupe.buffer.size"]; set {
		t.CompactionMapEntries = max(1, int(c.Log.CleanerDedupeBufferBytes/24*9/10)) // 24 bytes each, filled to nine tenths
	}
	return t
}

// millis is n milliseconds, or the longest time there is: Kafka's way to say never.
func millis(n int64) time.Duration {
	if n > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Millisecond
}

// startParts makes the parts. They are told of the cluster when the broker is registered.
func (b *Broker) startParts(context.Context) error {
	c := b.o.Config
	b.parts = partitions.New(partitions.Options{
		Self: b.id, Dirs: b.dirs, OfflineDirs: b.offlineDirs, ZK: b.zk, Logger: b.log, Now: b.o.Now,
		Dial: b.dialBroker, TopicConfig: b.topicConfig,
		ReplicaLagMs: c.Replication.LagTimeMaxMs, FetchWaitMs: c.Replication.FetchWaitMaxMs,
		FetchBackoffMs: c.Replication.FetchBackoffMs, FetchMinBytes: c.Replication.FetchMinBytes,
		FetchMaxBytes: c.Replication.FetchMaxBytes, FetchResponseMaxBytes: c.Replication.FetchResponseMaxBytes,
		ClientFetchMaxBytes: c.Requests.FetchMaxBytes, FetchSessions: c.Requests.FetchSessions,
	})
	b.admin = admin.New(admin.Options{Self: b.id, Config: c, Mirror: b.mirror, ZK: b.zk, Logger: b.log, Now: b.o.Now})
	b.creator = newCreator(b.createTopic, b.log)
	b.groups = groups.New(groups.Options{
		Self: b.id, Config: c.Groups, Log: b.parts, Image: b.mirror.Image, Logger: b.log, Now: b.o.Now,
		MaxBatch:    func() int { return int(b.topicConfigIn(b.mirror.Image(), groups.Topic).MaxMessageBytes) },
		CreateTopic: func(ctx context.Context) error { return b.createTopic(ctx, groups.Topic) },
	})
	b.control = control.New(control.Options{
		Self: b.id, Mirror: b.mirror, ZK: b.zk, Dial: b.dialBroker, Logger: b.log, Now: b.o.Now,
		Config: control.Config{
			DeleteTopics: c.Topics.Delete, Rebalance: c.Control.AutoLeaderRebalance,
			ShutdownTimeout:     millis(c.Control.ControllerSocketTimeoutMs),
			RebalanceInterval:   millis(c.Control.ImbalanceCheckMs),
			ImbalancePercentage: c.Control.ImbalancePercentage,
			Unclean: func(img *kzk.Image, topic string) bool {
				return b.topicConfigIn(img, topic).UncleanLeaderElection
			},
			ShutdownRetries: c.Control.ControlledShutdownMaxRetries,
			ShutdownBackoff: millis(c.Control.ControlledShutdownBackoffMs),
		},
	})
	b.producers = newProducerIDs(b.zk, b.id, b.log)
	b.run(b.creator.run)
	b.run(b.producers.run)
	return nil
}

// serve lets clients in, and watches over the session.
func (b *Broker) serve() {
	c := b.o.Config.Requests
	b.server = wire.NewServer(wire.Options{
		Rows: b.rows(), Logger: b.log,
		MaxRequestBytes: int(c.MaxBytes), MaxIdle: millis(c.MaxIdleMs),
		MaxConnections: int(c.MaxConnections), MaxConnectionsPerIP: int(c.MaxConnectionsPerIP),
		SendBuffer:    b.bufferSize("socket.send.buffer.bytes", c.SendBufferBytes),
		ReceiveBuffer: b.bufferSize("socket.receive.buffer.bytes", c.ReceiveBufferBytes),
	})
	for _, l := range b.listeners {
		b.run(func(context.Context) {
			if err := b.server.Serve(l.name, l.Listener); err != nil {
				b.fail(fmt.Errorf("listener %s: %w", l.name, err))
			}
		})
	}
	b.run(b.watchSession)
}

// bufferSize is a socket buffer's, 0 where nobody asks for one: Kafka's default is small, and what the system chooses by
// itself is better.
func (b *Broker) bufferSize(key string, size int32) int {
	if _, set := b.o.Config.Values[key]; !set {
		return 0
	}
	return max(0, int(size))
}

// rows are all APIs of the broker.
func (b *Broker) rows() []wire.Row {
	rows := []wire.Row{b.metadataRow(), b.describeClusterRow(), b.saslHandshakeRow(), b.producers.row()}
	rows = append(rows, b.parts.Rows()...)
	rows = append(rows, b.admin.Rows()...)
	rows = append(rows, b.groups.Rows()...)
	return append(rows, b.control.Rows()...)
}
