package kafkatools_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/compat/kafkatools"
)

// configLines are run by Apache's kafka-configs.sh and by zoka's, on the same cluster. NAME is another for each, so
// that what one has done does not change what the other says. Code is the exit code of both.
var configLines = []struct {
	args string
	code int
}{
	{"--alter --topic NAME --add-config retention.ms=100000,cleanup.policy=[compact,delete],max.message.bytes=2000", 0},
	{"--describe --topic NAME", 0},
	{"--describe --entity-type topics --entity-name NAME --all", 0},
	{"--alter --entity-type topics --entity-name NAME --delete-config retention.ms,cleanup.policy", 0},
	{"--alter --topic NAME --delete-config retention.ms", 1},
	{"--alter --topic NAME --add-config retention.ms", 1},
	{"--alter --topic NAME --add-config nope=1", 1},
	{"--describe --entity-type topics", 0},
	{"--describe --topic nobody-NAME", 1},
	{"--alter --broker-defaults --add-config log.cleaner.threads=1", 0},
	{"--describe --broker-defaults", 0},
	{"--describe --broker 1", 0},
	{"--describe --entity-type brokers", 0},
	{"--alter --client NAME --add-config producer_byte_rate=1024,consumer_byte_rate=104857600", 0},
	{"--describe --client NAME", 0},
	{"--alter --user NAME --client NAME --add-config producer_byte_rate=7", 0},
	{"--describe --user NAME --client NAME", 0},
	{"--alter --entity-type clients --entity-default --add-config consumer_byte_rate=5", 0},
	{"--describe --entity-type clients --entity-default", 0},
	{"--alter --client NAME --delete-config nope", 1},
	{"--alter --client NAME --add-config producer_byte_rate=much", 1},
	{"--alter --client NAME --delete-config producer_byte_rate,consumer_byte_rate --add-config request_percentage=12.5", 0},
	{"--describe --client NAME", 0},
	{"--describe --user NAME", 0},
}

// refusedLines do not reach a broker; what kafka-configs.sh of 2.7.2 says of them.
var refusedLines = []struct{ args, said string }{
	{"--describe", "At least one entity type must be specified"},
	{"--describe --entity-type nonsense", "Invalid entity type nonsense, the entity type must be one of topics,clients,users,brokers,broker-loggers with the --bootstrap-server argument"},
	{"--describe --entity-type users --entity-name a --entity-type topics --entity-name b", "Only 'users' and 'clients' entity types may be specified together"},
	{"--describe --broker one", "The entity name for brokers must be a valid integer broker id, but it is: one"},
	{"--describe --topic a --zookeeper b", "Only one of --bootstrap-server or --zookeeper must be specified"},
	{"--describe --topic a --entity-type topics", "Duplicate entity type(s) specified: topics"},
	{"--alter --entity-type topics --add-config a=b", "an entity name must be specified with --alter of topics"},
	{"--alter --entity-type brokers --add-config a=b", "an entity-name or default entity must be specified with --alter of users, clients or brokers"},
	{"--alter --topic a", "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"},
	{"--alter --describe --topic a", "Command must include exactly one action: --describe, --alter"},
}

// TestConfigs_Refused: wrong command lines end with 1 and Apache's words.
func TestConfigs_Refused(t *testing.T) {
	for _, line := range refusedLines {
		args := append([]string{"--bootstrap-server", "127.0.0.1:1"}, strings.Fields(line.args)...)
		if out, said, code := zoka(t, "kafka-configs.sh", args); code != 1 || out != "" || first(said) != line.said {
			t.Errorf("%s: exit code %d, %q\n  got  %s\n  want %s", line.args, code, out, first(said), line.said)
		}
	}
}

