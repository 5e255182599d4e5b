package zoocfg

import (
	"errors"
	"strings"
	"time"
)

const (
	noNetty   = "zoka's sockets are the Go runtime's"
	noCache   = "zoka builds each answer from the tree and caches none"
	noThreads = "zoka has no pool of threads to size"
	noScheme  = "zoka's server knows the schemes world, ip, digest, sasl and auth"
	// A server that lets everybody in where the file asks for more may not start.
	noTLS = "zoka's server does not speak TLS yet"
)

// propertyKeys are the keys that ZooKeeper turns into system properties zookeeper.KEY and reads from there.
func propertyKeys() table {
	return newTable(logKeys(), requestKeys(), authKeys(), adminKeys(), ofEnsemble(quorumProperties()...), ignoredProperties())
}

func logKeys() []key {
	return []key{
		{name: "forceSync", set: yesNo(func(c *Config) *bool { return &c.Log.ForceSync })},
		{name: "fsync.warningthresholdms", set: millis(0, func(c *Config) *time.Duration { return &c.Log.FsyncWarning })},
		{name: "preAllocSize", set: number(0, func(c *Config) *int { return &c.Log.PreAllocKB })},
		{name: "snapCount", set: number(0, func(c *Config) *int { return &c.Log.SnapCount })},
		{name: "txnLogSizeLimitInKb", set: number(-1, func(c *Config) *int { return &c.Log.SizeLimitKB })},
		{name: "maxBatchSize", set: number(0, func(c *Config) *int { return &c.Log.MaxBatch })},
		{name: "flushDelay", set: millis(0, func(c *Config) *time.Duration { return &c.Log.FlushDelay })},
		{name: "snapshot.compression.method", set: compression},
		{name: "snapshot.trust.empty", set: flag(func(c *Config) *bool { return &c.Log.TrustEmpty })},
		{name: "datadir.autocreate", set: flag(func(c *Config) *bool { return &c.Log.CreateDirs })},
	}
}

// compression takes the words of SnapStream.StreamMode; the empty one is no compression.
func compression(c *Config, value string) error {
	if value == "" {
		return nil
	}
	if strings.EqualFold(value, "snappy") {
		return errSnappy
	}
	return oneOf(func(c *Config) *string { return &c.Log.Compression }, "gz")(c, value)
}

var errSnappy = errors.New("snappy: zoka packs snapshots with gz alone")

func requestKeys() []key {
	return []key{
		{name: "maxCnxns", set: number(-1, func(c *Config) *int { return &c.MaxCnxns })},
		{name: "globalOutstandingLimit", set: number(1, func(c *Config) *int { return &c.Requests.OutstandingLimit })},
		{name: "extendedTypesEnabled", set: flag(func(c *Config) *bool { return &c.Requests.ExtendedTypes })},
		{name: "emulate353TTLNodes", set: flag(func(c *Config) *bool { return &c.Requests.Emulate353 })},
		{name: "enforceQuota", set: flag(func(c *Config) *bool { return &c.Requests.EnforceQuota })},
		{name: "skipACL", set: yesNo(func(c *Config) *bool { return &c.Requests.SkipACL })},
		{name: "clientTcpKeepAlive", set: flag(func(c *Config) *bool { return &c.Requests.TCPKeepAlive })},
		{name: "nio.sessionlessCnxnTimeout", set: millis(1, func(c *Config) *time.Duration { return &c.Requests.SessionlessTimeout })},
		{name: "4lw.commands.whitelist", set: words(func(c *Config) *[]string { return &c.FourLetterWords })},
	}
}

func authKeys() []key {
	return append([]key{
		{name: "DigestAuthenticationProvider.enabled", set: flag(func(c *Config) *bool { return &c.Auth.DigestEnabled })},
		{name: "DigestAuthenticationProvider.superDigest", set: text(func(c *Config) *string { return &c.Auth.SuperDigest })},
		{name: "DigestAuthenticationProvider.digestAlg", set: text(func(c *Config) *string { return &c.Auth.DigestAlg })},
		{name: "enforce.auth.enabled", set: flag(func(c *Config) *bool { return &c.Auth.Enforce })},
		{name: "enforce.auth.schemes", set: words(func(c *Config) *[]string { return &c.Auth.EnforceSchemes })},
		{name: "sessionRequireClientSASLAuth", set: flag(func(c *Config) *bool { return &c.Auth.RequireSASL })},
		{name: "superUser", set: text(func(c *Config) *string { return &c.Auth.SASLSuper })},
		{name: "sasl.serverconfig", set: text(func(c *Config) *string { return &c.Auth.LoginSection })},
	}, ignore("a client that fails to authenticate is disconnected",
		key{name: "allowSaslFailedClients", set: flag(nil)},
	)...)
}

