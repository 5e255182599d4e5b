package zab

// Ready is what the driver has to do, as it has come up since the last call of [Core.Ready]. Each list is in order. The
// lists are independent of one another: whatever must wait for the disk is not in Ready before Persisted has reported it.
type Ready struct {
	// Role is set when any of it has changed. It comes before everything else: what else is in this Ready belongs to
	// the new role, and to what the lists say of the old one there is nothing more to do.
	Role *Role
	// Notifications go to the election port.
	Notifications []Notification
	// Dial asks for a connection to a leader's quorum port: LinkUp or DialFailed answers. Nil asks for nothing. It is over
	// with the next Role that is LOOKING: its answer would be taken for that of a later one.
	Dial *ServerID
	// Close ends links. Nothing more comes in from them, and LinkDown is not called for them.
	Close []LinkID
	// Send goes to links, in order for each link. A link that does not take it is reported by LinkDown.
	Send []Outgoing
	// Disk is carried out in order, one after the other; Persisted reports how far it has come.
	Disk []DiskOp
	// Commit has transactions to be applied to the tree, contiguous with those before it (within an epoch).
	Commit []Entry
	// Confirmed are the tokens of [Core.Confirm] calls whose time has come: this server was still the leader after
	// the call. Those of a leadership that has ended are never reported.
	Confirmed []uint64
	// Probe asks what the log files have for a learner: Probed answers each.
	Probe []Probe
}

// Role is what a server is.
type Role struct {
	State State
	Phase Phase
	// Leader is known from Discovery on.
	Leader ServerID
	// Epoch is the leader's new epoch, known from Synchronization on.
	Epoch int64
	// Link is a learner's connection to its leader.
	Link LinkID
	// Config is the text that came with NEWLEADER, in Broadcast.
	Config []byte
}

// Serving says whether clients are served: the server is in the ensemble and up to date.
func (r *Role) Serving() bool { return r.Phase == Broadcast && r.State != Looking }

// Outgoing is one thing to be sent on a link: a packet, or what stands for many.
type Outgoing struct {
	Link LinkID
	// Packet goes as it is. Of a SNAP the driver sends the packet and then the tree's stream, as it is once everything
	// up to Packet.Zxid has been applied; what is later in it is sent again behind it, and does no harm.
	Packet Packet
	// LogTo is not 0 where, instead of Packet, the transactions after LogFrom up to LogTo are to be read from the log
	// files and sent, each as PROPOSAL and COMMIT.
	LogFrom, LogTo Zxid
}

// DiskKind is a kind of DiskOp.
type DiskKind int

const (
	// AppendTxn appends Entry to the log.
	AppendTxn DiskKind = iota
	// WriteAccepted and WriteCurrent replace the epoch files with Epoch.
	WriteAccepted
	WriteCurrent
	// TruncateLog removes from the log all after Zxid, and from the tree, if it has been applied.
	TruncateLog
	// InstallSnapshot puts the tree that came with the SNAP packet on Link in the place of the tree, the log and the
	// snapshots: it is durable as a snapshot file of Zxid, and nothing above Zxid is left.
	InstallSnapshot
)

// DiskOp is one thing that must become durable. Seq numbers them from 1 without gaps.
type DiskOp struct {
	Seq   uint64
	Kind  DiskKind
	Entry Entry
	Epoch int64
	Zxid  Zxid
	Link  LinkID
}

// Probe asks for a learner on Link, whose last transaction is Zxid and older than what the memory has: can it be
// brought up to date from the log files?
type Probe struct {
	Link LinkID
	Zxid Zxid
}

// ProbeResult answers a Probe.
type ProbeResult struct {
	// Found: the log files have the learner's zxid, or the last one before it is Before; and from there on everything
	// up to the last one persisted, without a gap, at a cost that is lower than a snapshot's.
	Found bool
	// Before is the greatest zxid in the log not above the learner's: the learner's own, or what to truncate to.
	Before Zxid
}
