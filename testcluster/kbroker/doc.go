// Package kbroker is a Kafka broker: it speaks Kafka's protocol and keeps Kafka's files, and is coordinated with its
// fellows through ZooKeeper as Kafka 2.7 is.
//
// The package puts the parts together, and has what no part has alone: the session with ZooKeeper, the registration in
// /brokers/ids, the cluster's id, Metadata, producer ids, the order of start and end. The parts are package wire (sockets),
// mirror (what ZooKeeper says), partitions (logs and replication), control (the controller), admin (topics and configs)
// and groups (consumers); each brings its APIs as rows.
//
//	b, err := kbroker.Start(ctx, kbroker.Options{Config: config, Logger: log})
//	defer b.Close()
//
// # Session with ZooKeeper
//
// A broker without a session leads nothing: it answers NOT_LEADER_OR_FOLLOWER until it has a new one, has registered
// again and has read everything again, since watches do not replay what was missed. The loss of a connection alone
// changes nothing: every write that counts is conditional.
//
// It is not a client, and no part of the shell; cmd/zoka and package ensemble call it.
//
// Sources: KafkaServer, KafkaZkClient and KafkaApis of Apache Kafka 2.7.
package kbroker
