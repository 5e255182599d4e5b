package kmodel

// Times that ListOffsets takes instead of milliseconds.
const (
	Latest       int64 = -1 // the end: the offset that the next record will have, for readers that see all committed
	Earliest     int64 = -2 // the first offset that is kept
	MaxTimestamp int64 = -3 // of the record with the greatest time; brokers since 3.0
)

// PartitionOffset is an offset of a partition: an answer, a commit, a place to delete up to.
type PartitionOffset struct {
	TopicPartition
	Offset      int64  `json:"offset"`             // -1: none
	Timestamp   int64  `json:"timestamp"`          // of the record at the offset, -1: not told
	LeaderEpoch int32  `json:"leader_epoch"`       // -1: not told
	Metadata    string `json:"metadata,omitempty"` // of a commit
	Err         error  `json:"-"`
}
