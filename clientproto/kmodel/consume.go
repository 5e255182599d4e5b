package kmodel

// Start is a kind of place to read from.
type Start uint8

// The kinds. The zero value is the end.
const (
	StartEnd     Start = iota // N records before the end of each partition; 0: only what comes from now on
	StartBegin                // N records after the first that is kept
	StartAt                   // offset N
	StartTime                 // the first record at or after the time N
	StartTail                 // the newest N records of all partitions together, by their times
	StartCommits              // the group's commits, and the beginning where there is none
)

// Position is where reading begins.
type Position struct {
	Start Start
	N     int64
}

// ConsumeOptions say what is read.
type ConsumeOptions struct {
	Topics []string
	// Regex tells that Topics are regular expressions, of which a whole name must match one.
	Regex bool
	// Partitions are those to read; nil is all. Not with a Group.
	Partitions []int32
	// From is where to begin; of a Group, where it has no commit.
	From Position
	// Group is the consumer group to be a member of; "" is none.
	Group string
	// NoCommit keeps a member of a Group from committing what was read.
	NoCommit bool
	// UntilEnd ends reading at the ends that the partitions had when it began.
	UntilEnd bool
	// ReadCommitted hides records of transactions that are open or were aborted.
	ReadCommitted bool
	// Extra are Java's consumer properties, as a configuration file has them. They win over the file.
	Extra map[string]string
}
