package tutorial

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// serverProperties is a tutorial's, without its comments. The last two lines spare the tests some waiting.
const serverProperties = `broker.id=%d
listeners=PLAINTEXT://%s
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=%s
num.partitions=1
num.recovery.threads.per.data.dir=1
log.retention.hours=168
log.segment.bytes=1073741824
zookeeper.connect=%s
zookeeper.connection.timeout.ms=6000
delete.topic.enable=true
group.initial.rebalance.delay.ms=0
log.retention.check.interval.ms=200
group.min.session.timeout.ms=1000
`

// broker is the Kafka broker of a host, whose number it has.
type broker struct {
	*host
	addr string // of its listener
	cfg  string // conf/server.properties
	logs string // log.dirs
	pid  string // the pid file
}

// brokers are a cluster's.
type brokers []*broker

// newBrokers starts ZooKeeper servers and a broker on each. Lines are further ones of every server.properties.
func newBrokers(t *testing.T, n int, lines ...string) (hosts, brokers) {
	t.Helper()
	all := newHosts(t, n, 0)
	all.start()
	var bs brokers
	for _, h := range all {
		h.eventually("to serve", func() bool { return h.asked() != "" })
		b := &broker{host: h, addr: "127.0.0.1:" + strconv.Itoa(peertest.FreePort(t)), cfg: filepath.Join(h.dir, "conf", "server.properties"),
			logs: filepath.Join(h.dir, "kafka"), pid: filepath.Join(h.dir, "kafka.pid")}
		h.write("conf/server.properties", fmt.Sprintf(serverProperties, h.id, b.addr, b.logs, all.connect())+strings.Join(lines, "\n"))
		t.Cleanup(b.kill)
		bs = append(bs, b)
	}
	var starts sync.WaitGroup
	for _, b := range bs {
		starts.Go(b.start)
	}
	starts.Wait()
	return all, bs
}

// start types kafka-server-start.sh -daemon, and waits for the line that scripts wait for.
func (b *broker) start() {
	b.t.Helper()
	if got := b.launcher("start", "-daemon", b.cfg); got != (said{}) {
		b.t.Fatalf("broker %d: start: %+v", b.id, got)
	}
	b.eventually(fmt.Sprintf("to say that broker %d has started", b.id), func() bool {
		text, err := os.ReadFile(filepath.Join(b.dir, "kafkalogs", "kafkaServer.out"))
		return err == nil && strings.Contains(string(text), fmt.Sprintf("[KafkaServer id=%d] started (kafka.server.KafkaServer)", b.id))
	})
}

// stop types kafka-server-stop.sh, of a broker that runs: the launcher is never asked to look for one by itself.
func (b *broker) stop() {
	b.t.Helper()
	if b.process() == 0 {
		b.t.Fatalf("broker %d has no pid file", b.id)
	}
	if got := b.launcher("stop"); got != (said{}) {
		b.t.Fatalf("broker %d: stop: %+v", b.id, got)
	}
	if pid := b.process(); pid != 0 {
		b.t.Errorf("broker %d is stopped, and its pid file has %d", b.id, pid)
	}
}

func (b *broker) launcher(verb string, args ...string) said {
	b.t.Helper()
	return run(b.t, []string{"LOG_DIR=" + filepath.Join(b.dir, "kafkalogs"), "KAFKA_PIDFILE=" + b.pid}, "../kafka-server-"+verb+".sh", args...)
}

// process is the broker's process id, 0 where it has none.
func (b *broker) process() int {
	text, _ := os.ReadFile(b.pid)        // there is none after stop
	pid, _ := strconv.Atoi(string(text)) // the same
	return pid
}

// kill is kill -9, of a broker that may not run.
func (b *broker) kill() {
	pid := b.process()
	if pid == 0 || syscall.Kill(pid, syscall.SIGKILL) != nil {
		return
	}
	b.eventually("to an end of its broker", func() bool { return syscall.Kill(pid, 0) != nil })
}

// addrs are the brokers' addresses, as --bootstrap-server and --broker-list take them.
func (bs brokers) addrs() string {
	var addrs []string
	for _, b := range bs {
		addrs = append(addrs, b.addr)
	}
	return strings.Join(addrs, ",")
}

// tool types one of Kafka's tools, which must work and say nothing on standard error.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	got := run(t, nil, "../"+name, args...)
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("%s %s: %+v", name, strings.Join(args, " "), got)
	}
	return got.stdout
}

// produces types lines into the console producer, whose standard input is no terminal.
func (bs brokers) produces(t *testing.T, topic string, lines []string, flags ...string) {
	t.Helper()
	s := begin(t, "../kafka-console-producer.sh", append([]string{"--broker-list", bs.addrs(), "--topic", topic}, flags...)...)
	for _, line := range lines {
		s.types(line)
	}
	if said := s.ends(0); len(said) > 0 {
		t.Fatalf("the producer says %q", said)
	}
}

// consumes starts the console consumer, which stays.
func (bs brokers) consumes(t *testing.T, topic string, flags ...string) *session {
	t.Helper()
	return begin(t, "../kafka-console-consumer.sh", append([]string{"--bootstrap-server", bs.addrs(), "--topic", topic}, flags...)...)
}

// reads are the lines of a topic's first n records.
func (bs brokers) reads(t *testing.T, topic string, n int, flags ...string) []string {
	t.Helper()
	got := run(t, nil, "../kafka-console-consumer.sh", append([]string{"--bootstrap-server", bs.addrs(), "--topic", topic,
		"--from-beginning", "--max-messages", strconv.Itoa(n)}, flags...)...)
	if want := fmt.Sprintf("Processed a total of %d messages\n", n); got.code != 0 || got.stderr != want {
		t.Fatalf("read %s: %+v", topic, got)
	}
	return strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
}

// shell types one command of the shell, which must work, and may talk on standard error.
func (bs brokers) shell(t *testing.T, args ...string) string {
	t.Helper()
	got := run(t, nil, testbin.Zoka(t), append([]string{"-b", bs.addrs()}, args...)...)
	if got.code != 0 {
		t.Fatalf("%s: %+v", strings.Join(args, " "), got)
	}
	return got.stdout
}
