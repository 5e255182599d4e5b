package kmodel

// Acks is how many replicas must have a record before it counts as written.
type Acks int8

// The values, with Kafka's own numbers.
const (
	AcksAll    Acks = -1
	AcksNone   Acks = 0
	AcksLeader Acks = 1
)

// ProduceOptions say how records are written. The zero value is not useful: see DefaultProduceOptions.
type ProduceOptions struct {
	Acks       Acks
	Idempotent bool // needs AcksAll
	// Compression is none, gzip, snappy, lz4, zstd, or "" for what the configuration file says.
	Compression string
	LingerMs    int64 // -1: what the configuration file says, or the client's default
	// TimeoutMs bounds the life of a record, from Produce to its acknowledgement or failure. 0: the client's default.
	TimeoutMs int64
	// Topics are where records will go, as far as that is known: that their leaders are reached is made sure of first.
	Topics []string
	// AutoCreate lets the broker create the topic, where it is configured to.
	AutoCreate bool
	// Extra are Java's producer properties, as a configuration file has them. They win over the file.
	Extra map[string]string
}

// DefaultProduceOptions write as safely as there is: acks=all, idempotent.
func DefaultProduceOptions() ProduceOptions {
	return ProduceOptions{Acks: AcksAll, Idempotent: true, LingerMs: -1}
}
