package replica

import (
	"slices"
	"time"
)

// State is what ZooKeeper says of a partition that this replica leads.
type State struct {
	Epoch int32
	// Replicas are all that are assigned, those being added included.
	Replicas []int32
	ISR      []int32
	// Version is the state znode's, which the next change of the ISR is conditional on.
	Version int32
}

// unknown is the position of a replica that has not fetched from this leader in its present epoch.
const unknown = -1

// Leader is the leader of one partition in one epoch after another, until it is replaced. Its inputs are the leader's own
// appends, the followers' fetches, time, and what became of its proposals.
type Leader struct {
	self  int32
	lag   time.Duration
	epoch int32
	start int64 // log end offset when the epoch began
	end   int64
	hw    int64

	remotes []remote
	isr     []int32 // committed: as in the state of this version
	version int32

	inFlight *Proposal
	// possible is all that inFlight has ever named: the ISR may be that, if a first write was carried out.
	possible []int32
	refused  bool // the state has another version than is known here: nothing is proposed until it is learnt
}

// remote is what the leader knows of another replica.
type remote struct {
	id       int32
	live     bool
	process  int64 // the one that is, or was last, registered; 0: none has been seen
	end      int64 // its log end offset, or unknown
	logStart int64 // its log start offset, or unknown
	// caughtUp is the last time at which it had all that the leader had.
	caughtUp time.Time
	fetched  time.Time
	// endAtFetch is the leader's log end offset when it fetched last.
	endAtFetch int64
}

// NewLeader returns the leader of a partition whose state names it. end and hw are those of its log; an out of sync
// replica is one that has not been caught up for longer than lag (replica.lag.time.max.ms).
func NewLeader(self int32, lag time.Duration, s State, end, hw int64, now time.Time) *Leader {
	l := &Leader{self: self, lag: lag, hw: hw}
	l.Renew(s, end, now)
	return l
}

// Renew begins another epoch of the same leader. What followers have is unknown until they fetch in it; those in the ISR
// get the whole lag to do so.
func (l *Leader) Renew(s State, end int64, now time.Time) {
	l.epoch, l.start, l.end = s.Epoch, end, end
	l.isr, l.version = slices.Clone(s.ISR), s.Version
	l.inFlight, l.refused = nil, false
	l.remotes = nil
	l.Assign(s.Replicas)
	for i := range l.remotes {
		if r := &l.remotes[i]; slices.Contains(s.ISR, r.id) {
			r.caughtUp = now
		}
	}
	l.advance(now)
}

// Assign takes over other replicas, in the same epoch. Of those that stay nothing is forgotten. One that goes stays in the
// ISR until a change of the ISR, or of the epoch, takes it out.
func (l *Leader) Assign(replicas []int32) {
	remotes := make([]remote, 0, len(replicas))
	for _, id := range replicas {
		if id == l.self {
			continue
		}
		if r := l.remote(id); r != nil {
			remotes = append(remotes, *r)
		} else {
			remotes = append(remotes, remote{id: id, live: true, end: unknown, logStart: unknown, endAtFetch: unknown})
		}
	}
	l.remotes = remotes
	l.withdraw(func(id int32) bool { return id != l.self && l.remote(id) == nil })
}

// Epoch is the leader epoch.
func (l *Leader) Epoch() int32 { return l.epoch }

// EpochStart is the log end offset at which the epoch began. Until the high watermark reaches it, a client cannot be told
// where the log ends: records below may have been exposed by the leader before.
func (l *Leader) EpochStart() int64 { return l.start }

// HighWatermark never goes back.
func (l *Leader) HighWatermark() int64 { return l.hw }

// ISR is the committed one. The slice is not to be changed.
func (l *Leader) ISR() []int32 { return l.isr }

// Enough says whether the ISR has at least min replicas (min.insync.replicas).
func (l *Leader) Enough(min int) bool { return len(l.isr) >= min }

// Assigned says whether id is another replica of the partition.
func (l *Leader) Assigned(id int32) bool { return l.remote(id) != nil }

