package replica

import "github.com/zoka-project/zoka/clientproto/kproto"

// Log is what is asked of a replica's log. Offsets are as in Kafka: End is that of the next record.
type Log interface {
	StartOffset() int64
	EndOffset() int64
	// LatestEpoch is the highest leader epoch that the log knows, -1 for none.
	LatestEpoch() int32
	// EndOffsetForEpoch returns the largest known epoch that is not above epoch, and where it ends; (-1, -1) for an epoch
	// above all that are known. For one below all it returns that epoch, and where the first known one begins.
	EndOffsetForEpoch(epoch int32) (int32, int64)
}

// Follower is a replica that copies the log of a leader in one epoch.
type Follower struct {
	Leader int32
	Epoch  int32
}

// Answer is what the leader said to a fetch from Offset.
type Answer struct {
	Epoch  int32 // leader epoch of the fetch
	Offset int64
	Err    kproto.Error

	HighWatermark int64
	LogStart      int64
	// Diverging is set where the logs part before Offset: EndEpoch and End are the leader's answer to the follower's
	// latest epoch, as in OffsetForLeaderEpoch.
	Diverging bool
	EndEpoch  int32
	End       int64
	// Bytes is how much of the log came along.
	Bytes int
}

// Kind is what a follower is to do.
type Kind int

const (
	// Ignore: the answer is of another epoch, or no longer fits the log.
	Ignore Kind = iota
	// Append the bytes, then move high watermark and log start to those of the Step.
	Append
	// Truncate the log to Step.Offset, and fetch again. Epochs that begin there go too, also if no record does: a leader that
	// wrote nothing has left one at its end.
	Truncate
	// Restart throws the log away and begins an empty one at Step.Offset.
	Restart
	// Bounds asks the leader where its log begins and ends, then see [Follower.OutOfRange].
	Bounds
	// Wait: the leader, or this replica, does not know of the other's epoch yet. Fetch again in a moment.
	Wait
)

func (k Kind) String() string {
	return [...]string{"ignore", "append", "truncate", "restart", "bounds", "wait"}[k]
}

// Step is what is due. HighWatermark and LogStart count for Append, and are those of the leader: the follower caps them to its
// own log. A new leader's may be behind what the follower knows to be safe already: then it keeps its own.
type Step struct {
	Kind          Kind
	Offset        int64
	HighWatermark int64
	LogStart      int64
}

// Answered returns what to do with an answer.
//
//	answer                                 step
//	of another epoch, or log moved on      Ignore
//	diverging                              Truncate to where the logs part; Restart, if that is before its start
//	no error                               Append, also of nothing
//	OFFSET_OUT_OF_RANGE                    Bounds
//	any other error                        Wait
func (f Follower) Answered(log Log, a Answer) Step {
	switch {
	case a.Epoch != f.Epoch, a.Offset != log.EndOffset():
		return Step{Kind: Ignore}
	case a.Err == kproto.OffsetOutOfRange:
		return Step{Kind: Bounds}
	case a.Err != kproto.NoError:
		return Step{Kind: Wait}
	case a.Diverging:
		return truncate(log, Parting(log, a.EndEpoch, a.End))
	}
	return Step{Kind: Append, HighWatermark: a.HighWatermark, LogStart: a.LogStart}
}

// OutOfRange returns what to do when the leader does not have the follower's end: its log is [leaderStart, leaderEnd).
//
//	leader ends before the follower     Truncate: it was elected although it was behind
//	leader begins behind the follower   Restart at the leader's beginning: the records between are gone
//	otherwise                           Wait: the leader has moved meanwhile
func (f Follower) OutOfRange(log Log, leaderStart, leaderEnd int64) Step {
	switch end := log.EndOffset(); {
	case leaderEnd < end:
		return truncate(log, leaderEnd)
	case leaderStart > end:
		return Step{Kind: Restart, Offset: leaderStart}
	}
	return Step{Kind: Wait}
}

// truncate is a Restart where all of the log goes, and records before its start may have to come again.
func truncate(log Log, offset int64) Step {
	if offset < log.StartOffset() {
		return Step{Kind: Restart, Offset: offset}
	}
	return Step{Kind: Truncate, Offset: offset}
}

// Parting returns the offset to truncate a follower's log to, when the leader answers its latest epoch with (epoch, end).
// Where the follower does not have that epoch the logs may part still earlier: the next fetch, or question, tells.
//
// Source: AbstractFetcherThread.getOffsetTruncationState.
func Parting(log Log, epoch int32, end int64) int64 {
	own, ownEnd := log.EndOffsetForEpoch(epoch)
	switch {
	case own < 0: // the log knows no epoch that low: all it has is the leader's business
		ownEnd = end
	case own == epoch:
		ownEnd = min(ownEnd, end)
	}
	return min(ownEnd, log.EndOffset())
}
