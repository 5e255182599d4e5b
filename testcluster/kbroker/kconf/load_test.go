package kconf

import (
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads a file that has what is required, and the lines.
func load(t *testing.T, lines ...string) (*Broker, []Warning, error) {
	t.Helper()
	return ParseBroker("f", "broker.id=1\nzookeeper.connect=z:2181\n"+strings.Join(lines, "\n"))
}

func mustLoad(t *testing.T, lines ...string) *Broker {
	t.Helper()
	b, warnings, err := load(t, lines...)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%q: %v, %v", lines, warnings, err)
	}
	return b
}

// TestLoadBroker_Tutorial: the file that the tutorial edits reads without a word, and means what it says.
func TestLoadBroker_Tutorial(t *testing.T) {
	b, warnings, err := LoadBroker("testdata/tutorial.properties")
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	if b.ID != 1 || b.ZooKeeper.Connect != "slave1:2181,slave2:2181,slave3:2181" || !b.Topics.Delete ||
		!slices.Equal(b.LogDirs, []string{"/data/kafka/logs"}) {
		t.Errorf("%+v", b)
	}
	if b.ZooKeeper.ConnectionTimeoutMs != 18000 || b.Groups.InitialRebalanceDelayMs != 0 || b.Groups.OffsetsReplicationFactor != 1 {
		t.Errorf("%+v %+v", b.ZooKeeper, b.Groups)
	}
	if l := b.Listeners[0]; len(b.Listeners) != 1 || l.Name != "PLAINTEXT" || l.Host != "" || l.Port != 9092 {
		t.Errorf("listeners %v", b.Listeners)
	}
	if topic := b.Topic(nil); topic.RetentionMs != 7*24*time.Hour.Milliseconds() || topic.SegmentBytes != 1<<30 || !topic.CleanupDelete || topic.CleanupCompact {
		t.Errorf("a topic is %+v", topic)
	}
}

