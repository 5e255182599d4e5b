// Package partitions is the data plane of a broker: the replicas it has, as leader or follower, and the requests for their
// records.
//
// A [Manager] is told of each new image of the cluster ([Manager.Apply]), and makes the replicas on this broker what the
// image says: leaders, which take records and serve them; followers, which copy their leaders' logs, one connection for
// all partitions that one broker leads; or neither. Changes of the ISR it writes to ZooKeeper itself, conditionally.
// [Manager.Rows] are its APIs: Produce, Fetch, ListOffsets, DeleteRecords, OffsetForLeaderEpoch, DescribeLogDirs and
// AlterReplicaLogDirs. Coordinators, whose state is a partition, use [Manager.Append] and [Manager.ReadLocal].
//
// It is not the log (testcluster/klog), not the rules of replication (testcluster/replica), and elects nobody
// (testcluster/controller). Its caller is the root of the broker.
//
// # Who owns what
//
// A partition's lock orders what changes its role and its log: appends, truncations, fetch positions of followers. No
// network, no callback and no request's answer happens under it, but the append itself does. A request that must wait (a
// produce with acks=all, a fetch with too few bytes, a deletion of records) is parked as a small struct in the partitions
// that it waits for, and whoever makes the condition true finishes it. One heap has all timeouts.
//
// Sources: kafka.server.ReplicaManager, kafka.cluster.Partition, FetchSession and ReplicaFetcherThread of Apache Kafka 2.7;
// KIP-101, KIP-227, KIP-320, KIP-595.
package partitions
