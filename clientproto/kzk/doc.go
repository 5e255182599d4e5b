// Package kzk is what Kafka keeps in ZooKeeper, up to Kafka 2.7: the paths, the JSON of each
// znode in both directions, and [Image], all of it as one value.
//
// It is pure: znodes come in as bytes, answers go out as values. Who reads a live ZooKeeper, and
// when, is for its callers: the broker's mirror, the controller, the shell and the monitor.
// Written is what Kafka 2.7 writes, key by key in its order; read are all versions there were.
//
// Source: kafka.zk.ZkData, kafka.cluster.Broker, kafka.server.ConfigHandler's notifications.
package kzk