// TestConfigs_Apache27: what kafka-configs.sh of 2.7.2 prints, zoka's prints, and the exit codes are the same.
func TestConfigs_Apache27(t *testing.T) {
	tool := peertest.KafkaTool(t, "27", "kafka-configs.sh")
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	cluster := peertest.StartKafka(t, "27", zookeeper.Addr(), peertest.KafkaOptions{FirstID: 1})
	topics := []string{"theirs", "ours"}
	client := dial(t, cluster.Bootstrap())
	for _, topic := range topics {
		if err := client.CreateTopic(t.Context(), kmodel.NewTopic{Name: topic, Partitions: 1, Replicas: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range configLines {
		args := append([]string{"--bootstrap-server", cluster.Bootstrap()}, strings.Fields(line.args)...)
		out, said, code := apache(t, tool, named(args, "theirs"))
		gotOut, gotSaid, gotCode := zoka(t, "kafka-configs.sh", named(args, "ours"))
		if code != line.code || gotCode != line.code {
			t.Errorf("%s: exit codes %d and %d, want %d\n%s\n%s", line.args, code, gotCode, line.code, said, gotSaid)
		}
		ours, theirs := masked(gotOut), masked(out)
		if strings.Contains(line.args, "--all") { // keys whose hashes collide stand in the broker's order at Apache's
			ours, theirs = sorted(ours), sorted(theirs)
		}
		if ours != theirs {
			t.Errorf("%s: zoka's shows\n%s\nApache's\n%s", line.args, gotOut, out)
		}
		said, _, _ = strings.Cut(said, " ArrayBuffer(") // Scala's
		if !strings.HasPrefix(masked(gotSaid), first(masked(said))) && !strings.Contains(said, "Exception") {
			t.Errorf("%s: zoka's says\n%s\nApache's\n%s", line.args, gotSaid, said)
		}
	}
}

// TestDeleteRecords_Apache27: likewise for kafka-delete-records.sh, but for the exit code of what failed.
func TestDeleteRecords_Apache27(t *testing.T) {
	tool := peertest.KafkaTool(t, "27", "kafka-delete-records.sh")
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	cluster := peertest.StartKafka(t, "27", zookeeper.Addr(), peertest.KafkaOptions{FirstID: 1})
	client := dial(t, cluster.Bootstrap())
	if err := client.CreateTopic(t.Context(), kmodel.NewTopic{Name: "t", Partitions: 3, Replicas: 1}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "offsets.json")
	for _, tt := range []struct {
		text           string
		code, zokaCode int
	}{
		{`{"partitions":[{"topic":"t","partition":2,"offset":0},{"topic":"t","partition":0,"offset":-1}],"version":1}`, 0, 0},
		{`{"partitions":[{"topic":"t","partition":0,"offset":0},{"topic":"t","partition":1,"offset":9}]}`, 0, 1},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"--bootstrap-server", cluster.Bootstrap(), "--offset-json-file", file}
		out, said, code := apache(t, tool, args)
		gotOut, gotSaid, gotCode := zoka(t, "kafka-delete-records.sh", args)
		if code != tt.code || gotCode != tt.zokaCode || gotOut != out {
			t.Errorf("%s: exit codes %d and %d\n  zoka\n%s%s\n  Apache\n%s%s", tt.text, code, gotCode, gotOut, gotSaid, out, said)
		}
	}
	for _, text := range []string{"", "{", `{}`, `{"version":2,"partitions":[]}`, `{"partitions":[{"topic":"t"}]}`,
		`{"partitions":[{"topic":"t","partition":0,"offset":1},{"topic":"t","partition":0,"offset":1}]}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, said, code := zoka(t, "kafka-delete-records.sh", []string{"--bootstrap-server", "127.0.0.1:1", "--offset-json-file", file}); code != 1 || out != "" || said == "" {
			t.Errorf("%q: exit code %d, %q, %q", text, code, out, said)
		}
	}
}

// named puts a name in the place of NAME.
func named(args []string, name string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, "NAME", name)
	}
	return out
}

// masked has one name for what the two have named for themselves.
func masked(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "theirs", "NAME"), "ours", "NAME")
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// apache runs one of Apache's tools.
func apache(t *testing.T, tool string, args []string) (out, said string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(cmd.Environ(), "JAVA_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// zoka runs one of ours.
func zoka(t *testing.T, name string, args []string) (out, said string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = kafkatools.Run(t.Context(), name, args, kafkatools.Config{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Release: "2.7",
		Dial: func(ctx context.Context, target command.KafkaTarget) (kafkatools.Cluster, error) {
			c, err := kafka.Dial(ctx, kafka.Config{Bootstrap: target.Bootstrap, Timeout: target.Timeout})
			if err != nil {
				return nil, err
			}
			return adminOnly{c}, nil
		},
	})
	return stdout.String(), stderr.String(), code
}

func dial(t *testing.T, bootstrap string) *kafka.Client {
	t.Helper()
	c, err := kafka.Dial(t.Context(), kafka.Config{Bootstrap: bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// adminOnly is a client for tools that neither write nor read records.
type adminOnly struct{ *kafka.Client }

func (adminOnly) Producer(context.Context, kmodel.ProduceOptions, func(int64, kmodel.Record, error)) (command.Producer, error) {
	return nil, errors.ErrUnsupported
}

func (adminOnly) Consumer(context.Context, kmodel.ConsumeOptions) (command.Consumer, error) {
	return nil, errors.ErrUnsupported
}
