package zoocfg

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load writes text to a zoo.cfg, with DIR for its folder, and loads it. Errors and warnings name DIR again.
func load(t *testing.T, text string, overrides ...Property) (cfg *Config, warnings []string, err error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(text, "DIR", dir))
	return loadIn(t, dir, overrides...)
}

func loadIn(t *testing.T, dir string, overrides ...Property) (*Config, []string, error) {
	t.Helper()
	cfg, warnings, err := Load(filepath.Join(dir, "zoo.cfg"), overrides)
	var texts []string
	for _, w := range warnings {
		texts = append(texts, strings.ReplaceAll(w.String(), dir+"/", ""))
	}
	if err != nil {
		var typed *Error
		if !errors.As(err, &typed) {
			t.Errorf("%v is not an *Error", err)
		}
		err = shortened{strings.ReplaceAll(err.Error(), dir+"/", ""), err}
	}
	return cfg, texts, err
}

type shortened struct {
	text string
	error
}

func (s shortened) Error() string { return s.text }

func (s shortened) Unwrap() error { return s.error }

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tutorial is the file that a first cluster is set up with.
const tutorial = `# The number of milliseconds of each tick
tickTime=2000
# The number of ticks that the initial
# synchronization phase can take
initLimit=10
syncLimit=5
# do not use /tmp for storage
dataDir=DIR
# the port at which the clients will connect
clientPort=2181
#maxClientCnxns=60
#autopurge.snapRetainCount=3
#autopurge.purgeInterval=1
## Metrics Providers
#metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
#metricsProvider.httpPort=7000
`

func TestLoad_Tutorial(t *testing.T) {
	cfg, warnings, err := load(t, tutorial)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if cfg.TickTime != 2*time.Second || cfg.MinSessionTimeout != 4*time.Second || cfg.MaxSessionTimeout != 40*time.Second ||
		cfg.Client != (Address{"", 2181}) || cfg.DataLogDir != cfg.DataDir || cfg.MaxClientCnxns != 60 ||
		cfg.Ensemble.InitLimit != 10 || cfg.Ensemble.SyncLimit != 5 || cfg.Log.Retain != 3 || cfg.Log.PurgeInterval != 0 ||
		cfg.Admin.Address.Port != 8080 || !cfg.Admin.Enabled || cfg.Metrics.Prometheus || cfg.Ensemble.Distributed() {
		t.Errorf("%+v", cfg)
	}
}

func TestLoad_TutorialEnsemble(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(tutorial, "DIR", dir)+
		"server.1=192.168.1.11:2888:3888\nserver.2=192.168.1.12:2888:3888\nserver.3=192.168.1.13:2888:3888\n")
	write(t, filepath.Join(dir, "myid"), "2\n")
	cfg, warnings, err := loadIn(t, dir)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if e := cfg.Ensemble; e.MyID != 2 || !e.Distributed() || len(e.Members) != 3 || e.Members[2].Peers[0] != (Peer{"192.168.1.13", 2888, 3888}) {
		t.Errorf("%+v", e)
	}
}

