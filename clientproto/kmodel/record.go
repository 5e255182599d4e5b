package kmodel

// Header is a header of a record. Keys may repeat, and their order counts.
type Header struct {
	Key   string
	Value []byte // nil is null
}

// Record is a record, on its way in or out.
type Record struct {
	Topic     string
	Partition int32 // -1 on the way in: the partitioner's choice
	Offset    int64
	Timestamp int64 // -1 on the way in: now
	// LogAppendTime tells that the timestamp is the broker's, not the producer's.
	LogAppendTime bool
	LeaderEpoch   int32  // -1: not told
	Key, Value    []byte // nil is null, which is not the same as empty
	Headers       []Header

	// Source is the client's own form of a record that came from it, for its formatter. Nobody else looks at it.
	Source any
}
