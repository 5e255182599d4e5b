// Package shape knows where in a request's body the lengths, the counts and the tag sections stand, and checks them
// against the bytes that are there, before anybody decodes the body. It decodes nothing itself.
//
// It stands in front of kmsg's generated decoders, which are written for answers of servers that one trusts: they count
// down as many tags as a section announces, up to 2^32 of them, whether there are bytes left or not, and they make room
// for what a body announces at many times its size. A body that passes here is one that they go through in a time
// proportional to its length, and [Shape.Check] says how much memory they take for it at most.
//
// The table has the requests that a broker decodes by kmsg; Produce and Fetch are parsed by hand elsewhere. Package wire is
// the only caller. The judge of the table is kmsg itself: what it encodes, in each version, is walked to exactly its end.
//
// Source: the message definitions of Apache Kafka (clients/src/main/resources/common/message), KIP-482.
package shape