func adminKeys() []key {
	return append([]key{
		{name: "admin.enableServer", set: flag(func(c *Config) *bool { return &c.Admin.Enabled })},
		{name: "admin.serverAddress", set: text(func(c *Config) *string { return &c.Admin.Address.Host })},
		{name: "admin.serverPort", set: port(func(c *Config) *int { return &c.Admin.Address.Port })},
		{name: "admin.commandURL", set: commandURL},
		{name: "admin.idleTimeout", set: millis(1, func(c *Config) *time.Duration { return &c.Admin.IdleTimeout })},
		{name: "admin.forceHttps", set: flag(func(c *Config) *bool { return &c.Admin.forceHTTPS })},
		{name: "admin.snapshot.enabled", set: flag(func(c *Config) *bool { return &c.Admin.SnapshotEnabled })},
		{name: "admin.restore.enabled", set: flag(func(c *Config) *bool { return &c.Admin.RestoreEnabled })},
		{name: "admin.rateLimiterIntervalInMS", set: millis(0, func(c *Config) *time.Duration { return &c.Admin.RateLimit })},
	}, ignore("the AdminServer speaks HTTP without TLS",
		key{name: "admin.portUnification", set: flag(nil)},
		key{name: "admin.needClientAuth", set: flag(nil)},
	)...)
}

func quorumProperties() []key {
	return []key{
		{name: "leaderServes", set: yesNo(func(c *Config) *bool { return &c.Ensemble.LeaderServes })},
		{name: "commitLogCount", set: number(0, func(c *Config) *int { return &c.Ensemble.CommitLogCount })},
		{name: "fastleader.minNotificationInterval", set: millis(1, func(c *Config) *time.Duration { return &c.Ensemble.NotifyMin })},
		{name: "fastleader.maxNotificationInterval", set: millis(1, func(c *Config) *time.Duration { return &c.Ensemble.NotifyMax })},
		{name: "cnxTimeout", set: millis(1, func(c *Config) *time.Duration { return &c.Ensemble.ConnectTimeout })},
		{name: "forceSnapshotSync", set: flag(func(c *Config) *bool { return &c.Ensemble.ForceSnapshot })},
		{name: "quorum.auth.enableSasl", set: flag(func(c *Config) *bool { return &c.Ensemble.quorumSASL })},
		{name: "quorumCnxnTimeoutMs", set: millis(-1, nil)},
		{name: "electionPortBindRetry", set: number(0, nil)},
		{name: "tcpKeepAlive", set: flag(nil)},
		{name: "leader.maxTimeToWaitForEpoch", set: millis(-1, nil)},
		{name: "leader.maxConcurrentSnapSyncs", set: number(1, nil)},
		{name: "leader.maxConcurrentDiffSyncs", set: number(1, nil)},
		{name: "leader.closeSocketAsync", set: flag(nil)},
		{name: "learner.closeSocketAsync", set: flag(nil)},
		{name: "learner.asyncSending", set: flag(nil)},
		{name: "snapshotSizeFactor", set: fraction(func(c *Config) *float64 { return &c.Ensemble.SnapshotSizeFactor })},
		{name: "observer.reconnectDelayMs", set: millis(0, nil)},
		{name: "observer.election.DelayMs", set: millis(0, nil)},
		{name: "ensembleAuthName", set: text(nil)},
	}
}

