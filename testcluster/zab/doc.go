// Package zab is the consensus core of a ZooKeeper server: the election of a leader
// (FastLeaderElection) and atomic broadcast by it (ZAB: discovery, synchronisation,
// broadcast), for voters and observers.
//
// It is a deterministic state machine without network, disk, clock or goroutine. A driver
// (testcluster/zkserver) feeds it what happens - ticks, messages, broken links, what has become
// durable - and carries out what [Ready] says. The same inputs give the same outputs, which
// is what its simulator (testcluster/zab/zabtest) lives on.
//
// It does not look into transactions, which are bytes with a zxid, nor does it know
// sessions, clients or the tree: forwarded requests and the like pass between drivers.
//
// Source: FastLeaderElection, Leader, LearnerHandler, Learner, Follower and Observer of
// ZooKeeper 3.9; Junqueira, Reed and Serafini, "Zab: High-performance broadcast for
// primary-backup systems" (DSN 2011).
package zab
