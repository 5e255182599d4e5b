package kafkatools

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

var errDialled = errors.New("dialled")

// runDry runs a tool that has no cluster. The error of whoever comes so far is errDialled.
func runDry(t *testing.T, line string) (stdout, stderr string, code int) {
	t.Helper()
	words := strings.Fields(line)
	var out, talk bytes.Buffer
	code = Run(t.Context(), words[0], words[1:], Config{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &talk, Version: "test",
		Dial: func(context.Context, command.KafkaTarget) (Cluster, error) { return nil, errDialled },
	})
	return out.String(), talk.String(), code
}

// TestUsage has command lines with the first line that they get on standard error. None is dialled for.
func TestUsage(t *testing.T) {
	for line, want := range map[string]string{
		"kafka-topics.sh":                                                    "Create, delete, describe, or change a topic.",
		"kafka-topics.sh --bootstrap-server b:1":                             "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
		"kafka-topics.sh --list --describe --bootstrap-server b:1":           "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
		"kafka-topics.sh --list":                                             "--bootstrap-server must be specified",
		"kafka-topics.sh --list --zookeeper z:1 --bootstrap-server b:1":      "Only one of --bootstrap-server or --zookeeper must be specified",
		"kafka-topics.sh --list --bootstrap-server b:1 --nope":               "nope is not a recognized option",
		"kafka-topics.sh --list --bootstrap-server b:1 --topic":              "Option topic requires an argument",
		"kafka-topics.sh --list --bootstrap-server b:1 --topic a --topic=b":  "Found multiple arguments for option topic, but you asked for only one",
		"kafka-topics.sh --list --bootstrap-server b:1 --partitions 1":       `Option "[partitions]" can't be used with option "[list]"`,
		"kafka-topics.sh --create --bootstrap-server b:1":                    `Missing required argument "[topic]"`,
		"kafka-topics.sh --create --zookeeper z:1 --topic a":                 `Missing required argument "[partitions]"`,
		"kafka-topics.sh --create --zookeeper z:1 --topic a --partitions 1":  `Missing required argument "[replication-factor]"`,
		"kafka-topics.sh --create --bootstrap-server b:1 --topic a --config": "Option config requires an argument",
		"kafka-topics.sh --alter --bootstrap-server b:1 --topic a":           `Missing required argument "[partitions]"`,
		"kafka-console-producer.sh --bootstrap-server b:1":                   `Missing required argument "[topic]"`,
		"kafka-console-producer.sh --topic a":                                `Missing required argument "[bootstrap-server]"`,
		"kafka-console-producer.sh --topic a --broker-list b:1 --request-required-acks 2": "Invalid value 2 for configuration acks: " +
			"String must be one of: all, -1, 0, 1",
		"kafka-console-producer.sh --topic a --broker-list b:1 --reader-property parse.headers=true --reader-property headers.separator=:": "org.apache.kafka.common.KafkaException: headers.separator and headers.key.separator may not be equal",
		"kafka-console-consumer.sh --bootstrap-server b:1":                                            "Exactly one of the following arguments is required: [topic], [include]",
		"kafka-console-consumer.sh --topic a --whitelist b --bootstrap-server b:1":                    "Exactly one of the following arguments is required: [topic], [include]",
		"kafka-console-consumer.sh --topic a --bootstrap-server b:1 --max-messages x":                 "Cannot parse argument 'x' of option max-messages",
		"kafka-console-consumer.sh --topic a":                                                         `Missing required argument "[bootstrap-server]"`,
		"kafka-console-consumer.sh --include a --partition 0 --bootstrap-server b:1":                  "The topic is required when partition is specified.",
		"kafka-console-consumer.sh --topic a --offset 0 --bootstrap-server b:1":                       "The partition is required when offset is specified.",
		"kafka-console-consumer.sh --topic a --partition 0 --offset x --bootstrap-server b:1":         "The provided offset value 'x' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.",
		"kafka-console-consumer.sh --topic a --partition 0 --group g --bootstrap-server b:1":          "Options group and partition cannot be specified together.",
		"kafka-console-consumer.sh --topic a --partition 0 --offset 1 --from-beginning --zookeeper z": "Options from-beginning and offset cannot be specified together.",
		"kafka-console-consumer.sh --topic a --from-beginning --zookeeper z --consumer-property auto.offset.reset=latest": "Can't simultaneously " +
			"specify --from-beginning and 'auto.offset.reset=latest', please remove one option",
		"kafka-consumer-groups.sh --bootstrap-server b:1":                                       "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets",
		"kafka-consumer-groups.sh --list":                                                       `Missing required argument "[bootstrap-server]"`,
		"kafka-consumer-groups.sh --describe --bootstrap-server b:1":                            "Option [describe] takes one of these options: [all-groups], [group]",
		"kafka-consumer-groups.sh --delete --group g --topic a --bootstrap-server b:1":          "The consumer does not support topic-specific offset deletion from a consumer group.",
		"kafka-consumer-groups.sh --reset-offsets --group g --to-latest --bootstrap-server b:1": "One of the reset scopes should be defined: --all-topics, --topic.",
		"kafka-get-offsets.sh --topic a":                                                        `Missing required argument "[bootstrap-server]"`,
		"kafka-get-offsets.sh --bootstrap-server b:1 --topic-partitions a --topic b":            "Error occurred: --topic-partitions cannot be used with --topic or --partitions",
		"kafka-get-offsets.sh --bootstrap-server b:1 --topic-partitions a:b":                    "Error occurred: Invalid rule specification: a:b",
	} {
		stdout, stderr, code := runDry(t, line)
		if first, _, _ := strings.Cut(stderr, "\n"); first != want || stdout != "" || code != 1 {
			t.Errorf("%s\nends with %d, stdout %q, stderr begins\n%s\nwant\n%s", line, code, stdout, first, want)
		}
	}
}

