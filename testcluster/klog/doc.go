// Package klog keeps the partition logs of a Kafka broker, in Kafka's own file formats: Apache's broker (2.7) starts on
// a folder that this package has written, in order or in a crash, and the other way round.
//
// It is not a broker: who leads, who follows and how far the high watermark is, its callers say, which are
// testcluster/kbroker and its packages. It knows no sockets and no ZooKeeper.
//
//	dir, err := klog.Open(ctx, klog.Options{FS: storage.Disk(), Path: "/data/kafka", BrokerID: 1})
//	log, err := dir.Create("topic", 0, klog.Incarnation{Czxid: czxid})
//	a, err := log.AppendLeader(batch, epoch, klog.AppendOptions{})      // takes the bytes over
//	log.SetHighWatermark(a.Last + 1)
//	chunk, err := log.Read(0, 1<<20, log.HighWatermark(), true)
//	send(chunk.Bufs)
//	chunk.Release()
//	err = dir.Close()
//
// # Files
//
// A log folder holds meta.properties (whose folder it is), a folder for each partition, and checkpoints, text with an
// offset for each: recovery-point-offset-checkpoint, replication-offset-checkpoint (the high watermarks),
// log-start-offset-checkpoint and cleaner-offset-checkpoint. .lock keeps other processes out; .kafka_cleanshutdown says
// that all was closed in order. A deleted log's folder ends in -delete until it is removed.
//
// A partition's folder, topic-0, holds segments, each named by the first offset it may have:
//
//	00000000000000000042.log        record batches, one behind the other: see clientproto/kproto
//	00000000000000000042.index      i32 offset - 42 | i32 position    of a batch's last offset, one in 4 KiB
//	00000000000000000042.timeindex  i64 timestamp | i32 offset - 42   the largest timestamp so far
//	00000000000000000042.snapshot   the idempotent producers as of offset 42
//
// and beside them leader-epoch-checkpoint, partition.metadata (the topic's id), and our own zoka-incarnation,
// zoka-cleaner and, after a failed sync, zoka-sync-failed, which Kafka passes over.
//
// # What survives
//
// As in Kafka an append is in the page cache, and replicas are what makes it safe; flush.messages and flush.ms ask for
// more. The recovery point of a log is the offset before which all is durable. Recovery reads on from there: it
// checks every batch, makes the indexes anew and ends the log before the first batch that is not whole. Nothing
// before the recovery point is lost, and nothing torn is served, whatever instant the power fails at:
//   - the recovery point moves after the bytes, the names, the old indexes and the epochs are durable;
//   - before other bytes can stand below it, as after a truncation, it goes back, durably, and the cut is synced;
//   - files go in an order in which every beginning of it leaves a log without a hole: the newest first where the end is
//     cut, the oldest first in retention, and in a compaction as swap.go tells;
//   - after the first thing that its disk does not do the folder takes no more appends, see failure.go; after a failed
//     sync the next recovery writes again what it can read.
//
// # Locks
//
// A log has two, see [Log]: one orders appends, the other one orders all else that writes its files. Readers take
// none: they see the list of segments, and the end, as published last, and read again if a truncation came in between.
// The last batches of each log are in memory as well, so that readers near the end need no disk.
//
// # Not here
//
// Transactions: batches and markers of Kafka's are kept and counted as they stand, but there is no index of aborted
// ones, and no last stable offset. Message formats before 2. Memory-mapped indexes, preallocation, moving a log from one
// folder to another.
//
// Source: kafka.log of Kafka 2.7: Log, LogSegment, LogManager, LogCleaner, LogValidator, OffsetIndex, TimeIndex,
// ProducerStateManager, kafka.server.epoch.LeaderEpochFileCache.
package klog