func ignoredProperties() []key {
	all := ignore(noCache,
		key{name: "maxResponseCacheSize", set: number(-1, nil)},
		key{name: "maxGetChildrenResponseCacheSize", set: number(-1, nil)},
	)
	all = append(all, ignore(noThreads,
		key{name: "commitProcessor.numWorkerThreads", set: number(0, nil)},
		key{name: "commitProcessor.maxReadBatchSize", set: number(-1, nil)},
		key{name: "commitProcessor.maxCommitBatchSize", set: number(1, nil)},
		key{name: "commitProcessor.shutdownTimeout", set: millis(0, nil)},
		key{name: "nio.numSelectorThreads", set: number(1, nil)},
		key{name: "nio.numWorkerThreads", set: number(0, nil)},
		key{name: "nio.directBufferBytes", set: number(0, nil)},
		key{name: "nio.shutdownTimeout", set: millis(0, nil)},
		key{name: "request_throttler.shutdownTimeout", set: millis(0, nil)},
		key{name: "watchManagerName", set: text(nil)},
		key{name: "watcherCleanThreadsNum", set: number(1, nil)},
		key{name: "watcherCleanThreshold", set: number(0, nil)},
		key{name: "watcherCleanIntervalInSeconds", set: number(0, nil)},
		key{name: "maxInProcessingDeadWatchers", set: number(-1, nil)},
		key{name: "bitHashCacheSize", set: number(0, nil)},
	)...)
	all = append(all, ignore("zoka throttles by globalOutstandingLimit alone",
		key{name: "requestThrottleLimit", set: number(0, nil)},
		key{name: "request_throttle_max_requests", set: number(0, nil)},
		key{name: "request_throttle_stall_time", set: millis(0, nil)},
		key{name: "request_throttle_drop_stale", set: flag(nil)},
		key{name: "throttledOpWaitTime", set: millis(0, nil)},
		key{name: "connectionMaxTokens", set: number(0, nil)},
		key{name: "connection_throttle_tokens", set: number(0, nil)},
		key{name: "connection_throttle_fill_time", set: millis(0, nil)},
		key{name: "connection_throttle_fill_count", set: number(0, nil)},
	)...)
	all = append(all, ignore("zoka takes snapshots by snapCount, and always writes what ZooKeeper writes by default",
		key{name: "snapSizeLimitInKb", set: long(-1, nil)},
		key{name: "digest.enabled", set: flag(nil)},
		key{name: "serializeLastProcessedZxid.enabled", set: flag(nil)},
		key{name: "closeSessionTxn.enabled", set: flag(nil)},
		key{name: "db.autocreate", set: flag(nil)},
	)...)
	all = append(all, ignore("zoka checks ACLs once, where writes are ordered",
		key{name: "enableEagerACLCheck", set: flag(nil)},
	)...)
	all = append(all, ignore("zoka bounds requests by jute.maxbuffer and globalOutstandingLimit alone",
		key{name: "largeRequestThreshold", set: number(-1, nil)},
		key{name: "largeRequestMaxBytes", set: number(1, nil)},
	)...)
	all = append(all, ignore("zoka's log writes a batch as soon as there is one",
		key{name: "maxWriteQueuePollTime", set: millis(0, nil)},
	)...)
	all = append(all, ignore(noNetty,
		key{name: "serverCnxnFactory", set: text(nil)},
		key{name: "clientCnxnSocket", set: text(nil)},
	)...)
	return append(all, ignore(noTLS,
		key{name: "client.portUnification", set: flag(nil)},
		key{name: "fips-mode", set: flag(nil)},
		key{name: "client.secure", set: flag(nil)},
	)...)
}

// bareProperties are system properties without the prefix zookeeper.: only the command line sets them.
func bareProperties() table {
	return newTable([]key{
		{name: "jute.maxbuffer", set: number(1, func(c *Config) *int { return &c.Requests.MaxBuffer })},
		{name: "readonlymode.enabled", set: flag(func(c *Config) *bool { return &c.Requests.ReadOnlyMode })},
		{name: "znode.container.checkIntervalMs", set: millis(1, func(c *Config) *time.Duration { return &c.Requests.ContainerCheck })},
		{name: "znode.container.maxPerMinute", set: number(1, func(c *Config) *int { return &c.Requests.ContainerPerMinute })},
		{name: "znode.container.maxNeverUsedIntervalMs", set: millis(0, func(c *Config) *time.Duration { return &c.Requests.ContainerNeverUsed })},
		{name: "java.security.auth.login.config", set: text(func(c *Config) *string { return &c.Auth.LoginConfig })},
	}, ignore("zoka bounds frames by jute.maxbuffer alone",
		key{name: "jute.maxbuffer.extrasize", set: number(0, nil)},
	))
}

func commandURL(c *Config, value string) error {
	if len(value) < 2 || value[0] != '/' {
		return errCommandURL
	}
	c.Admin.CommandURL = value
	return nil
}