// TestLoad_BadValues: what is wrong, where.
func TestLoad_BadValues(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"tickTime=abc", `zoo.cfg:3: tickTime: "abc" is not a whole number of milliseconds`},
		{"tickTime=", `zoo.cfg:3: tickTime: "" is not a whole number of milliseconds`},
		{"tickTime=0", `zoo.cfg:3: tickTime: "0" is too small, the least is 1`},
		{"tickTime=99999999999999999999", `zoo.cfg:3: tickTime: "99999999999999999999" is too large, the most is 2147483647`},
		{"tickTime=2000 # two seconds", `zoo.cfg:3: tickTime: "2000 # two seconds" is not a whole number of milliseconds`},
		{"clientPort=70000", `zoo.cfg:3: clientPort: "70000" is not a port number`},
		{"clientPort=0", "zoo.cfg:3: clientPort: is not set: the port of the server's clients"},
		{"maxClientCnxns=-2", `zoo.cfg:3: maxClientCnxns: "-2" is too small, the least is -1`},
		{"autopurge.purgeInterval=1h", `zoo.cfg:3: autopurge.purgeInterval: "1h" is not a whole number of hours`},
		{"admin.enableServer=yes", `zoo.cfg:3: admin.enableServer: "yes" is neither true nor false`},
		{"admin.commandURL=commands", "zoo.cfg:3: admin.commandURL: must begin with / and name a path"},
		{"forceSync=false", `zoo.cfg:3: forceSync: "false" is neither yes nor no`},
		{"snapCount=0x1g", `zoo.cfg:3: snapCount: "0x1g" is not a whole number`},
		{"snapshot.compression.method=zip", `zoo.cfg:3: snapshot.compression.method: "zip" is none of gz`},
		{"snapshot.compression.method=snappy", "zoo.cfg:3: snapshot.compression.method: snappy: zoka packs snapshots with gz alone"},
		{"electionAlg=0", `zoo.cfg:3: electionAlg: "0": only 3 exists since ZooKeeper 3.6`},
		{"peerType=voter", `zoo.cfg:3: peerType: "voter" is none of participant, observer`},
		{"snapshotSizeFactor=NaN", `zoo.cfg:3: snapshotSizeFactor: "NaN" is not a number`},
		{"commitProcessor.numWorkerThreads=many", `zoo.cfg:3: commitProcessor.numWorkerThreads: "many" is not a whole number`},
		{"minSessionTimeout=80000", "zoo.cfg:3: minSessionTimeout: 80000 is more than maxSessionTimeout, 60000"},
		{"DigestAuthenticationProvider.digestAlg=MD5", `zoo.cfg:3: DigestAuthenticationProvider.digestAlg: "MD5" is none of SHA1, SHA-256, SHA-512`},
		{"enforce.auth.enabled=true", `zoo.cfg:3: enforce.auth.enabled: enforce.auth.schemes does not say by which schemes`},
		{"sessionRequireClientSASLAuth=true\nenforce.auth.schemes=digest,kerberos", `zoo.cfg:4: enforce.auth.schemes: "kerberos": zoka's server knows the schemes world, ip, digest, sasl and auth`},
		{"dynamicConfigFile=/nowhere/at/all", "zoo.cfg:3: dynamicConfigFile: open /nowhere/at/all: no such file or directory"},

		{"server.x=h:1:2", `zoo.cfg:3: server.x: "x" is not a number`},
		{"server.1=h", `zoo.cfg:3: server.1: "h" does not have the form ` + memberForm},
		{"server.1=h:1", `zoo.cfg:3: server.1: "h:1" does not have the form ` + memberForm},
		{"server.1=h:1:2:3:4", `zoo.cfg:3: server.1: "h:1:2:3:4" does not have the form ` + memberForm},
		{"server.1=h:1:x", `zoo.cfg:3: server.1: "x" is not a port number`},
		{"server.1=h:2888:2888", `zoo.cfg:3: server.1: "h:2888:2888" has one port for quorum and election: they must differ`},
		{"server.1=h:1:2:voter", `zoo.cfg:3: server.1: "voter" is neither participant nor observer`},
		{"server.1=h:1:2|g:3:4:observer", `zoo.cfg:3: server.1: "h:1:2|g:3:4:observer" has two roles`},
		{"server.1=[::1:1:2", `zoo.cfg:3: server.1: "[::1:1:2": no IPv6 address in the brackets`},
		{"server.1=[h]:1:2", `zoo.cfg:3: server.1: "[h]:1:2": no IPv6 address in the brackets`},
		{"server.1=h:1:2;c:x", `zoo.cfg:3: server.1: "x" is not a port number`},
		{"server.1=h:1:2\nserver.2=g:1:2\nserver.3=h:3:2", "zoo.cfg:5: server.3: h:2 is an address of server.1 already"},
		{"group.1=1:2", "zoo.cfg:3: group.1: there is no server.1"},
		{"server.1=h:1:2:observer", "zoo.cfg: there are only observers: an ensemble needs a participant"},
		{"server.1=h:1:2\nserver.2=h:3:4:observer", "zoo.cfg: observers need more than one participant, or standaloneEnabled=false"},
		{"server.1=h:1:2\nserver.2=h:3:4", "myid: is missing: it holds the number of this server, one of 1, 2"},
		{"server.1=h:1:2\nserver.2=h:3:4\ngroup.1=1", "zoo.cfg:4: server.2: is in no group"},
		{"server.1=h:1:2\nserver.2=h:3:4\ngroup.1=1:2\ngroup.2=2", "zoo.cfg:6: group.2: server 2 is in group.1 already"},
		{"server.1=h:1:2\nserver.2=h:3:4\ngroup.1=1:2:3", "zoo.cfg:5: group.1: there is no server.3"},
		{"group.1=1;2", `zoo.cfg:3: group.1: "1;2" is not a list of server ids with : between them`},
		{"server.1=h:1:2\nweight.1=x", `zoo.cfg:4: weight.1: "x" is not a whole number`},
		{"server.1=h:1:2\nweight.2=1", "zoo.cfg:4: weight.2: there is no server.2"},
	} {
		_, _, err := load(t, "dataDir=DIR\nclientPort=2181\n"+tt.line+"\n")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s\n  got  %v\n  want %s", tt.line, err, tt.want)
		}
	}
}

