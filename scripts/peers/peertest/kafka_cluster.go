package peertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// KafkaOptions are the particulars of a cluster of Apache's brokers.
type KafkaOptions struct {
	// Brokers is their number; 0 is one. Their ids count from FirstID.
	Brokers, FirstID int
	// Config are further lines of every broker's server.properties. A line for a key that is set already wins.
	Config []string
}

// KafkaCluster is a running cluster of Apache's brokers, all of one release.
type KafkaCluster struct {
	Brokers []*KafkaBroker
}

// KafkaBroker is one of Apache's brokers. Stop and Kill end its process; Start starts it again on its folder.
type KafkaBroker struct {
	ID, Port int
	// LogDir is its log.dirs, ConfigFile the path of its server.properties.
	LogDir, ConfigFile string
	process

	kafka Kafka
}

// StartKafka starts brokers of release 27 or 39 on a ZooKeeper, Apache's or another, and waits until they serve.
// Connect is its address, with a chroot where one is wanted: host:port/kafka.
func StartKafka(t testing.TB, release, connect string, opts KafkaOptions) *KafkaCluster {
	t.Helper()
	c := newKafkaCluster(t, FindKafka(t, release), opts)
	for _, b := range c.Brokers {
		b.configure(t, c.common(opts,
			"broker.id="+strconv.Itoa(b.ID),
			"listeners=PLAINTEXT://"+b.Addr(),
			"zookeeper.connect="+connect))
	}
	c.start(t)
	return c
}

// StartKRaft starts brokers of release 4, each its own controller too, and waits until they serve.
func StartKRaft(t testing.TB, opts KafkaOptions) *KafkaCluster {
	t.Helper()
	c := newKafkaCluster(t, FindKafka(t, "4"), opts)
	var voters, controllers []string
	for _, b := range c.Brokers {
		controllers = append(controllers, net.JoinHostPort("127.0.0.1", strconv.Itoa(FreePort(t))))
		voters = append(voters, fmt.Sprintf("%d@%s", b.ID, controllers[len(controllers)-1]))
	}
	for i, b := range c.Brokers {
		b.configure(t, c.common(opts,
			"process.roles=broker,controller",
			"node.id="+strconv.Itoa(b.ID),
			"controller.quorum.voters="+strings.Join(voters, ","),
			"controller.listener.names=CONTROLLER",
			"listeners=PLAINTEXT://"+b.Addr()+",CONTROLLER://"+controllers[i],
			"advertised.listeners=PLAINTEXT://"+b.Addr(),
			"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"))
		b.format(t)
	}
	c.start(t)
	return c
}

func newKafkaCluster(t testing.TB, kafka Kafka, opts KafkaOptions) *KafkaCluster {
	t.Helper()
	c := &KafkaCluster{}
	for i := range max(1, opts.Brokers) {
		dir := t.TempDir()
		c.Brokers = append(c.Brokers, &KafkaBroker{
			ID:         opts.FirstID + i,
			Port:       FreePort(t),
			LogDir:     filepath.Join(dir, "logs"),
			ConfigFile: filepath.Join(dir, "server.properties"),
			process:    process{LogFile: filepath.Join(dir, "log")},
			kafka:      kafka,
		})
	}
	t.Cleanup(func() {
		for _, b := range c.Brokers {
			b.Kill()
			if t.Failed() {
				t.Logf("the log of broker %d, Kafka %s, ends:\n%s", b.ID, kafka.Version, tail(b.Log(), 20))
			}
		}
	})
	return c
}

// common are the lines of one broker, with those that all brokers have: no waiting, and as many replicas as there can be.
func (c *KafkaCluster) common(opts KafkaOptions, lines ...string) []string {
	replicas := min(3, len(c.Brokers))
	lines = append(lines,
		"offsets.topic.num.partitions=4",
		"offsets.topic.replication.factor="+strconv.Itoa(replicas),
		"transaction.state.log.num.partitions=4",
		"transaction.state.log.replication.factor="+strconv.Itoa(replicas),
		"transaction.state.log.min.isr="+strconv.Itoa((replicas+1)/2),
		"group.initial.rebalance.delay.ms=0")
	return append(lines, opts.Config...)
}

func (c *KafkaCluster) start(t testing.TB) {
	t.Helper()
	for _, b := range c.Brokers {
		b.run(t)
	}
	for _, b := range c.Brokers {
		b.Await(t)
	}
}

// Bootstrap is the brokers' addresses, host:port,host:port.
func (c *KafkaCluster) Bootstrap() string {
	var addrs []string
	for _, b := range c.Brokers {
		addrs = append(addrs, b.Addr())
	}
	return strings.Join(addrs, ",")
}

// Addr is the broker's address, host:port.
func (b *KafkaBroker) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.Port)) }

func (b *KafkaBroker) configure(t testing.TB, lines []string) {
	t.Helper()
	lines = append([]string{"log.dirs=" + b.LogDir}, lines...)
	if err := os.WriteFile(b.ConfigFile, []byte(strings.Join(lastOfEach(lines), "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// format prepares the log folder of a broker without ZooKeeper. The cluster's id is any 16 bytes.
func (b *KafkaBroker) format(t testing.TB) {
	t.Helper()
	cmd := exec.Command(b.kafka.Tool("kafka-storage.sh"), "format", "-t", "em9rYXpva2F6b2them9rYQ", "-c", b.ConfigFile)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kafka-storage.sh format: %v\n%s", err, out)
	}
}

func (b *KafkaBroker) run(t testing.TB) {
	t.Helper()
	if err := b.process.run(append(b.kafka.Java(), "kafka.Kafka", b.ConfigFile)); err != nil {
		t.Fatalf("start Kafka %s: %v", b.kafka.Version, err)
	}
}

// Start starts a broker that has ended on its folder, with an empty log file, and waits until it serves.
func (b *KafkaBroker) Start(t testing.TB) {
	t.Helper()
	b.run(t)
	b.Await(t)
}

// servingLine is the line of a broker that serves; parts of it say before that they have started.
var servingLine = regexp.MustCompile(`started \(kafka\.server\.Kafka(Raft)?Server\)`)

// Await waits until the broker has said that it serves.
func (b *KafkaBroker) Await(t testing.TB) {
	t.Helper()
	if err := b.awaitUntil(func() bool { return servingLine.MatchString(b.Log()) }); err != nil {
		t.Fatalf("wait for broker %d on port %d: %v; its log ends:\n%s", b.ID, b.Port, err, tail(b.Log(), 20))
	}
}
