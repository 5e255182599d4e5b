// Package transport carries what ZooKeeper's servers say to each other, in ZooKeeper's own
// wire formats: notifications over the election port ([ElectionPort]) and packets over the
// quorum port ([Link]).
//
// It does not know what the messages mean: elections and broadcast are testcluster/zab's, and
// testcluster/zkserver is who moves messages between the two. A [Network] is where the bytes
// go: [TCP], or [Memory] in tests. [Cuts] takes a server's cable out while everything runs.
//
//	port, err := transport.ListenElection(ctx, transport.ElectionOptions{
//		ID: 1, Listen: "127.0.0.1:3888", Peers: map[zab.ServerID][]string{2: {"127.0.0.1:3889"}},
//		Received: func(n zab.Notification) { … },
//	})
//	port.Send(zab.Notification{To: 2, State: zab.Looking, …})
//
// Source: QuorumCnxManager, FastLeaderElection, LearnerHandler and Learner of ZooKeeper 3.9.
package transport
