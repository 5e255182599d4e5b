// Package codec has the bodies of Produce and Fetch written by hand: requests and responses, in every version that a broker
// speaks, without copying a record and with few allocations. Everything else in Kafka's protocol is kmsg's, against which
// each of these is tested, in both directions.
//
// Parsed values alias the body. A list grows only as its elements are read, so a body cannot make a parser allocate more
// than a small multiple of its own size. What is left over behind a body is an error; unknown tags are skipped.
//
// Its callers are the broker's partitions: the server's side of both, and the follower's side of Fetch.
//
// Source: ProduceRequest.json, ProduceResponse.json, FetchRequest.json and FetchResponse.json of Apache Kafka 2.7.
package codec