func TestLoad_Missing(t *testing.T) {
	for text, want := range map[string]string{
		"clientPort=2181":                    "zoo.cfg: dataDir: is not set: the folder of the server's data",
		"dataDir=DIR":                        "zoo.cfg: clientPort: is not set: the port of the server's clients",
		"dataDir=DIR\nsecureClientPort=2281": "zoo.cfg:2: secureClientPort: zoka's server does not speak TLS yet: set clientPort too",
	} {
		if _, _, err := load(t, text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	_, _, err := loadIn(t, t.TempDir())
	if err == nil || err.Error() != "zoo.cfg: no such file or directory" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestLoad_MyID(t *testing.T) {
	const cfg = "dataDir=DIR\nclientPort=2181\ninitLimit=5\nsyncLimit=2\nserver.1=a:1:2\nserver.2=b:1:2\n"
	for myid, want := range map[string]string{
		"two\n": `myid:1: "two" is not the number of a server`,
		"":      `myid:1: "" is not the number of a server`,
		"3\n":   "myid:1: there is no server.3 in zoo.cfg, only 1, 2",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(cfg, "DIR", dir))
		write(t, filepath.Join(dir, "myid"), myid)
		if _, _, err := loadIn(t, dir); err == nil || err.Error() != want {
			t.Errorf("myid %q: %v, want %s", myid, err, want)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "zoo.cfg"), "dataDir="+dir+"\nclientPort=2181\nserver.1=localhost:2888:3888;2182\n")
	write(t, filepath.Join(dir, "myid"), "1")
	if _, _, err := loadIn(t, dir); err == nil || err.Error() != "zoo.cfg:2: clientPort: 2181, but zoo.cfg:3 says 2182" {
		t.Errorf("two client ports: %v", err)
	}
	write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(cfg, "DIR", dir))
	if err := os.Remove(filepath.Join(dir, "myid")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "myid"), 0o755); err != nil { // unreadable, for root too
		t.Fatal(err)
	}
	if _, _, err := loadIn(t, dir); err == nil || !strings.HasPrefix(err.Error(), "myid: cannot be read: ") {
		t.Errorf("a folder as myid: %v", err)
	}
}

func TestLoad_Warnings(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"tickTme=2000", []string{"zoo.cfg:3: tickTme: unknown key (did you mean tickTime?), kept as the property zookeeper.tickTme"}},
		{"zookeeper.snapCount=7", []string{"zoo.cfg:3: zookeeper.snapCount: unknown key (did you mean snapCount?), kept as the property zookeeper.zookeeper.snapCount"}},
		{"color=blue", []string{"zoo.cfg:3: color: unknown key, kept as the property zookeeper.color"}},
		{"clientPort=2182", []string{"zoo.cfg:2: clientPort: is set again in line 3, which counts"}},
		{"autopurge.snapRetainCount=1", []string{"zoo.cfg:3: autopurge.snapRetainCount: 1 is less than 3, which is used"}},
		{"jute.maxbuffer=1", []string{"zoo.cfg:3: jute.maxbuffer: has no effect in a file: ZooKeeper reads it from -Djute.maxbuffer alone"}},
		{"maxResponseCacheSize=1", []string{"zoo.cfg:3: maxResponseCacheSize: has no effect: " + noCache}},
		{"ssl.keyStore.location=/k", []string{"zoo.cfg:3: ssl.keyStore.location: has no effect: zoka's server does not speak TLS yet"}},
		{"secureClientPort=2281", []string{"zoo.cfg:3: secureClientPort: has no effect: zoka's server does not speak TLS yet"}},
		{"admin.forceHttps=true", []string{"zoo.cfg:3: admin.forceHttps: the AdminServer does not speak TLS yet: it is off, instead of answering in the clear"}},
		{"metricsProvider.className=com.example.M", []string{"zoo.cfg:3: metricsProvider.className: com.example.M is a class of Java; zoka has " + prometheusProvider}},
		{"authProvider.1=com.example.A", []string{"zoo.cfg:3: authProvider.1: com.example.A has no effect: " + noScheme}},
		{"authProvider.1=" + providers[0], nil},
		{"server.1=localhost:2888:3888", nil},
		{"server.1=localhost:2888:3888;2182", nil}, // without a myid it says nothing about this server
		{"maxClientCnxns=-1\nautopurge.purgeInterval=-1\ninitLimit=0", nil},
		{"snapCount=0", []string{"zoo.cfg:3: snapCount: 0 is less than 2, which is used"}},
	} {
		_, got, err := load(t, "dataDir=DIR\nclientPort=2181\n"+tt.line+"\n")
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s\n  got  %q, %v\n  want %q", tt.line, got, err, tt.want)
		}
	}
}

