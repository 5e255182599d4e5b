package groups

import "github.com/zoka-project/zoka/clientproto/kproto"

// maxUncompressed bounds what the records of one batch may become. The coordinator's own batches are far below.
const maxUncompressed = 64 << 20

// batch makes a batch of records.
func batch(records []kproto.Record) []byte {
	return kproto.AppendBatch(nil, kproto.BatchHeader{
		PartitionLeaderEpoch: -1, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1,
	}, records)
}
