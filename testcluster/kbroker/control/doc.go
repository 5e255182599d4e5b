// Package control is the part that one broker plays in the control of its cluster: it stands for election as the
// controller, and while it is the controller it carries out what package controller finds due, answers the requests
// that are a controller's, and finds out which brokers are gone. It does not decide who leads what (package
// controller), does not register the broker, and moves no records. The broker (package kbroker) makes one Control.
//
//	c := control.New(control.Options{Self: 1, Mirror: m, ZK: zk, Dial: dial, Logger: log})
//	server := wire.NewServer(wire.Options{Rows: slices.Concat(c.Rows(), ...)})
//	c.Registered(epoch)   // after each registration in /brokers/ids
//	c.SessionLost()       // when ZooKeeper has ended the session
//	err := c.Leave(ctx)   // controlled shutdown: give leaderships away, before listeners close
//	c.Close()
//
// # Who is gone
//
// ZooKeeper knows that a broker is gone when its session ends, which takes the session's timeout. A refused connection
// says so at once: whoever listened there exists no more. So the controller keeps a connection to each broker, and each
// broker keeps one to the controller's. A connection that ends is a reason to dial again, a refusal is proof. The
// controller then plans as if the broker's znode were gone, until a broker answers there again; any broker takes over
// from a controller that refuses. That is safe without the session's end: leader epochs and conditional writes fence
// whoever comes back. A broker that is paused or cut off does not refuse, and is waited for.
//
// Sources: KafkaController, KafkaZkClient and KafkaServer.controlledShutdown of Apache Kafka 2.7; KIP-380, KIP-455,
// KIP-460.
package control
