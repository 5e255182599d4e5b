// Package controller decides what the controller of a Kafka cluster has to write: it turns an image of the cluster's
// znodes into the changes that are due. There is no clock, no connection and no memory in it: [Plan] is called again
// after each change until nothing is due (it is level-triggered), so a controller that takes over in the middle of
// anything simply goes on. Package kbroker/control calls it, reads and writes ZooKeeper, and knows who is alive.
//
//	for _, change := range controller.Plan(controller.Input{Image: image, Epoch: 7, EpochVersion: 7}) {
//		multi(append([]zkproto.MultiOp{controller.Fence(7)}, change.Ops...))
//	}
//
// # What is due
//
//	partition                                   due
//	has no state yet                            leader = first live replica, ISR = all live replicas, epoch 0
//	leader gone, leaving, or a new process      leader = first live replica of the ISR; the ISR without who is gone
//	  nobody of the ISR is live                 leader -1, the ISR kept for who comes back
//	  nor registered, if the topic is unclean   leader = first live replica, ISR = it alone
//	has no leader, one of the ISR came back     that leader
//	the last of the ISR has resigned, offline   as if it were gone, until it is a new process
//	leader stays, others of the ISR are gone    the ISR without them: acks=all would wait for them
//	moves, and all targets are in the ISR       the targets alone are replicas; leader and ISR from among them
//
// Every change of leader or ISR made here has a leader epoch of its own, one higher; changes of the ISR by the leader
// keep it. Every write depends on the version of what it replaces, so that a leader's own write of the ISR, which the
// image does not have yet, makes the change fail instead of being lost; and each is fenced by the version of
// /controller_epoch, so that a controller that was replaced writes nothing.
//
// A live broker is one that is registered and has not refused a connection. A broker that has started after a state was
// written is another process than the one that the state knows, and may have lost the end of its log: as a leader it is
// elected anew with a new epoch, as a member of the ISR it has to come back by itself. One that has only lost its session,
// and has another, is as it was.
//
// Sources: KafkaController, PartitionStateMachine, ReplicaStateMachine, TopicDeletionManager and Election of Apache
// Kafka 2.7; KIP-455 (reassignment), KIP-460 (ElectLeaders).
package controller
