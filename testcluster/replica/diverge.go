package replica

import "github.com/zoka-project/zoka/clientproto/kproto"

// Diverges is the leader's look at a fetch from offset by somebody whose last record there is of epoch (KIP-595, Fetch v12).
// Where the logs part before offset it returns true, and the leader's end of that epoch. An epoch that the leader never
// had, or an offset before its log, is OffsetOutOfRange.
//
// Source: kafka.cluster.Partition.readRecords.
func Diverges(log Log, offset int64, epoch int32) (endEpoch int32, end int64, diverges bool, err error) {
	endEpoch, end = log.EndOffsetForEpoch(epoch)
	if endEpoch < 0 || end < 0 || offset < log.StartOffset() {
		return 0, 0, false, kproto.OffsetOutOfRange
	}
	if endEpoch < epoch || end < offset {
		return endEpoch, end, true, nil
	}
	return 0, 0, false, nil
}

// CheckEpoch compares the leader epoch in a request with the partition's: nil for -1 (the client does not know) and for the
// same, FencedLeaderEpoch for an older one, UnknownLeaderEpoch for a newer one, which this broker has yet to learn of.
func CheckEpoch(asked, epoch int32) error {
	switch {
	case asked < 0 || asked == epoch:
		return nil
	case asked < epoch:
		return kproto.FencedLeaderEpoch
	}
	return kproto.UnknownLeaderEpoch
}