func TestLoad_Overrides(t *testing.T) {
	cfg, warnings, err := load(t, "dataDir=DIR\nclientPort=2181\nsnapCount=7\ncolor=blue\n",
		Property{"zookeeper.snapCount", "9"}, Property{"zookeeper.admin.serverPort", "0"}, Property{"readonlymode.enabled", "true"},
		Property{"jute.maxbuffer", "0x2000"}, Property{"file.encoding", "UTF-8"}, Property{"zookeeper.taste", "sour"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Log.SnapCount != 9 || cfg.Admin.Address.Port != 0 || cfg.Requests.MaxBuffer != 0x2000 || !slices.Equal(cfg.FourLetterWords, []string{"srvr", "isro"}) {
		t.Errorf("%+v", cfg)
	}
	want := []string{
		"zoo.cfg:4: color: unknown key, kept as the property zookeeper.color",
		"-Dzookeeper.snapCount: snapCount: replaces zoo.cfg:3",
		"-Dfile.encoding: file.encoding: is no setting of a ZooKeeper server",
		"-Dzookeeper.taste: taste: unknown key, kept as the property zookeeper.taste",
	}
	if !slices.Equal(warnings, want) {
		t.Errorf("got  %q\nwant %q", warnings, want)
	}
	properties := []Property{{"zookeeper.snapCount", "9"}, {"zookeeper.color", "blue"}, {"zookeeper.admin.serverPort", "0"},
		{"readonlymode.enabled", "true"}, {"jute.maxbuffer", "0x2000"}, {"zookeeper.taste", "sour"}}
	if !slices.Equal(cfg.Properties, properties) {
		t.Errorf("got  %v\nwant %v", cfg.Properties, properties)
	}
	_, _, err = load(t, "dataDir=DIR\nclientPort=2181\n", Property{"zookeeper.snapCount", "many"})
	if err == nil || err.Error() != `-Dzookeeper.snapCount: snapCount: "many" is not a whole number` {
		t.Error(err)
	}
}

func TestLoad_DynamicFile(t *testing.T) {
	dir := t.TempDir()
	const cfg = "dataDir=DIR\ninitLimit=5\nsyncLimit=2\ndynamicConfigFile=DIR/dynamic\n"
	write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(cfg, "DIR", dir))
	write(t, filepath.Join(dir, "myid"), "1")
	write(t, filepath.Join(dir, "dynamic"), "server.1=[2001:db8::1]:2888:3888:participant;[::]:2181\n"+
		"server.2=a:1:2|b:3:4;2182\nserver.3=c:1:2:OBSERVER;x:2183\nversion=100000000\n")
	got, warnings, err := loadIn(t, dir)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	m := got.Ensemble.Members
	if len(m) != 3 || m[0].Peers[0].Host != "2001:db8::1" || got.Client != (Address{"::", 2181}) ||
		len(m[1].Peers) != 2 || m[1].Peers[1] != (Peer{"b", 3, 4}) || m[2].Role != Observer || m[2].Client != (Address{"x", 2183}) {
		t.Errorf("%+v, client %s", m, got.Client)
	}
	for text, want := range map[string]string{
		"server.1=h":   `dynamic:1: server.1: "h" does not have the form ` + memberForm,
		"\ntickTime=1": "dynamic:2: tickTime: does not belong here: only server, group and weight lines do",
	} {
		write(t, filepath.Join(dir, "dynamic"), text)
		if _, _, err := loadIn(t, dir); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	write(t, filepath.Join(dir, "zoo.cfg"), strings.ReplaceAll(cfg, "DIR", dir)+"server.1=h:1:2\n")
	if _, _, err := loadIn(t, dir); err == nil || err.Error() != "zoo.cfg:4: dynamicConfigFile: the server lines must be in that file, not in this one" {
		t.Error(err)
	}
}

func TestArgs(t *testing.T) {
	cfg, warnings, err := Args([]string{"2181", "/data", "500", "7"}, nil)
	if err != nil || len(warnings) > 0 || cfg.Client.Port != 2181 || cfg.DataDir != "/data" || cfg.TickTime != 500*time.Millisecond ||
		cfg.MinSessionTimeout != time.Second || cfg.MaxClientCnxns != 7 {
		t.Errorf("%+v, %v, %v", cfg, warnings, err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"2181"}, "command line: want clientPort dataDir [tickTime [maxClientCnxns]]"},
		{[]string{"port", "/data"}, `command line: clientPort: "port" is not a port number`},
	} {
		if _, _, err := Args(tt.args, nil); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.args, err, tt.want)
		}
	}
}

