// Package kconf is the configuration of Apache Kafka 2.7: every key of a broker and of a topic, and what a
// server.properties says.
//
// A key is a row of one table: name, type, default, validator, and whether zoka acts on it. From that table come
// [LoadBroker] with its errors and warnings, the validation of what clients set, what DescribeConfigs answers, and the
// shell's completion. It opens no file but the one it is told to load, and does not know what the broker does with a
// value. The broker and its parts call it; so may tests and tools.
//
//	broker, warnings, err := kconf.LoadBroker("server.properties")
//	topic := broker.Topic(map[string]string{"retention.ms": "1000"})
package kconf
