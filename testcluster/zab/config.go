package zab

// Member is a server of the ensemble.
type Member struct {
	ID       ServerID
	Observer bool
	// Group and Weight are those of a hierarchical quorum; Group 0 everywhere is a plain majority, in which every voter
	// counts once.
	Group, Weight int64
}

// Config is what a server knows of its ensemble. Times are in ticks, of whatever length the driver's are.
type Config struct {
	ID      ServerID
	Members []Member
	// Text is the configuration as members show it to each other: server lines and a version line. It goes out in
	// notifications and NEWLEADER, and is not looked into.
	Text []byte

	// TickTime is ZooKeeper's tickTime in ticks; InitLimit and SyncLimit count those.
	TickTime, InitLimit, SyncLimit int
	// ConnectLimit is connectToLearnerMasterLimit, in tickTimes; 0 is InitLimit.
	ConnectLimit int
	// FinalizeWait is how long a server with a quorum of votes waits for a better one, unless nobody else can vote:
	// 200 ms at ZooKeeper.
	FinalizeWait int
	// NotifyMin and NotifyMax bound the wait between repeated notifications: 200 ms and 60 s at ZooKeeper.
	NotifyMin, NotifyMax int
	// RetryWait lies between two attempts to reach the leader's quorum port; the first ones follow each other sooner.
	RetryWait int

	// CommitLog bounds the committed transactions that are kept in memory for learners that come back, in number
	// (commitLogCount: 500) and in bytes.
	CommitLogCount, CommitLogBytes int
	// ForceSnapshot has every learner brought up to date by a snapshot: forceSnapshotSync.
	ForceSnapshot bool
	// NoLogSync is set where the log files are not to be read for learners (snapshotSizeFactor below 0).
	NoLogSync bool

	// EpochSize is how many transactions an epoch holds at most before a new leader begins another; 0 is what a zxid
	// has room for.
	EpochSize uint32

	// Seed feeds the little chance there is.
	Seed uint64
}

// Durable is what a server finds on its disk when it starts. All of the log has been applied to the tree by then.
type Durable struct {
	// Accepted and Current are the epoch files'.
	Accepted, Current int64
	// Last is the last transaction in log and snapshots.
	Last Zxid
	// Floor is the least zxid to which the log can be cut: the oldest snapshot's from which on the log has no gap. 0
	// leaves it to the driver to fail where a TruncateLog goes below.
	Floor Zxid
}
