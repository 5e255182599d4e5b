package zoocfg

import (
	"net"
	"strconv"
	"time"

	"github.com/zoka-project/zoka/testcluster/zkserver/sasl"
)

// Config is what a zoo.cfg says, with ZooKeeper's defaults where it is silent.
type Config struct {
	// File is the path that was loaded, Text its bytes.
	File, Text string

	DataDir string
	// DataLogDir is where the transaction log lives: DataDir unless set.
	DataLogDir string
	// Client is the address of the client port. An empty Host is every interface, Port 0 is not set.
	Client Address
	// SecureClient is the address of the TLS port.
	SecureClient Address

	TickTime time.Duration
	// MinSessionTimeout and MaxSessionTimeout bound what clients may ask for: by default 2 and 20 ticks.
	MinSessionTimeout, MaxSessionTimeout time.Duration
	// MaxClientCnxns bounds the connections of one IP address, MaxCnxns all of them. 0 and less is no bound.
	MaxClientCnxns, MaxCnxns int

	Log      Log
	Requests Requests
	Auth     Auth
	Admin    Admin
	Metrics  Metrics
	Ensemble Ensemble
	// FourLetterWords are the words of 4lw.commands.whitelist; "*" is all of them.
	FourLetterWords []string

	// Properties are all settings that ZooKeeper would hold as system properties, with their full names:
	// zookeeper.snapCount, jute.maxbuffer. Keys that nobody knows are among them.
	Properties []Property

	origins map[string]Origin // the keys that were set, by their names in zoo.cfg
	// Files that name no address or role of this server leave these to the server lines.
	peerType string
}

// Origin is where the first of some keys was set that was set at all, by their names in zoo.cfg; else the file.
func (c *Config) Origin(keys ...string) Origin {
	for _, key := range keys {
		if o, set := c.origins[key]; set {
			return o
		}
	}
	return Origin{File: c.File}
}

// Property is one setting: a system property, or the -DName=Value of a command line.
type Property struct{ Name, Value string }

// Address is a host and a port. An empty host is every interface.
type Address struct {
	Host string
	Port int
}

// String is host:port, with brackets around an IPv6 host.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// Log is how transactions and snapshots are written and kept.
type Log struct {
	// ForceSync is false where acknowledged writes may be lost with the machine's power.
	ForceSync bool
	// FsyncWarning is from when on a slow fsync is logged.
	FsyncWarning time.Duration
	// PreAllocKB is the step in which log files grow, in KiB.
	PreAllocKB int
	// SnapCount is after how many transactions a snapshot is due.
	SnapCount int
	// SizeLimitKB rolls the log file at a size; -1 never does.
	SizeLimitKB int
	// MaxBatch is how many transactions one fsync may cover, FlushDelay how long it may be put off for more.
	MaxBatch   int
	FlushDelay time.Duration
	// Compression of snapshots: "" or "gz".
	Compression string
	// TrustEmpty allows a log without any snapshot.
	TrustEmpty bool
	// CreateDirs makes missing folders.
	CreateDirs bool
	// PurgeInterval is how often old files are removed, 0 and less never; Retain how many snapshots stay.
	PurgeInterval time.Duration
	Retain        int
}

// Requests are the limits and choices of request processing.
type Requests struct {
	// MaxBuffer is the largest frame of a client, in bytes.
	MaxBuffer int
	// OutstandingLimit is how many requests may be queued before clients are throttled.
	OutstandingLimit int
	// ExtendedTypes allows TTL nodes; Emulate353 reads those of 3.5.3.
	ExtendedTypes, Emulate353 bool
	EnforceQuota              bool
	SkipACL                   bool
	TCPKeepAlive              bool
	// SessionlessTimeout is how long a connection may do without a handshake.
	SessionlessTimeout time.Duration
	// ContainerCheck, ContainerPerMinute and ContainerNeverUsed drive the reaper of containers and TTL nodes.
	ContainerCheck, ContainerNeverUsed time.Duration
	ContainerPerMinute                 int
	// ReadOnlyMode is readonlymode.enabled: an ensemble's matter, except that it lists isro.
	ReadOnlyMode bool
}

// Auth is how clients authenticate.
type Auth struct {
	DigestEnabled bool
	// SuperDigest is the id user:base64 of the super user, empty without one.
	SuperDigest string
	// DigestAlg is the hash of digest ids, SHA1 by default.
	DigestAlg string
	// LoginConfig is the JAAS file of SASL, LoginSection the part of it that is this server's; Users are the names
	// and passwords from there, nil without a file. SASLSuper is the super user among them.
	LoginConfig, LoginSection string
	Users                     map[string]string
	SASLSuper                 string
	// Enforce turns away clients that have authenticated by none of EnforceSchemes. RequireSASL is the older way to
	// ask for the same with the scheme sasl.
	Enforce, RequireSASL bool
	EnforceSchemes       []string
}

// Admin is the AdminServer.
type Admin struct {
	Enabled bool
	Address Address
	// CommandURL is the path before the commands' names.
	CommandURL  string
	IdleTimeout time.Duration
	// SnapshotEnabled and RestoreEnabled allow the commands of these names, each once in RateLimit.
	SnapshotEnabled, RestoreEnabled bool
	RateLimit                       time.Duration
	// forceHTTPS asks for TLS, which zoka's AdminServer does not speak.
	forceHTTPS bool
}

// Metrics is the Prometheus exporter.
type Metrics struct {
	// Provider is the class name; Prometheus tells whether it is ZooKeeper's own exporter.
	Provider   string
	Prometheus bool
	Address    Address
	// ProcessInfo exports figures of the process too (exportJvmInfo).
	ProcessInfo bool
}

// defaults are ZooKeeper 3.9's.
func defaults() *Config {
	return &Config{
		TickTime:          3 * time.Second,
		MinSessionTimeout: unset,
		MaxSessionTimeout: unset,
		MaxClientCnxns:    60,
		Log: Log{
			ForceSync: true, FsyncWarning: time.Second, PreAllocKB: 64 << 10, SnapCount: 100_000, SizeLimitKB: -1,
			MaxBatch: 1000, CreateDirs: true, Retain: minRetain,
		},
		Requests: Requests{
			MaxBuffer: 0xfffff, OutstandingLimit: 1000, SessionlessTimeout: 10 * time.Second,
			ContainerCheck: time.Minute, ContainerPerMinute: 10_000,
		},
		Auth: Auth{DigestEnabled: true, DigestAlg: "SHA1", LoginSection: sasl.ServerSection},
		Admin: Admin{
			Enabled: true, Address: Address{"0.0.0.0", 8080}, CommandURL: "/commands", IdleTimeout: 30 * time.Second,
			SnapshotEnabled: true, RestoreEnabled: true, RateLimit: 5 * time.Minute,
		},
		Metrics: Metrics{Address: Address{"0.0.0.0", 7000}, ProcessInfo: true},
		Ensemble: Ensemble{
			Standalone: true, PeerType: "participant", LeaderServes: true, ElectionAlg: 3,
		},
		FourLetterWords: []string{"srvr"},
		origins:         map[string]Origin{},
	}
}

// unset marks a time that has no value yet.
const unset = time.Duration(-1)
