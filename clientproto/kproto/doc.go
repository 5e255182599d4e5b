// Package kproto is the part of Kafka's wire protocol that is not a message: request and
// response headers, the record batch of format 2 with its records, the table of error codes,
// topic names, topic ids and the hash that picks a group's partition.
//
// It is pure: bytes in, values out. Messages are kmsg's; sockets, files and compression belong
// to the callers (the broker's connections and logs, the client, the shell). Numbers are
// big-endian, as everywhere in Kafka; those inside a record are zigzag varints.
//
// Source: Kafka's RequestHeader, DefaultRecordBatch, DefaultRecord, Errors, Topic and Uuid,
// as of 2.7, with the error codes of later releases.
package kproto
