package zab

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Zxid is a transaction's id, the epoch of the leader that proposed it in its upper half.
type Zxid = zkproto.Zxid

// ServerID is the number in a server's myid file.
type ServerID int64

// State is what a server does, with ZooKeeper's numbers on the election port.
type State int32

const (
	Looking   State = 0
	Following State = 1
	Leading   State = 2
	Observing State = 3
)

var stateNames = [...]string{"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"}

// String is ZooKeeper's name of the state.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int32(s))
	}
	return stateNames[s]
}

// Phase is how far a server is on the way to serving. Source: QuorumPeer.ZabState.
type Phase int

const (
	Election Phase = iota
	Discovery
	Synchronization
	Broadcast
)

var phaseNames = [...]string{"election", "discovery", "synchronization", "broadcast"}

// String is the name that zabstate and mntr show.
func (p Phase) String() string { return phaseNames[p] }

// Vote proposes a leader: the greatest (Epoch, Zxid, Leader) wins.
type Vote struct {
	Leader ServerID
	// Zxid is the last transaction in the proposed leader's log.
	Zxid Zxid
	// Epoch is the proposed leader's current epoch: peerEpoch on the wire.
	Epoch int64
}

// Notification is one message of the election port.
type Notification struct {
	// From and To are the two ends; the connection knows them, the message does not carry them.
	From, To ServerID
	// State is the sender's.
	State State
	Vote
	// Round is the sender's logical clock: electionEpoch on the wire.
	Round int64
	// Version of the format; 2 is today's, 0 and 1 came without a configuration.
	Version int32
	// Config is the sender's configuration text; nil where the message had none.
	Config []byte
}

// PacketType is the kind of a packet on the quorum port. Source: Leader's constants.
type PacketType int32

const (
	Request           PacketType = 1
	Proposal          PacketType = 2
	Ack               PacketType = 3
	Commit            PacketType = 4
	Ping              PacketType = 5
	Revalidate        PacketType = 6
	Sync              PacketType = 7
	Inform            PacketType = 8
	CommitAndActivate PacketType = 9
	NewLeader         PacketType = 10
	FollowerInfo      PacketType = 11
	UpToDate          PacketType = 12
	Diff              PacketType = 13
	Trunc             PacketType = 14
	Snap              PacketType = 15
	ObserverInfo      PacketType = 16
	LeaderInfo        PacketType = 17
	AckEpoch          PacketType = 18
	InformAndActivate PacketType = 19
)

var packetNames = [...]string{Request: "REQUEST", Proposal: "PROPOSAL", Ack: "ACK", Commit: "COMMIT", Ping: "PING",
	Revalidate: "REVALIDATE", Sync: "SYNC", Inform: "INFORM", CommitAndActivate: "COMMITANDACTIVATE",
	NewLeader: "NEWLEADER", FollowerInfo: "FOLLOWERINFO", UpToDate: "UPTODATE", Diff: "DIFF", Trunc: "TRUNC",
	Snap: "SNAP", ObserverInfo: "OBSERVERINFO", LeaderInfo: "LEADERINFO", AckEpoch: "ACKEPOCH",
	InformAndActivate: "INFORMANDACTIVATE"}

// String is ZooKeeper's name of the type.
func (t PacketType) String() string {
	if t <= 0 || int(t) >= len(packetNames) {
		return fmt.Sprintf("packet type %d", int32(t))
	}
	return packetNames[t]
}

// Packet is one packet of the quorum port. Data is nil or empty as it is on the wire, and is
// never changed once the packet has been handed over. Source: QuorumPacket.
type Packet struct {
	Type PacketType
	Zxid Zxid
	Data []byte
	// Auth are the client's identities that come with a Request.
	Auth []zkproto.ID
}

// LinkID numbers the connections between a leader and its learners. The driver gives every
// connection a number of its own and never uses one again.
type LinkID uint64

// Entry is a transaction: its zxid and the bytes that stand in log and proposal.
type Entry struct {
	Zxid Zxid
	Data []byte
}
