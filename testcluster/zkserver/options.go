package zkserver

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Config is a server's settings, parsed already. Where nothing else is said a zero field
// means Apache's default, and "off" is spelled as a negative number.
type Config struct {
	// Listeners accept clients. The server closes them.
	Listeners []net.Listener
	// FS holds the folders; nil is the disk.
	FS storage.FS
	// DataDir is dataDir, LogDir dataLogDir ("" is DataDir).
	DataDir, LogDir string
	// ServerID is the number in myid; it makes session ids differ between servers. 0 is 1
	// for a standalone server.
	ServerID int64
	// Ensemble makes the server one of several; nil is a standalone server.
	Ensemble *Ensemble

	TickTime           time.Duration // tickTime: 3 s
	MinSessionTimeout  time.Duration // minSessionTimeout: 2 ticks
	MaxSessionTimeout  time.Duration // maxSessionTimeout: 20 ticks
	SessionlessTimeout time.Duration // zookeeper.nio.sessionlessCnxnTimeout: 10 s

	MaxClientCnxns         int // maxClientCnxns, for each address: 60; negative is no limit
	MaxCnxns               int // maxCnxns, in all: no limit
	JuteMaxBuffer          int // jute.maxbuffer: 1048575 bytes
	GlobalOutstandingLimit int // globalOutstandingLimit: 1000; negative is no limit
	// MaxOutbound is how many bytes of events may wait for a client that does not read before
	// its connection is closed, and how long the reply to a multiRead may be: 64 MiB.
	MaxOutbound int

	SnapCount        int                // snapCount: 100000
	Compression      txnlog.Compression // snapshot.compression.method: none
	NoSync           bool               // forceSync=no
	PreAlloc         int64              // preAllocSize, in bytes: 64 MiB; negative is none
	LogSizeLimit     int64              // txnLogSizeLimitInKb, in bytes: none
	MaxBatch         int                // maxBatchSize: 1000
	FlushDelay       time.Duration      // flushDelay: none
	SlowSync         time.Duration      // fsync.warningthresholdms: 1 s
	NoCreate         bool               // datadir.autocreate=false
	TrustEmpty       bool               // snapshot.trust.empty
	PurgeInterval    time.Duration      // autopurge.purgeInterval: off
	PurgeRetainCount int                // autopurge.snapRetainCount: 3

	ExtendedTypes bool   // extendedTypesEnabled
	Emulate353TTL bool   // emulate353TTLNodes
	EnforceQuota  bool   // enforceQuota
	Reconfig      bool   // reconfigEnabled
	SkipACL       bool   // skipACL
	SuperDigest   string // DigestAuthenticationProvider.superDigest
	DigestAlg     string // DigestAuthenticationProvider.digestAlg: SHA1
	NoDigestAuth  bool   // DigestAuthenticationProvider.enabled=false
	// AuthProviders are further authentication schemes, beside ip and digest.
	AuthProviders []prep.Provider

	ContainerCheck     time.Duration // znode.container.checkIntervalMs: 60 s
	ContainerPerMinute int           // znode.container.maxPerMinute: 10000
	ContainerNeverUsed time.Duration // znode.container.maxNeverUsedIntervalMs: off

	// SASLUsers are the users and passwords of DIGEST-MD5, as a JAAS file's Server section
	// has them; nil is no SASL. SASLSuper, zookeeper.superUser, is the super user among them.
	SASLUsers map[string]string
	SASLSuper string

	// RequireAuth has the schemes of which a client must have authenticated by one before it
	// may do anything else: enforce.auth.schemes. Nil demands nothing.
	RequireAuth []string

	// Words lists the four-letter words that are answered, "*" for all:
	// 4lw.commands.whitelist. Nil is srvr alone.
	Words []string

	// Logger takes the lines for people; nil is none.
	Logger *slog.Logger
	// Now is the clock, for time stamps and, by its monotonic reading, for sessions; nil is
	// time.Now.
	Now func() time.Time
	// Seed makes the chance in the moments of snapshots repeatable; 0 draws one.
	Seed uint64
}

func (c Config) withDefaults() Config {
	if c.FS == nil {
		c.FS = storage.Disk()
	}
	if c.Ensemble == nil {
		setDefault(&c.ServerID, 1)
	} else {
		c.Ensemble = c.Ensemble.withDefaults()
	}
	setDefault(&c.TickTime, 3*time.Second)
	setDefault(&c.MinSessionTimeout, 2*c.TickTime)
	setDefault(&c.MaxSessionTimeout, 20*c.TickTime)
	setDefault(&c.SessionlessTimeout, 10*time.Second)
	setDefault(&c.MaxClientCnxns, 60)
	setDefault(&c.JuteMaxBuffer, 0xfffff)
	setDefault(&c.GlobalOutstandingLimit, 1000)
	if e := c.Ensemble; e != nil && e.voters() > 2 && c.GlobalOutstandingLimit > 0 {
		c.GlobalOutstandingLimit = max(c.GlobalOutstandingLimit/(e.voters()-1), 1) // as ZooKeeper shares it out
	}
	setDefault(&c.MaxOutbound, 64<<20)
	setDefault(&c.SnapCount, 100_000)
	setDefault(&c.PurgeRetainCount, txnlog.MinRetained)
	setDefault(&c.ContainerCheck, time.Minute)
	setDefault(&c.ContainerPerMinute, 10_000)
	if c.Words == nil {
		c.Words = []string{"srvr"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Seed == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // it never fails
		c.Seed = binary.LittleEndian.Uint64(b[:])
	}
	if c.Ensemble != nil {
		setDefault(&c.Ensemble.Seed, c.Seed)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c *Config) validate() error {
	switch {
	case c.DataDir == "":
		return fmt.Errorf("no data folder is given")
	case c.MinSessionTimeout > c.MaxSessionTimeout:
		return fmt.Errorf("minSessionTimeout %v is above maxSessionTimeout %v", c.MinSessionTimeout, c.MaxSessionTimeout)
	case c.ExtendedTypes && (c.ServerID < 0 || c.ServerID > 0xfe):
		return fmt.Errorf("server id %d: with extended types it must be at most 254", c.ServerID)
	case c.SnapCount < 2:
		return fmt.Errorf("snapCount %d: the least is 2", c.SnapCount)
	case c.Ensemble != nil:
		return c.Ensemble.validate(c.ServerID)
	}
	return nil
}

func (c *Config) treeOptions() znode.Options {
	return znode.Options{ExtendedTypes: c.ExtendedTypes, Emulate353TTL: c.Emulate353TTL}
}

func (c *Config) prepOptions() prep.Options {
	return prep.Options{Tree: c.treeOptions(), EnforceQuota: c.EnforceQuota, Reconfig: c.Reconfig}
}

// auth returns the rules of access by the settings.
func (c *Config) auth() (*prep.Auth, error) {
	providers := append([]prep.Provider{ipProvider{}, saslProvider{}}, c.AuthProviders...)
	if !c.NoDigestAuth {
		digest, err := prep.NewDigest(c.SuperDigest, c.DigestAlg)
		if err != nil {
			return nil, err
		}
		providers = append(providers, digest)
	}
	return prep.NewAuth(c.SkipACL, providers...), nil
}
