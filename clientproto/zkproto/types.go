package zkproto

import (
	"fmt"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/jute"
)

// Zxid is a transaction's id: the epoch in the upper 32 bits, a counter in the lower.
type Zxid int64

// Epoch is the upper half.
func (z Zxid) Epoch() int64 { return int64(uint64(z) >> 32) }

// Counter is the lower half.
func (z Zxid) Counter() uint32 { return uint32(z) }

// String is the usual form, lower-case hexadecimal with 0x.
func (z Zxid) String() string { return "0x" + strconv.FormatUint(uint64(z), 16) }

// SessionID identifies a session in a whole ensemble.
type SessionID int64

// String is the usual form, lower-case hexadecimal with 0x.
func (s SessionID) String() string { return "0x" + strconv.FormatUint(uint64(s), 16) }

// Record is a message body that can be written and read.
type Record interface {
	AppendTo(b []byte) []byte
	Decode(r *jute.Reader)
}

// Encode returns the bytes of a record.
func Encode(rec Record) []byte { return rec.AppendTo(nil) }

// Decode reads rec from all of b; left-over bytes are an error.
func Decode(b []byte, rec Record) error {
	r := jute.NewReader(b)
	rec.Decode(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("decode %T: %w", rec, err)
	}
	return nil
}

// Stat is a znode's metadata as clients see it, 68 bytes. Times are milliseconds since 1970.
type Stat struct {
	Czxid          Zxid
	Mzxid          Zxid
	Ctime          int64
	Mtime          int64
	Version        int32
	Cversion       int32
	Aversion       int32
	EphemeralOwner SessionID
	DataLength     int32
	NumChildren    int32
	Pzxid          Zxid
}

func (s *Stat) AppendTo(b []byte) []byte {
	b = jute.AppendLong(b, int64(s.Czxid))
	b = jute.AppendLong(b, int64(s.Mzxid))
	b = jute.AppendLong(b, s.Ctime)
	b = jute.AppendLong(b, s.Mtime)
	b = jute.AppendInt(b, s.Version)
	b = jute.AppendInt(b, s.Cversion)
	b = jute.AppendInt(b, s.Aversion)
	b = jute.AppendLong(b, int64(s.EphemeralOwner))
	b = jute.AppendInt(b, s.DataLength)
	b = jute.AppendInt(b, s.NumChildren)
	return jute.AppendLong(b, int64(s.Pzxid))
}

func (s *Stat) Decode(r *jute.Reader) {
	s.Czxid = Zxid(r.Long())
	s.Mzxid = Zxid(r.Long())
	s.Ctime = r.Long()
	s.Mtime = r.Long()
	s.Version = r.Int()
	s.Cversion = r.Int()
	s.Aversion = r.Int()
	s.EphemeralOwner = SessionID(r.Long())
	s.DataLength = r.Int()
	s.NumChildren = r.Int()
	s.Pzxid = Zxid(r.Long())
}

// StatPersisted is a znode's metadata as snapshots and digests have it, 60 bytes.
// Cversion counts created children only, and EphemeralOwner also marks containers and
// TTL nodes.
type StatPersisted struct {
	Czxid          Zxid
	Mzxid          Zxid
	Ctime          int64
	Mtime          int64
	Version        int32
	Cversion       int32
	Aversion       int32
	EphemeralOwner int64
	Pzxid          Zxid
}

func (s *StatPersisted) AppendTo(b []byte) []byte {
	b = jute.AppendLong(b, int64(s.Czxid))
	b = jute.AppendLong(b, int64(s.Mzxid))
	b = jute.AppendLong(b, s.Ctime)
	b = jute.AppendLong(b, s.Mtime)
	b = jute.AppendInt(b, s.Version)
	b = jute.AppendInt(b, s.Cversion)
	b = jute.AppendInt(b, s.Aversion)
	b = jute.AppendLong(b, s.EphemeralOwner)
	return jute.AppendLong(b, int64(s.Pzxid))
}

