package kconf

import (
	"net"
	"strconv"
)

// Broker is what a server.properties says, with Kafka's defaults where it is silent. Times are in milliseconds, sizes
// in bytes, -1 is no bound where Kafka says so.
type Broker struct {
	// File is the origin that was handed to the loader.
	File string
	// ID is broker.id. -1 is none: the broker is to take a free one above ReservedMaxID.
	ID            int32
	ReservedMaxID int32

	// Listeners are what the broker listens on, Advertised what it tells clients; by name, in the file's order.
	Listeners, Advertised []Listener
	// InterBroker is the name of the listener that brokers use among themselves.
	InterBroker string
	// LogDirs are as given, in the file's order, none twice.
	LogDirs []string
	// Rack is broker.rack, empty without one.
	Rack string

	ZooKeeper   ZooKeeper
	Requests    Requests
	Topics      TopicRules
	Replication Replication
	Log         Log
	Groups      Groups
	Control     Control

	// Values are the known keys that were set, by name, as they stood in the file.
	Values map[string]string

	origins map[string]Origin // of every key that was set
}

// Listener is one address with its name and its security protocol.
type Listener struct {
	// Name is in capitals: PLAINTEXT, INTERNAL.
	Name string
	// Security is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
	Security string
	// Host is empty for every interface; among advertised ones it is never empty.
	Host string
	Port int32
}

// String is NAME://host:port.
func (l Listener) String() string {
	return l.Name + "://" + net.JoinHostPort(l.Host, strconv.Itoa(int(l.Port)))
}

// ZooKeeper is how the broker reaches its ensemble.
type ZooKeeper struct {
	// Connect is host:port,host:port/chroot.
	Connect                               string
	SessionTimeoutMs, ConnectionTimeoutMs int64
}

// Requests are the limits of connections and requests.
type Requests struct {
	MaxBytes, SendBufferBytes, ReceiveBufferBytes int32 // socket.*
	MaxIdleMs                                     int64
	MaxConnections, MaxConnectionsPerIP           int32 // math.MaxInt32 is no bound
	FetchMaxBytes                                 int32
	FetchSessions                                 int // max.incremental.fetch.session.cache.slots
	RequestTimeoutMs                              int64
}

// TopicRules are the settings of topics' creation and removal.
type TopicRules struct {
	AutoCreate, Delete bool
	NumPartitions      int32
	ReplicationFactor  int16
}

// Replication is how followers follow, and when they are out of sync.
type Replication struct {
	LagTimeMaxMs, FetchWaitMaxMs, FetchBackoffMs, SocketTimeoutMs int64
	FetchMinBytes, FetchMaxBytes, FetchResponseMaxBytes           int32
	HighWatermarkCheckpointMs                                     int64
}

// Log is what all logs have in common; what a topic may have for itself is in [Topic].
type Log struct {
	RetentionCheckMs         int64
	FlushSchedulerMs         int64
	FlushOffsetCheckpointMs  int64
	RecoveryThreads          int
	CleanerEnable            bool
	CleanerBackoffMs         int64
	CleanerDedupeBufferBytes int64
}

// Groups are the settings of the group coordinator and of its topic.
type Groups struct {
	MinSessionTimeoutMs, MaxSessionTimeoutMs, InitialRebalanceDelayMs int64
	MaxSize                                                           int
	OffsetMetadataMaxBytes                                            int
	OffsetsCommitTimeoutMs                                            int64
	OffsetsRetentionMs, OffsetsRetentionCheckMs                       int64
	OffsetsPartitions                                                 int32
	OffsetsReplicationFactor                                          int16
	OffsetsSegmentBytes                                               int32
}

// Control is what the controller does by itself, and how a broker leaves.
type Control struct {
	AutoLeaderRebalance          bool
	ImbalanceCheckMs             int64
	ImbalancePercentage          int
	ControlledShutdown           bool
	ControlledShutdownMaxRetries int
	ControlledShutdownBackoffMs  int64
	ControllerSocketTimeoutMs    int64
}