// Appended says that the leader's own log ends at end now, and returns whether the high watermark moved.
func (l *Leader) Appended(end int64, now time.Time) bool {
	l.end = end
	return l.advance(now)
}

// Fetched says that a follower fetches from offset in this epoch, so its log ends there and agrees with the leader's up to
// there. logStart is where its log begins. It returns whether the high watermark moved. A fetch of a replica that is
// not assigned changes nothing.
func (l *Leader) Fetched(id int32, offset, logStart int64, now time.Time) bool {
	r := l.remote(id)
	if r == nil {
		return false
	}
	switch {
	case offset >= l.end:
		r.caughtUp = later(r.caughtUp, now)
	case r.endAtFetch != unknown && offset >= r.endAtFetch:
		// It has all that there was at its last fetch, so at that time it was caught up.
		r.caughtUp = later(r.caughtUp, r.fetched)
	}
	r.end, r.logStart = offset, logStart
	r.fetched, r.endAtFetch = now, l.end
	return l.advance(now)
}

// Live says which of the other replicas ZooKeeper has as live, and by which process, until it is called again; after Renew
// and Assign new ones count as live. A process is known by a number that another one of that replica never has. Where it
// is another one, what the replica has is unknown until it fetches: records that its disk did not have are lost (KIP-903).
// Live returns whether the high watermark moved.
func (l *Leader) Live(process func(id int32) (number int64, live bool), now time.Time) bool {
	for i := range l.remotes {
		r := &l.remotes[i]
		number, live := process(r.id)
		r.live = live
		if live && number != r.process {
			r.process = number
			l.startedAnew(r, now)
		}
	}
	return l.advance(now)
}

// startedAnew forgets what a replica had. In the ISR it gets the whole lag to say what it has.
func (l *Leader) startedAnew(r *remote, now time.Time) {
	r.end, r.logStart, r.endAtFetch, r.caughtUp = unknown, unknown, unknown, time.Time{}
	if l.maximal(r.id) {
		r.caughtUp = now
	}
	l.withdraw(func(id int32) bool { return id == r.id })
}

// Knows says whether the process of a replica is the one that Live has told of last. It is true of who is not another replica.
func (l *Leader) Knows(id int32, process int64) bool {
	r := l.remote(id)
	return r == nil || r.process == process
}

// Retry looks at the high watermark again, as time and the ISR have changed, and returns whether it moved.
func (l *Leader) Retry(now time.Time) bool { return l.advance(now) }

// LowWatermark is the lowest log start offset of the live replicas, the leader's own included. A live one that has not
// fetched yet counts as unknown, which is below everything.
func (l *Leader) LowWatermark(own int64) int64 {
	low := own
	for i := range l.remotes {
		if r := &l.remotes[i]; r.live {
			low = min(low, r.logStart)
		}
	}
	return low
}

// advance moves the high watermark to the lowest log end of the maximal ISR. Live replicas that are caught up but not in the
// ISR hold it back too, so that they can get in although records keep coming.
func (l *Leader) advance(now time.Time) bool {
	low := l.end
	for _, id := range l.isr {
		if id != l.self && l.remote(id) == nil {
			return false // in the ISR, not assigned any more, and what it has is not known
		}
	}
	for i := range l.remotes {
		r := &l.remotes[i]
		if l.maximal(r.id) || r.live && now.Sub(r.caughtUp) <= l.lag {
			low = min(low, r.end)
		}
	}
	if low <= l.hw {
		return false
	}
	l.hw = low
	return true
}

// maximal says whether id may be in the ISR: in the committed one, or in the one proposed.
func (l *Leader) maximal(id int32) bool {
	return slices.Contains(l.isr, id) || l.inFlight != nil && slices.Contains(l.possible, id)
}

func (l *Leader) remote(id int32) *remote {
	for i := range l.remotes {
		if l.remotes[i].id == id {
			return &l.remotes[i]
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
