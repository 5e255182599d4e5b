// Package kmodel is what people and commands see of Kafka: clusters, topics, records, groups, configurations. It is
// the vocabulary between the client (clientproto/kafka) and who uses it: shell/command's Kafka interface, the
// commands of shell/kafkacmd, the monitor. It is no wire format (that is kmsg's) and does nothing.
//
// Times are milliseconds since 1970 as on the wire, -1 where there is none. An error that stands in a field named
// Err belongs to that one thing: the others of the same answer are good. Errors of brokers wrap kproto.Error.
package kmodel
