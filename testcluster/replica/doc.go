// Package replica has the rules by which the replicas of a partition keep the same log: what its leader counts, and what
// its followers do with an answer.
//
// A [Leader] knows how far each replica has come. From that it derives the high watermark, below which records are safe,
// and the changes of the ISR (the replicas that must have a record before it is safe) that are due. A change of the ISR is
// a conditional write of the partition's state in ZooKeeper; one is in flight at a time. A [Follower] turns an answer to
// its fetch into the next [Step]: append, truncate, start over, wait, or stop.
//
// The state machines have no clock, disk, network, goroutine or lock: time and positions are handed in, and outputs are
// values. A broker's partitions drive them, one driver at a time. The files in testdata are their manual.
//
// # What keeps records safe
//
// A record is exposed (below the high watermark) only when each replica that may become leader has it. Which replicas may,
// the state in ZooKeeper says, and while a change of it is under way nobody knows which of both states counts. So a
// leader counts the larger set for its high watermark (the maximal ISR), and the committed one for min.insync.replicas.
// A leader that was replaced, or has lost ZooKeeper, cannot shrink the ISR: so alone it exposes nothing more.
// A follower truncates only to where its log and the leader's part, found by leader epochs (KIP-101, KIP-279), and never
// to its own high watermark, which is behind what the leader exposed.
//
// Source: kafka.cluster.Partition, kafka.server.AbstractFetcherThread and LeaderEpochFileCache of Apache Kafka 2.7.
package replica