// TestSpellings are command lines of both releases that are understood: a cluster is looked for.
func TestSpellings(t *testing.T) {
	for _, line := range []string{
		"kafka-topics.sh -list --zookeeper z:2181/chroot",
		"kafka-topics.sh --delete --force --topic=a --zookeeper z:2181",
		"kafka-topics.sh --create --topic a --replica-assignment 1:2,2:1 --disable-rack-aware --bootstrap-server b:1",
		"kafka-console-producer.sh --topic a --broker-list b:1 --producer-property linger.ms=1 --producer.config /dev/null --property parse.key=true --compression-codec --sync",
		"kafka-console-producer.sh --topic a --bootstrap-server b:1 --command-property linger.ms=1 --command-config /dev/null --reader-property parse.key=true --compression-codec zstd",
		"kafka-console-consumer.sh --whitelist a.* --bootstrap-server b:1 --consumer-property fetch.min.bytes=1 --consumer.config /dev/null --property print.key=true --new-consumer",
		"kafka-console-consumer.sh --include a.* --bootstrap-server b:1 --command-property fetch.min.bytes=1 --command-config /dev/null --formatter-property print.key=true",
		"kafka-consumer-groups.sh --list --state --bootstrap-server b:1",
		"kafka-consumer-groups.sh --list --state Stable,Empty --type classic --bootstrap-server b:1",
		"kafka-get-offsets.sh --broker-list b:1 --topic a --time -1 --offsets 1 --max-wait-ms 5",
	} {
		stdout, stderr, code := runDry(t, line)
		if !strings.Contains(stdout+stderr, errDialled.Error()) || code != 1 {
			t.Errorf("%s\nends with %d\n%s%s", line, code, stdout, stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, name := range Names() {
		stdout, stderr, code := runDry(t, name+" --help")
		if code != 0 || stdout != "" || !strings.Contains(stderr, "--bootstrap-server <") {
			t.Errorf("%s --help ends with %d, stdout %q, stderr\n%s", name, code, stdout, stderr)
		}
		if stdout, _, code = runDry(t, name+" --version"); code != 0 || stdout != "test\n" {
			t.Errorf("%s --version ends with %d and %q", name, code, stdout)
		}
	}
}

func TestParseRules(t *testing.T) {
	rules, err := parseRules("t1:1,t2:0-3,t3,t4:5-,:-3")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]int32{{1, 2}, {0, 3}, {0, 1<<31 - 1}, {5, 1<<31 - 1}, {0, 3}} {
		if got := [2]int32{rules[i].from, rules[i].to}; got != want {
			t.Errorf("rule %d is %v, want %v", i, got, want)
		}
	}
	if rules[4].topic != nil || !rules[0].topic.MatchString("t1") || rules[0].topic.MatchString("t11") {
		t.Errorf("topics of %v", rules)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]int64{
		"1970-01-01T00:00:01.500": 1500, "1970-01-01T01:00:00.000+01:00": 0, "1970-01-01T01:00:00.000+0100": 0, "1970-01-01T00:00:02": 2000,
	} {
		if got, err := parseDateTime(text); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]int64{"P1DT1H1M1S": 90061000, "PT0S": 0, "P7D": 7 * 86400000} {
		if got, err := parseDuration(text, time.UnixMilli(1e12)); err != nil || got != 1e12-want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "1D", "yesterday"} {
		if _, err := parseDuration(text, time.Now()); err == nil {
			t.Errorf("%q is a duration", text)
		}
	}
}

// TestFormatter has the layouts of records, as DefaultMessageFormatter writes them.
func TestFormatter(t *testing.T) {
	rec := &kmodel.Record{Topic: "t", Partition: 2, Offset: 7, Timestamp: 5, LeaderEpoch: -1, Key: []byte("k"), Value: nil,
		Headers: []kmodel.Header{{Key: "a", Value: []byte("1")}, {Key: "b"}}}
	for flags, want := range map[string]string{
		"":               "null\n",
		"print.key=true": "k\tnull\n",
		"print.key=true key.separator=: null.literal=N line.separator=;":               "k:N;",
		"print.timestamp=true print.partition=true print.offset=true print.epoch=true": "CreateTime:5\tPartition:2\tOffset:7\tEpoch:NOT_PRESENT\tnull\n",
		"print.headers=true print.key=true print.value=false":                          "a:1,b:null\tk\n",
		"print.headers=true headers.separator=| print.value=false":                     "a:1|b:null\n",
	} {
		args := []string{}
		for _, p := range strings.Fields(flags) {
			args = append(args, "--formatter-property", p)
		}
		o, err := parse(consumerOptions, args)
		if err != nil {
			t.Fatal(err)
		}
		f, err := (&call{options: o}).formatter()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.append(nil, rec); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", flags, got, err, want)
		}
	}
}