// TestTables_Complete: every key of ZooKeeper's reference is known here.
func TestTables_Complete(t *testing.T) {
	l := newLoader()
	for _, name := range strings.Fields(reference) {
		if _, known := lookup(l.tables, name); !known && !isMember(name) {
			t.Errorf("%s is unknown", name)
		}
	}
}

// reference are the keys of ZooKeeper 3.9's administrator's guide that a server reads.
const reference = `tickTime initLimit syncLimit dataDir dataLogDir clientPort clientPortAddress secureClientPort
secureClientPortAddress server.1 maxClientCnxns maxCnxns minSessionTimeout maxSessionTimeout clientPortListenBacklog
electionAlg peerType group.1 weight.1 oraclePath leaderServes connectToLearnerMasterLimit standaloneEnabled
reconfigEnabled dynamicConfigFile localSessionsEnabled localSessionsUpgradingEnabled autopurge.snapRetainCount
autopurge.purgeInterval snapCount snapSizeLimitInKb txnLogSizeLimitInKb preAllocSize commitLogCount
globalOutstandingLimit maxBatchSize flushDelay maxWriteQueuePollTime forceSync fsync.warningthresholdms syncEnabled
observerMasterPort extendedTypesEnabled emulate353TTLNodes enforceQuota skipACL enableEagerACLCheck digest.enabled
closeSessionTxn.enabled serializeLastProcessedZxid.enabled snapshot.compression.method snapshot.trust.empty
datadir.autocreate db.autocreate fastleader.minNotificationInterval fastleader.maxNotificationInterval cnxTimeout
quorumCnxnTimeoutMs electionPortBindRetry leader.maxTimeToWaitForEpoch leader.maxConcurrentSnapSyncs
leader.maxConcurrentDiffSyncs snapshotSizeFactor observer.reconnectDelayMs observer.election.DelayMs
quorumListenOnAllIPs multiAddress.enabled tcpKeepAlive clientTcpKeepAlive 4lw.commands.whitelist admin.enableServer
admin.serverAddress admin.serverPort admin.commandURL admin.idleTimeout admin.portUnification admin.forceHttps
admin.needClientAuth admin.rateLimiterIntervalInMS admin.snapshot.enabled admin.restore.enabled maxResponseCacheSize
maxGetChildrenResponseCacheSize requestThrottleLimit throttledOpWaitTime largeRequestThreshold largeRequestMaxBytes
connectionMaxTokens commitProcessor.numWorkerThreads commitProcessor.maxReadBatchSize commitProcessor.maxCommitBatchSize
sslQuorum portUnification ssl.keyStore.location ssl.quorum.trustStore.password ssl.clientAuth ssl.hostnameVerification
fips-mode DigestAuthenticationProvider.enabled DigestAuthenticationProvider.superDigest
DigestAuthenticationProvider.digestAlg authProvider.1 quorum.auth.enableSasl metricsProvider.className
metricsProvider.httpPort metricsProvider.httpHost metricsProvider.exportJvmInfo`
