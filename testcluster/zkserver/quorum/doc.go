// Package quorum runs a consensus core: it is what testcluster/zab leaves to its driver. A
// [Node] owns the links to the other servers, the election port and the goroutine of the
// transaction log, and stands between the core and the server around it, the [App].
//
// It knows no znode, session or client, and decides nothing: the core does. Its caller is
// testcluster/zkserver.
//
//	durable, err := quorum.Load(folder, log, tree.LastZxid())
//	node, err := quorum.Start(quorum.Options{Core: config, Durable: durable, Folder: folder, Log: log, App: server, …})
//	err = node.Propose(func(zxid zab.Zxid) []byte { return txn }) // and App.Commit has it later
//
// # One lock
//
// Whoever has news - a link's reader, the log's goroutine, the ticker, the election port, a
// proposer - takes the node's lock, feeds the core, and hands what is to be done to queues
// that do not block: the links', the log writer's, the App's. There is no I/O under the lock
// and no goroutine between a packet and what follows from it. What has to wait - dials, the
// quorum port, snapshots and log files for learners - has goroutines of its own, and Close
// waits for all of them.
//
// # The disk
//
// The order of [zab.Ready.Disk] is that of the log's goroutine (txnlog.Writer): transactions
// are written in batches of one sync, and what is not a transaction - epoch files, a cut of
// the log, a snapshot from the leader - runs between two batches. As operations are done in
// order, their number is the sequence number that the core waits for.
//
// A log has no holes, which is what makes it good for bringing learners up to date. Two
// things could leave one: a snapshot from the leader, and a crash after a snapshot of
// transactions that other servers' disks had, and this one's had not yet. In both cases the
// log is begun anew behind the snapshot ([txnlog.Folder.Supersede]).
//
// Source: QuorumPeer, Learner, LearnerHandler and SyncRequestProcessor of ZooKeeper 3.9.
package quorum
