package tutorial

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/testbin"
)

// TestKafka: what the tutorial types on three machines, each with a ZooKeeper server and a broker, and what its text
// promises of Kafka.
func TestKafka(t *testing.T) {
	t.Parallel()
	all, bs := newBrokers(t, 3)
	t.Run("jps", func(t *testing.T) { jps(t, all, bs) })
	t.Run("topics", func(t *testing.T) { topics(t, all, bs) })
	t.Run("concepts", func(t *testing.T) {
		for name, concept := range map[string]func(*testing.T, brokers){
			"order": partitionOrder, "point to point": pointToPoint, "publish and subscribe": publishSubscribe,
			"crash": crashedConsumer, "retention": retention, "segments": segments,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				concept(t, bs)
			})
		}
	})
	t.Run("failover", func(t *testing.T) { failover(t, all, bs) })
}

// jps: zoka jps names every process and its role.
func jps(t *testing.T, all hosts, bs brokers) {
	got := run(t, nil, testbin.Zoka(t), "jps")
	for _, b := range bs {
		for _, want := range []string{fmt.Sprintf("%d QuorumPeerMain\n", b.server()), fmt.Sprintf("%d Kafka\n", b.process())} {
			if !strings.Contains("\n"+got.stdout, "\n"+want) || got.code != 0 {
				t.Errorf("jps does not have %q: %+v", want, got)
			}
		}
	}
	var rows []struct {
		Pid                   int
		Role, Program, Config string
	}
	ok(t, json.Unmarshal([]byte(run(t, nil, testbin.Zoka(t), "jps", "-o", "json").stdout), &rows))
	for _, row := range rows {
		if row.Pid == bs[0].process() && (row.Role != "Kafka" || row.Program != "zoka" || row.Config != bs[0].cfg) {
			t.Errorf("jps -o json: %+v", row)
		}
	}
}

// topics: a topic's life by --zookeeper, any server of which will do, and by --bootstrap-server; records typed and seen.
func topics(t *testing.T, all hosts, bs brokers) {
	zookeeper := func(i int, args ...string) string {
		t.Helper()
		return tool(t, "kafka-topics.sh", append([]string{"--zookeeper", all[i].addr}, args...)...)
	}
	same(t, zookeeper(2, "--create", "--partitions", "1", "--replication-factor", "1", "--topic", "aa"), "Created topic aa.\n")
	same(t, zookeeper(0, "--create", "--replication-factor", "3", "--partitions", "1", "--topic", "first"), "Created topic first.\n")
	same(t, zookeeper(1, "--list"), "aa\nfirst\n")
	got := zookeeper(0, "--describe", "--topic", "first")
	if want := `^Topic: first\tPartitionCount: 1\tReplicationFactor: 3\tConfigs: \n\tTopic: first\tPartition: 0\tLeader: ([123])\tReplicas: ([123],){2}[123]\tIsr: ([123],){2}[123]\n$`; !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("describe: %q, want %s", got, want)
	}
	atTerminals(t, all, bs)

	same(t, zookeeper(0, "--delete", "--topic", "first"),
		"Topic first is marked for deletion.\nNote: This will have no impact if delete.topic.enable is not set to true.\n")
	all[0].eventually("to have deleted the topic", func() bool {
		return zookeeper(1, "--list") == "__consumer_offsets\naa\n" || zookeeper(1, "--list") == "aa\n"
	})
	if got := run(t, nil, "../kafka-topics.sh", "--zookeeper", all[0].addr, "--describe", "--topic", "first"); got.code != 1 || !strings.Contains(got.stdout, "Topic 'first' does not exist as expected") {
		t.Errorf("describe after delete: %+v", got)
	}
	same(t, tool(t, "kafka-topics.sh", "--bootstrap-server", bs.addrs(), "--create", "--topic", "first", "--partitions", "2", "--replication-factor", "3"), "Created topic first.\n")
	same(t, bs.shell(t, "consume", "--from-beginning", "-e", "-o", "json", "first"), "") // the name is the old one's, the records are gone
	same(t, tool(t, "kafka-topics.sh", "--bootstrap-server", bs.addrs(), "--delete", "--topic", "first"), "")
}

