// Package zab is the consensus core of a ZooKeeper server: the election of a leader
// (FastLeaderElection) and atomic broadcast by it (ZAB: discovery, synchronisation,
// broadcast), for voters and observers.
//
// It is a deterministic state machine without network, disk, clock or goroutine. A driver
// (testcluster/zkserver) feeds it what happens - ticks, messages, broken links, what has become
// durable - and carries out what [Ready] says. The same inputs give the same outputs, which
// is what its simulator (testcluster/zab/zabtest) lives on.
//
//	core, err := zab.New(config, durable)
//	for {
//		// One thing that has happened: core.Tick(), core.Receive(link, packet), core.Persisted(seq) ...
//		if ready, ok := core.Ready(); ok {
//			// ready.Role, then Send, Disk, Commit ... in any order among themselves
//		}
//	}
//
// To learn the protocol from it, read election.go, then learner.go and learner_sync.go, which are one learner's way to
// its leader, then leader.go, handler.go and leader_plan.go, which are the leader's to it, and leader_stream.go, which
// is what it is all for.
//
// It does not look into transactions, which are bytes with a zxid, nor does it know
// sessions, clients or the tree: forwarded requests and the like pass between drivers.
//
// Source: FastLeaderElection, Leader, LearnerHandler, Learner, Follower and Observer of
// ZooKeeper 3.9; Junqueira, Reed and Serafini, "Zab: High-performance broadcast for
// primary-backup systems" (DSN 2011).
package zab