func TestLoadBroker_Missing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.properties")
	if _, _, err := LoadBroker(path); err == nil || err.Error() != path+": no such file or directory" {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("\n\nnum.partitions=x"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := LoadBroker(path)
	if typed := (*Error)(nil); !errors.As(err, &typed) || typed.Line != 3 || typed.Key != "num.partitions" {
		t.Errorf("%#v", err)
	}
}

func TestParseBroker_Errors(t *testing.T) {
	for line, want := range map[string]string{
		"num.partitions=many":                       `f:3: num.partitions: invalid value "many": Not a number of type INT`,
		"num.partitions=0":                          `f:3: num.partitions: invalid value "0": Value must be at least 1`,
		"num.partitions=3000000000":                 `f:3: num.partitions: invalid value "3000000000": Not a number of type INT`,
		"delete.topic.enable=yes":                   `f:3: delete.topic.enable: invalid value "yes": Expected value to be either true or false`,
		"log.cleanup.policy=delete,shred":           `f:3: log.cleanup.policy: invalid value "shred": String must be one of: compact, delete`,
		"log.retention.ms=0":                        "f:3: log.retention.ms: must be at least 1, or -1 for ever",
		"log.retention.hours=0":                     "f:3: log.retention.hours: must be at least 1, or -1 for ever",
		"inter.broker.protocol.version=9.9":         "f:3: inter.broker.protocol.version: invalid value \"9.9\": Version `9.9` is not a valid version",
		"broker.id=-2":                              "f:3: broker.id: -2 is no id: the smallest is 0, and -1 takes a free one",
		"broker.id=1001":                            "f:3: broker.id: 1001 is above reserved.broker.max.id=1000",
		"zookeeper.connect=":                        "f:3: zookeeper.connect: missing: name the ZooKeeper servers, for example zookeeper.connect=localhost:2181",
		"zookeeper.connect=a:1,,b:2":                "f:3: zookeeper.connect: a server without a name between the commas",
		"zookeeper.connect=a:port":                  `f:3: zookeeper.connect: "a:port" is no host:port`,
		"zookeeper.connect=a:1/k/":                  "f:3: zookeeper.connect: /k/ is no path: empty names in it",
		"log.dirs=":                                 "f:3: log.dirs: no folder is named",
		"log.dirs=/a,/b,/a":                         "f:3: log.dirs: /a stands there twice",
		"listeners=":                                "f:3: listeners: no listener is named: want NAME://host:port",
		"listeners=h:9092":                          `f:3: listeners: "h:9092" is not NAME://host:port`,
		"listeners=PLAINTEXT://h:x":                 `f:3: listeners: "PLAINTEXT://h:x" is not NAME://host:port`,
		"listeners=PLAINTEXT://h:1,plaintext://h:2": "f:3: listeners: two listeners with the name PLAINTEXT",
		"listeners=INNER://h:1":                     "f:3: listeners: no security protocol for INNER in listener.security.protocol.map",
		"listeners=SSL://h:1":                       "f:3: listeners: SSL is SSL: zoka's brokers speak PLAINTEXT only",
		"listeners=PLAINTEXT://0.0.0.0:1":           "f:3: listeners: 0.0.0.0 is no address that a client can use: set advertised.listeners",
		"advertised.listeners=OTHER://h:1":          "f:3: advertised.listeners: no security protocol for OTHER in listener.security.protocol.map",
		"advertised.listeners=SSL://h:1":            "f:3: advertised.listeners: SSL is advertised, but there is no such listener",
		"inter.broker.listener.name=INNER":          "f:3: inter.broker.listener.name: brokers use the listener INNER among themselves, which is not advertised",
		"listener.security.protocol.map=A":          `f:3: listener.security.protocol.map: "A" is not NAME:PROTOCOL`,
		"listener.security.protocol.map=A:TLS":      "f:3: listener.security.protocol.map: TLS is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
		"replica.fetch.wait.max.ms=40000":           "f:3: replica.fetch.wait.max.ms: 40000 is more than replica.socket.timeout.ms=30000",
		"replica.lag.time.max.ms=100":               "f:3: replica.lag.time.max.ms: replica.fetch.wait.max.ms=500 is more than it",
		"log.cleaner.dedupe.buffer.size=1048576":    "f:3: log.cleaner.dedupe.buffer.size: must be more than 1 MiB for each of log.cleaner.threads",
		`num.partitions=\u00`:                       `f:3: num.partitions: \u is not followed by four hexadecimal digits`,
	} {
		if _, _, err := load(t, line); err == nil || err.Error() != want {
			t.Errorf("%s\n  got  %v\n  want %s", line, err, want)
		}
	}
	_, _, err := ParseBroker("f", "process.roles=broker\n")
	if err == nil || !strings.Contains(err.Error(), "process.roles is for Kafka without ZooKeeper") {
		t.Error(err)
	}
}

func TestParseBroker_Warnings(t *testing.T) {
	for line, want := range map[string]string{
		"log.retention.hour=1":                       "f:3: log.retention.hour: is no setting of a Kafka 2.7 broker (did you mean log.retention.hours?)",
		"my.own.setting=1":                           "f:3: my.own.setting: is no setting of a Kafka 2.7 broker",
		"quota.producer.default=1000":                "f:3: quota.producer.default: has no effect: zoka does not have what it sets",
		"listener.name.x.ssl.keystore.type":          "f:3: listener.name.x.ssl.keystore.type: has no effect: zoka does not have what it sets",
		"node.id=1":                                  "f:3: node.id: has no effect: it is for Kafka without ZooKeeper",
		"broker.id=2":                                "f:3: broker.id: replaces the value of line 1",
		"quota.consumer.default=9223372036854775807": "", // the default
		"num.io.threads=16":                          "",
	} {
		_, warnings, err := load(t, line)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range warnings {
			got = append(got, w.String())
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s\n  got  %s\n  want %s", line, text, want)
		}
	}
}

func TestParseBroker_Overrides(t *testing.T) {
	b, warnings, err := ParseBroker("f", "broker.id=1\nzookeeper.connect=z", Override{"broker.id", "7"}, Override{"log.dirs", "/x"})
	if err != nil || len(warnings) > 0 || b.ID != 7 || !slices.Equal(b.LogDirs, []string{"/x"}) {
		t.Errorf("%+v, %v, %v", b, warnings, err)
	}
	_, _, err = ParseBroker("f", "zookeeper.connect=z", Override{"broker.id", "x"})
	if err == nil || err.Error() != `--override broker.id=x: broker.id: invalid value "x": Not a number of type INT` {
		t.Error(err)
	}
}

func TestParseBroker_Listeners(t *testing.T) {
	text := func(ls []Listener) (s string) {
		for _, l := range ls {
			s += l.String() + " " + l.Security + ";"
		}
		return s
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ lines, listeners, advertised, inter string }{
		{"", "PLAINTEXT://:9092 PLAINTEXT;", "PLAINTEXT://" + host + ":9092 PLAINTEXT;", "PLAINTEXT"},
		{"host.name=h\nport=1", "PLAINTEXT://h:1 PLAINTEXT;", "PLAINTEXT://h:1 PLAINTEXT;", "PLAINTEXT"},
		{"host.name=h\nadvertised.port=2", "PLAINTEXT://h:9092 PLAINTEXT;", "PLAINTEXT://h:2 PLAINTEXT;", "PLAINTEXT"},
		{"listeners=PLAINTEXT://:0", "PLAINTEXT://:0 PLAINTEXT;", "PLAINTEXT://" + host + ":0 PLAINTEXT;", "PLAINTEXT"},
		{
			"listeners=plaintext://[::1]:1 , in://10.0.0.1:2\nlistener.security.protocol.map=IN:PLAINTEXT,PLAINTEXT:plaintext\n" +
				"advertised.listeners=IN://in.example:3,PLAINTEXT://out.example:4\ninter.broker.listener.name=in",
			"PLAINTEXT://[::1]:1 PLAINTEXT;IN://10.0.0.1:2 PLAINTEXT;",
			"IN://in.example:3 PLAINTEXT;PLAINTEXT://out.example:4 PLAINTEXT;", "IN",
		},
		{"listeners=PLAINTEXT://0.0.0.0:1\nadvertised.listeners=PLAINTEXT://h:1", "PLAINTEXT://0.0.0.0:1 PLAINTEXT;", "PLAINTEXT://h:1 PLAINTEXT;", "PLAINTEXT"},
	} {
		b := mustLoad(t, tt.lines)
		if text(b.Listeners) != tt.listeners || text(b.Advertised) != tt.advertised || b.InterBroker != tt.inter {
			t.Errorf("%s\n  got  %s %s %s\n  want %s %s %s", tt.lines,
				text(b.Listeners), text(b.Advertised), b.InterBroker, tt.listeners, tt.advertised, tt.inter)
		}
	}
}

// TestTopic_Layers: the most specific of the values that are valid counts, in whatever unit it is given.
func TestTopic_Layers(t *testing.T) {
	for _, tt := range []struct {
		name      string
		file      string
		overrides map[string]string
		dynamic   []map[string]string
		want      int64
	}{
		{"default", "", nil, nil, 7 * 24 * hour},
		{"hours", "log.retention.hours=2", nil, nil, 2 * hour},
		{"minutes before hours", "log.retention.hours=2\nlog.retention.minutes=5", nil, nil, 5 * minute},
		{"ms before minutes", "log.retention.ms=7\nlog.retention.minutes=5", nil, nil, 7},
		{"for ever", "log.retention.minutes=-5", nil, nil, -1},
		{"set for all brokers", "log.retention.ms=7", nil, []map[string]string{nil, {"log.retention.ms": "8"}}, 8},
		{"set for this broker", "", nil, []map[string]string{{"log.retention.ms": "9"}, {"log.retention.ms": "8"}}, 9},
		{"what cannot change while it runs", "", nil, []map[string]string{{"log.retention.minutes": "1"}}, 7 * 24 * hour},
		{"the topic's own", "", map[string]string{"retention.ms": " 3 "}, []map[string]string{{"log.retention.ms": "9"}}, 3},
		{"not valid", "", map[string]string{"retention.ms": "-3"}, []map[string]string{{"log.retention.ms": "x"}}, 7 * 24 * hour},
	} {
		if got := mustLoad(t, tt.file).Topic(tt.overrides, tt.dynamic...).RetentionMs; got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestTopic_Fields(t *testing.T) {
	b := mustLoad(t)
	if got := b.Topic(nil); got.FlushMessages != math.MaxInt64 || got.FlushMs != math.MaxInt64 || got.MaxMessageBytes != 1048588 ||
		got.MinCleanableDirtyRatio != 0.5 || got.MinInsyncReplicas != 1 || got.RetentionBytes != -1 || got.CompressionType != "producer" ||
		got.LogAppendTime || got.UncleanLeaderElection || got.SegmentMs != 7*24*hour || got.SegmentIndexBytes != 10<<20 {
		t.Errorf("defaults: %+v", got)
	}
	got := b.Topic(map[string]string{"cleanup.policy": "compact, delete", "message.timestamp.type": "LogAppendTime", "unclean.leader.election.enable": "TRUE"})
	if !got.CleanupCompact || !got.CleanupDelete || !got.LogAppendTime || !got.UncleanLeaderElection {
		t.Errorf("%+v", got)
	}
}

func TestCheckTopics(t *testing.T) {
	b := mustLoad(t)
	for _, tt := range []struct {
		overrides map[string]string
		want      string
	}{
		{map[string]string{"retention.ms": "-1", "cleanup.policy": "", "follower.replication.throttled.replicas": "0:1,1:2"}, ""},
		{map[string]string{"retention.msec": "1"}, "Unknown topic config name: retention.msec"},
		{map[string]string{"retention.ms": "abc"}, "Invalid value abc for configuration retention.ms: Not a number of type LONG"},
		{map[string]string{"retention.ms": "-2"}, "Invalid value -2 for configuration retention.ms: Value must be at least -1"},
		{map[string]string{"min.cleanable.dirty.ratio": "1.5"}, "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1"},
		{map[string]string{"leader.replication.throttled.replicas": "x"}, "Invalid value x for configuration leader.replication.throttled.replicas: must be the literal"},
		{map[string]string{"message.format.version": "0.11.0"}, ""},
		{map[string]string{"min.compaction.lag.ms": "5", "max.compaction.lag.ms": "4"}, "conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)"},
	} {
		err := b.CheckTopics(tt.overrides)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%v\n  got  %v\n  want %s", tt.overrides, err, tt.want)
		}
	}
	unknown := (*UnknownKeyError)(nil)
	if err := CheckTopic("retention.msec", "1"); !errors.As(err, &unknown) || unknown.Near != "retention.ms" {
		t.Errorf("%#v", err)
	}
	if err := CheckBroker("log.retention.ms", "x"); err == nil {
		t.Error("a bad value of a broker is taken")
	}
}

// TestTables: every row's default is a value that the row takes, its broker's key is there or nobody's, and what is
// honoured is described.
func TestTables(t *testing.T) {
	names := map[string]bool{}
	for _, k := range slices.Concat(Topics(), Brokers()) {
		if k.HasDefault {
			if err := k.Check(k.Default); err != nil {
				t.Errorf("the default of %s: %v", k.Name, err)
			}
		}
		if k.Honoured != (k.Doc != "") {
			t.Errorf("%s: honoured %v, described %q", k.Name, k.Honoured, k.Doc)
		}
		names[k.Name] = true
	}
	for name := range maps.Keys(inMs) {
		if !names[name] {
			t.Errorf("%s is in no table", name)
		}
	}
}

func FuzzParseBroker(f *testing.F) {
	f.Add("broker.id=1\nzookeeper.connect=a:1,[::1]:2/k\nlisteners=A://h:1\nlistener.security.protocol.map=A:PLAINTEXT")
	f.Add("zookeeper.connect=z\nlog.dirs=,,\nadvertised.listeners=PLAINTEXT://[::1%eth0]:1")
	f.Fuzz(func(t *testing.T, text string) {
		b, _, err := ParseBroker("f", text)
		if err == nil && (len(b.Listeners) == 0 || len(b.Advertised) == 0 || len(b.LogDirs) == 0 || b.ZooKeeper.Connect == "" || b.InterBroker == "") {
			t.Fatalf("incomplete: %+v", b)
		}
		if err == nil {
			b.DescribeTopic(nil)
			b.DescribeBroker()
		}
	})
}
