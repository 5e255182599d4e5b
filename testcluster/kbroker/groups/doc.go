// Package groups is the group coordinator of one broker: it answers the requests of consumer groups for the partitions of
// __consumer_offsets that the broker leads.
//
// What a group does is decided in package group, one Shard a partition, without clock, disk or goroutine. This package
// gives the shards what they lack: requests and their answers, time, the log they write to and are loaded from. It does
// not know how a log is replicated; [Log] says what it needs of it.
//
// A partition whose leadership comes is read from its log, by a goroutine of its own; requests are answered
// COORDINATOR_LOAD_IN_PROGRESS meanwhile. One whose leadership goes answers NOT_COORDINATOR from then on, also to those
// who wait. The broker's root makes one Coordinator and hands its rows to the server:
//
//	c := groups.New(groups.Options{Self: id, Config: config.Groups, Log: manager, Image: mirror.Image, ...})
//	defer c.Close()
//	rows = append(rows, c.Rows()...)
//
// Sources: GroupCoordinator, GroupMetadataManager and KafkaApis of Apache Kafka 2.7.
package groups