// atTerminals: the console tools as a person has them before the eyes.
func atTerminals(t *testing.T, all hosts, bs brokers) {
	t.Helper()
	producer := atTerminal(t, "../kafka-console-producer.sh", "--broker-list", bs.addrs(), "--topic", "first")
	producer.sees(">")
	producer.types("hello world\r")
	producer.sees(">hello world\r\n>")
	producer.types("atguigu atguigu\r")
	producer.sees(">atguigu atguigu\r\n>")

	earlier := atTerminal(t, "../kafka-console-consumer.sh", "--zookeeper", all.connect(), "--from-beginning", "--topic", "first")
	earlier.sees("hello world\r\natguigu atguigu\r\n") // all earlier data
	later := atTerminal(t, "../kafka-console-consumer.sh", "--bootstrap-server", bs[0].addr, "--topic", "first", "--group", "later")
	bs.awaitMembers(t, "later", 1)
	producer.types("and more\r")
	producer.sees(">and more\r\n>")
	earlier.sees("and more\r\n")
	later.sees("and more\r\n") // new records as they come
	producer.types("\x04")
	producer.exits(0)
	earlier.types("\x03")
	earlier.sees("Processed a total of 3 messages\r\n")
	earlier.exits(130)
	later.types("\x03")
	later.sees("Processed a total of 1 messages\r\n")
	later.exits(130)
}

// failover: the leader of a partition dies, and one with its data takes over; a broker that ends in good order has handed
// over before. What was acknowledged is there, and who comes back is in sync again.
func failover(t *testing.T, all hosts, bs brokers) {
	tool(t, "kafka-topics.sh", "--zookeeper", all[0].addr, "--create", "--replication-factor", "3", "--partitions", "1", "--topic", "kept", "--config", "min.insync.replicas=2")
	var want []string
	for i, end := range []func(*broker){(*broker).kill, (*broker).stop} {
		want = append(want, fmt.Sprintf("record %d", i))
		bs.produces(t, "kept", want[i:])
		was := bs.leader(t, "kept")
		end(was)
		all[0].eventually("to another leader", func() bool { return bs.leader(t, "kept") != was })
		same(t, strings.Join(bs.reads(t, "kept", len(want)), "\n"), strings.Join(want, "\n"))
		was.start()
		all[0].eventually("to three in-sync replicas", func() bool { return bs.partition(t, "kept").isr == 3 })
	}

	// Without enough in-sync replicas nothing is acknowledged: the record is reported, and the exit code tells.
	was := bs.leader(t, "kept")
	for _, b := range bs {
		if b != was {
			b.stop() // its registration goes at once, and nobody is sent to it
		}
	}
	all[0].eventually("to one in-sync replica", func() bool { return brokers{was}.partition(t, "kept").isr == 1 })
	s := begin(t, "../kafka-console-producer.sh", "--broker-list", was.addr, "--topic", "kept", "--request-required-acks", "all", "--message-send-max-retries", "0")
	s.types("too few")
	if said := strings.Join(s.ends(1), "\n"); !strings.Contains(said, "NotEnoughReplicasException") {
		t.Errorf("a record that is not acknowledged: %s", said)
	}
}

// partition is what describe says of a topic's only partition.
type partition struct{ leader, isr int }

func (bs brokers) partition(t *testing.T, topic string) partition {
	t.Helper()
	got := tool(t, "kafka-topics.sh", "--bootstrap-server", bs.addrs(), "--describe", "--topic", topic)
	_, row, _ := strings.Cut(got, "\n")
	var p partition
	for field := range strings.SplitSeq(strings.TrimSpace(row), "\t") {
		switch name, value, _ := strings.Cut(field, ": "); name {
		case "Leader":
			_, _ = fmt.Sscan(value, &p.leader) // none has no number
		case "Isr":
			p.isr = strings.Count(value, ",") + 1
		}
	}
	return p
}

func (bs brokers) leader(t *testing.T, topic string) *broker {
	t.Helper()
	p := bs.partition(t, topic)
	for _, b := range bs {
		if b.id == p.leader {
			return b
		}
	}
	return nil
}

// awaitMembers waits until so many members of a group have partitions.
func (bs brokers) awaitMembers(t *testing.T, group string, n int) {
	t.Helper()
	member := regexp.MustCompile(`(?m)^` + group + ` .* [1-9]\d* *$`) // its last column counts its partitions
	bs[0].eventually("to the members of "+group, func() bool {
		got := run(t, nil, "../kafka-consumer-groups.sh", "--bootstrap-server", bs.addrs(), "--describe", "--members", "--group", group)
		return len(member.FindAllString(got.stdout, -1)) == n
	})
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
