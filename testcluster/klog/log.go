package klog

import "github.com/zoka-project/zoka/clientproto/kproto"

// Incarnation tells a topic from another one that had the same name before.
type Incarnation struct {
	TopicID kproto.UUID // zero: none
	Czxid   int64       // of /brokers/topics/T; 0: not known
}

// Log is the log of one partition.
type Log struct {
	topic     string
	partition int32
}

// AppendOptions say how [Log.AppendLeader] treats a batch. The zero value is a client's batch.
type AppendOptions struct {
	// Internal is a batch of the broker's own: control batches and any size are allowed.
	Internal bool
	// NoZstd refuses zstd, for requests older than Produce version 7.
	NoZstd bool
}

// Appended says what an append did.
type Appended struct {
	Base, Last    int64 // offsets; Last < Base when nothing was appended
	LogAppendTime int64 // ms; -1 unless the topic has LogAppendTime
	Duplicate     bool  // the batch was there already, at these offsets
	LogStart      int64
	Records       int64 // how many records, Size how many bytes were appended
	Size          int64
	LeaderEpoch   int32 // of the last batch; -1 if there was none
}

// ProducerInfo is what a partition knows of one idempotent producer.
type ProducerInfo struct {
	ID               int64
	Epoch            int16
	LastSequence     int32
	LastOffset       int64
	LastTimestamp    int64
	CoordinatorEpoch int32
	TxnStartOffset   int64 // -1: no transaction is open
}

func (l *Log) Topic() string                      { return l.topic }
func (l *Log) Partition() int32                   { return l.partition }
func (l *Log) Incarnation() Incarnation           { return Incarnation{} }
func (l *Log) SetIncarnation(i Incarnation) error { return nil }

func (l *Log) StartOffset() int64        { return 0 }
func (l *Log) EndOffset() int64          { return 0 }
func (l *Log) HighWatermark() int64      { return 0 }
func (l *Log) RecoveryPoint() int64      { return 0 }
func (l *Log) SetHighWatermark(hw int64) {}
func (l *Log) Size() int64               { return 0 }
func (l *Log) Err() error                { return nil }
func (l *Log) Producers() []ProducerInfo { return nil }
func (l *Log) Flush() error              { return nil }

func (l *Log) AppendLeader(batch []byte, epoch int32, o AppendOptions) (Appended, error) {
	return Appended{}, kproto.KafkaStorageError
}
func (l *Log) AppendFollower(batches []byte) (Appended, error) {
	return Appended{}, kproto.KafkaStorageError
}

// Chunk is a run of whole batches.
type Chunk struct {
	Bufs [][]byte
	Size int   // of all of Bufs
	Next int64 // the offset behind the last batch
}

// Release gives the buffers back; Bufs must not be read afterwards.
func (c *Chunk) Release() {}

func (l *Log) Read(from int64, max int, end int64, atLeastOne bool) (Chunk, error) {
	return Chunk{}, kproto.KafkaStorageError
}
func (l *Log) OffsetForTime(ms int64) (offset, ts int64, epoch int32, err error) {
	return -1, -1, -1, kproto.KafkaStorageError
}
func (l *Log) MaxTimestamp() (offset, ts int64, epoch int32, err error) {
	return -1, -1, -1, kproto.KafkaStorageError
}

func (l *Log) LatestEpoch() int32                                 { return -1 }
func (l *Log) AssignEpoch(epoch int32, start int64) error         { return nil }
func (l *Log) EndOffsetForEpoch(epoch int32) (e int32, end int64) { return -1, -1 }

func (l *Log) Truncate(to int64) error                    { return nil }
func (l *Log) TruncateFullyAndStartAt(offset int64) error { return nil }
func (l *Log) SetStartOffset(offset int64) error          { return nil }
