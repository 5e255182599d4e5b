package records

import "fmt"

// ID is a record's name: its producer, and its place among what that producer has sent, over all partitions.
type ID struct {
	Producer, Number int
}

func (id ID) String() string { return fmt.Sprintf("record %d of producer %d", id.Number, id.Producer) }

// Sent is a record that a producer has handed to its client, with what it was told. Unknown says that it was told
// nothing, or of an error: then the record may be there or not, and Offset means nothing.
type Sent struct {
	ID
	Partition int32
	Offset    int64
	Unknown   bool
}

// Stored is a record as a partition's log has it.
type Stored struct {
	ID
	Partition int32
	Offset    int64
}

// Given is a record that a member of the group got.
type Given struct {
	Stored
	Member string
}

// Problem is a rule that was broken, with what broke it.
type Problem struct {
	Rule string
	What string
}

func (p Problem) String() string { return p.Rule + ": " + p.What }

// The rules.
const (
	Lost       = "an acknowledged record is lost"
	Moved      = "an acknowledged record is not where it was said to be"
	Twice      = "a record is there more than once"
	Reordered  = "a producer's records are out of order"
	NeverSent  = "a record is there that nobody has sent to that partition"
	SameOffset = "one offset has two records"
	Phantom    = "a member was given a record that the log does not have there"
	Withheld   = "an acknowledged record was given to no member of the group"
	Diverged   = "replicas differ"
	Short      = "a replica lacks what is committed"
)

func problem(rule, format string, args ...any) Problem {
	return Problem{rule, fmt.Sprintf(format, args...)}
}
