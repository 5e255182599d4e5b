package torture

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zoka-project/zoka/testcluster/check/history"
)

// Config says what to run. Binary and Length are needed.
type Config struct {
	Binary           string // the zoka program
	Nodes, Observers int    // Nodes vote; 3 for 0
	Seed             uint64
	Length           time.Duration // of the time with faults
	// Kafka gives each node a broker. The load is producers and a group of consumers then.
	Kafka bool
	// Dir is where the ensemble's folder is made; "" is the system's folder for temporary files.
	Dir string
	// Keep is a folder, made if need be, for histories, schedule and the nodes' files of a run with problems.
	Keep string
	// Settings are further lines of each node's zoo.cfg.
	Settings []string
	// Faults are the names of those to be used; nil is all, and an empty list none.
	Faults []string
	// Reads says which reads must be linearizable.
	Reads history.Reads
	// Foreign, if set, connects another client: it is one more writer of registers.
	Foreign func(ctx context.Context, servers []string, session time.Duration) (Foreign, error)
	// Log takes what is done to the ensemble, a line each; nil is nobody.
	Log io.Writer
	// Ruin, if set, is called when the faults are over and all is mended: what it breaks must be found.
	Ruin func(ctx context.Context, r *Ruins) error
}

// tick is the ensemble's tickTime: it makes all times short. sessionTime is what most sessions last, and a pause longer
// than that is what ends them.
const (
	tick        = 200 * time.Millisecond
	sessionTime = 1500 * time.Millisecond
	// ownerTime is the timeout of sessions that mean to outlive faults.
	ownerTime = 4 * time.Second
)

// Report is what a run has done and found.
type Report struct {
	Seed       uint64
	Faults     map[string]int // by name
	Ops        int            // operations in histories
	Unknown    int            // of them without an answer
	Znodes     int            // whose histories the model checker has judged
	Checked    int            // operations in those
	Undecided  int            // znodes for which its time was not enough
	Ephemerals int            // whose life was judged
	Sessions   int            // of those that were left or closed
	Events     int            // of watches
	// Transactions are those that all nodes' logs have had in the end, compared with each other and with the histories.
	Transactions int
	// With Kafka: records that producers have handed over, and of them those that they heard nothing of; records in the
	// topic's log, and those that members of the group were given; and offsets whose replicas were compared, of all topics.
	Sent, Unsure, Records, Given, Committed int

	Problems []string
	Kept     string // the folder, "" of none
}

// Injections is how many faults there were.
func (r *Report) Injections() (n int) {
	for _, count := range r.Faults {
		n += count
	}
	return n
}

// Add sums up.
func (r *Report) Add(o *Report) {
	if r.Faults == nil {
		r.Faults = map[string]int{}
	}
	for name, n := range o.Faults {
		r.Faults[name] += n
	}
	r.Ops += o.Ops
	r.Unknown += o.Unknown
	r.Znodes += o.Znodes
	r.Checked += o.Checked
	r.Undecided += o.Undecided
	r.Ephemerals += o.Ephemerals
	r.Sessions += o.Sessions
	r.Events += o.Events
	r.Transactions += o.Transactions
	r.Sent += o.Sent
	r.Unsure += o.Unsure
	r.Records += o.Records
	r.Given += o.Given
	r.Committed += o.Committed
	r.Problems = append(r.Problems, o.Problems...)
}

// Tell is the beginning of each problem, a line each, and where the rest is. A run that goes wrong has many.
func (r *Report) Tell() string {
	const most = 20
	var b strings.Builder
	for _, p := range r.Problems[:min(most, len(r.Problems))] {
		line, _, _ := strings.Cut(p, "\n")
		b.WriteString(line + "\n")
	}
	if more := len(r.Problems) - most; more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	if r.Kept != "" {
		fmt.Fprintf(&b, "kept in %s\n", r.Kept)
	}
	return b.String()
}

// String is the report in one line, without the problems' text.
func (r *Report) String() string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
		faults = append(faults, fmt.Sprintf("%s %d", name, r.Faults[name]))
	}
	if r.Sent > 0 {
		return fmt.Sprintf("%d faults (%s), %d records sent (%d without an answer), %d in the logs, %d given to the group, %d offsets of 3 replicas compared, %d problems",
			r.Injections(), strings.Join(faults, ", "), r.Sent, r.Unsure, r.Records, r.Given, r.Committed, len(r.Problems))
	}
	return fmt.Sprintf("%d faults (%s), %d operations (%d without an answer), %d znodes with %d operations model-checked (%d undecided), %d ephemerals, %d sessions, %d events, %d transactions in logs, %d problems",
		r.Injections(), strings.Join(faults, ", "), r.Ops, r.Unknown, r.Znodes, r.Checked, r.Undecided, r.Ephemerals, r.Sessions, r.Events, r.Transactions, len(r.Problems))
}