func (s *StatPersisted) Decode(r *jute.Reader) {
	s.Czxid = Zxid(r.Long())
	s.Mzxid = Zxid(r.Long())
	s.Ctime = r.Long()
	s.Mtime = r.Long()
	s.Version = r.Int()
	s.Cversion = r.Int()
	s.Aversion = r.Int()
	s.EphemeralOwner = r.Long()
	s.Pzxid = Zxid(r.Long())
}

// EventType is the kind of a watch event.
type EventType int32

const (
	EventNone                EventType = -1 // a change of the session's state
	EventNodeCreated         EventType = 1
	EventNodeDeleted         EventType = 2
	EventNodeDataChanged     EventType = 3
	EventNodeChildrenChanged EventType = 4
	// The rest never crosses the wire: the client tells its own user.
	EventDataWatchRemoved       EventType = 5
	EventChildWatchRemoved      EventType = 6
	EventPersistentWatchRemoved EventType = 7
)

// String is Apache's name.
func (t EventType) String() string {
	switch t {
	case EventNone:
		return "None"
	case EventNodeCreated:
		return "NodeCreated"
	case EventNodeDeleted:
		return "NodeDeleted"
	case EventNodeDataChanged:
		return "NodeDataChanged"
	case EventNodeChildrenChanged:
		return "NodeChildrenChanged"
	case EventDataWatchRemoved:
		return "DataWatchRemoved"
	case EventChildWatchRemoved:
		return "ChildWatchRemoved"
	case EventPersistentWatchRemoved:
		return "PersistentWatchRemoved"
	}
	return "event " + strconv.Itoa(int(t))
}

// KeeperState is the state of a session as watch events carry it.
type KeeperState int32

const (
	StateDisconnected      KeeperState = 0
	StateSyncConnected     KeeperState = 3
	StateAuthFailed        KeeperState = 4
	StateConnectedReadOnly KeeperState = 5
	StateSaslAuthenticated KeeperState = 6
	StateClosed            KeeperState = 7
	StateExpired           KeeperState = -112
)

// String is Apache's name.
func (s KeeperState) String() string {
	switch s {
	case StateDisconnected:
		return "Disconnected"
	case StateSyncConnected:
		return "SyncConnected"
	case StateAuthFailed:
		return "AuthFailed"
	case StateConnectedReadOnly:
		return "ConnectedReadOnly"
	case StateSaslAuthenticated:
		return "SaslAuthenticated"
	case StateClosed:
		return "Closed"
	case StateExpired:
		return "Expired"
	}
	return "state " + strconv.Itoa(int(s))
}

// WatcherType names a class of watches to remove or to look for.
type WatcherType int32

const (
	WatcherChildren            WatcherType = 1
	WatcherData                WatcherType = 2
	WatcherAny                 WatcherType = 3
	WatcherPersistent          WatcherType = 4 // since 3.9
	WatcherPersistentRecursive WatcherType = 5 // since 3.9
)

// AddWatchMode is the mode of an addWatch request.
type AddWatchMode int32

const (
	AddWatchPersistent          AddWatchMode = 0
	AddWatchPersistentRecursive AddWatchMode = 1
)

// CreateMode is the flags word of a create request.
type CreateMode int32

const (
	ModePersistent              CreateMode = 0
	ModeEphemeral               CreateMode = 1
	ModePersistentSequential    CreateMode = 2
	ModeEphemeralSequential     CreateMode = 3
	ModeContainer               CreateMode = 4
	ModePersistentTTL           CreateMode = 5
	ModePersistentSequentialTTL CreateMode = 6
)

// Valid says whether m is one of the seven modes.
func (m CreateMode) Valid() bool { return m >= ModePersistent && m <= ModePersistentSequentialTTL }

// Ephemeral says whether the node goes with its session.
func (m CreateMode) Ephemeral() bool { return m == ModeEphemeral || m == ModeEphemeralSequential }

// Sequential says whether the server appends ten digits to the path.
func (m CreateMode) Sequential() bool {
	return m == ModePersistentSequential || m == ModeEphemeralSequential || m == ModePersistentSequentialTTL
}

// TTL says whether the node has a time to live.
func (m CreateMode) TTL() bool {
	return m == ModePersistentTTL || m == ModePersistentSequentialTTL
}

// MaxTTL is the longest time to live, in milliseconds (40 bits).
const MaxTTL = 1<<40 - 1
