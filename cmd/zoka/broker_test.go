package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// zooKeeper starts a ZooKeeper server in the test's process.
func zooKeeper(t *testing.T) *ensemble.Ensemble {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, InMemory: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	return e
}

// brokerConfig writes a server.properties for a free port and returns its path and the address.
func brokerConfig(t *testing.T, zk string, more ...string) (path, addr string) {
	t.Helper()
	dir := t.TempDir()
	path, addr = filepath.Join(dir, "server.properties"), fmt.Sprintf("127.0.0.1:%d", peertest.FreePort(t))
	lines := append([]string{
		"broker.id=5", "listeners=PLAINTEXT://" + addr, "log.dirs=" + filepath.Join(dir, "logs"), "zookeeper.connect=" + zk,
		"zookeeper.connection.timeout.ms=2000",
	}, more...)
	ok(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	return path, addr
}

// startBroker runs zoka broker and waits for the words that scripts wait for.
func startBroker(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{cmd: exec.Command("zoka", append([]string{"broker"}, args...)...), rest: make(chan []string, 1)}
	stderr, err := s.cmd.StderrPipe()
	ok(t, err)
	ok(t, s.cmd.Start())
	t.Cleanup(func() { s.cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for started := false; !started; {
		if !lines.Scan() {
			t.Fatalf("it ended: %v, %s", s.cmd.Wait(), strings.Join(s.log, "\n"))
		}
		s.log = append(s.log, lines.Text())
		started = strings.Contains(lines.Text(), "[KafkaServer id=5] started (kafka.server.KafkaServer)")
	}
	go func() { // ends with the process
		var more []string
		for lines.Scan() {
			more = append(more, lines.Text())
		}
		s.rest <- more
	}()
	return s
}

// TestBroker_Restart: what was acknowledged is there after SIGTERM, SIGINT and SIGKILL, and each next start is quick.
func TestBroker_Restart(t *testing.T) {
	e := zooKeeper(t)
	path, addr := brokerConfig(t, e.ConnectString())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM}
	for i, sig := range signals {
		began := time.Now()
		s := startBroker(t, path)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("start %d took %v", i, took)
		}
		cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics("t"), kgo.MetadataMinAge(100*time.Millisecond))
		ok(t, err)
		ok(t, cl.ProduceSync(ctx, &kgo.Record{Topic: "t", Value: fmt.Append(nil, i)}).FirstErr())
		var got []string
		for len(got) <= i {
			f := cl.PollFetches(ctx)
			ok(t, f.Err0())
			f.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
		}
		if want := strings.Split("0 1 2 3", " ")[:i+1]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("start %d: %q", i, got)
		}
		cl.Close()
		code := 0
		if sig == syscall.SIGKILL {
			code = -1
		}
		more := strings.Join(s.end(t, sig, code), "\n")
		if sig != syscall.SIGKILL && !strings.Contains(more, "[KafkaServer id=5] shut down completed (kafka.server.KafkaServer)") {
			t.Errorf("%v: it wrote %q", sig, more)
		}
	}
}

// TestBroker_WithoutZooKeeper: a broker whose ensemble is gone ends within seconds of SIGTERM, and well.
func TestBroker_WithoutZooKeeper(t *testing.T) {
	e := zooKeeper(t)
	path, _ := brokerConfig(t, e.ConnectString())
	s := startBroker(t, path, "--override", "zookeeper.session.timeout.ms=6000")
	ok(t, e.Kill(t.Context(), 1))
	began := time.Now()
	s.end(t, syscall.SIGTERM, 0)
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestBroker_Refused: what is wrong is said in one line, with the exit code that fits, and nobody else is harmed.
func TestBroker_Refused(t *testing.T) {
	e := zooKeeper(t)
	path, addr := brokerConfig(t, e.ConnectString())
	s := startBroker(t, path)
	sameID, _ := brokerConfig(t, e.ConnectString())
	other, _ := brokerConfig(t, e.ConnectString(), "broker.id=6")
	wrong, _ := brokerConfig(t, e.ConnectString(), "num.partitions=many")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // of the last line
	}{
		{"same folder", []string{path, "--override", "broker.id=6"}, 1, "lock"},
		{"same port", []string{other, "--override", "listeners=PLAINTEXT://" + addr}, 1, "address already in use"},
		{"same id", []string{sameID}, 1, "broker.id 5 is registered already, by PLAINTEXT://" + addr},
		{"no ZooKeeper", []string{sameID, "--override=zookeeper.connect=127.0.0.1:1"}, 1, "no connection to ZooKeeper at 127.0.0.1:1 within 2s"},
		{"bad value", []string{wrong}, 2, wrong + `:6: num.partitions: invalid value "many"`},
		{"bad override", []string{path, "--override", "broker.id=x"}, 2, "--override broker.id=x: broker.id: invalid value"},
		{"TLS", []string{sameID, "--override", "listeners=SSL://127.0.0.1:1", "--override", "inter.broker.listener.name=SSL"}, 2, "brokers speak PLAINTEXT only"},
		{"no file", []string{"/nowhere/server.properties"}, 2, "/nowhere/server.properties: no such file or directory"},
		{"no argument", nil, 2, "usage: zoka broker"},
		{"unknown flag", []string{"--fast", path}, 2, "--fast: unknown flag"},
		{"two files", []string{path, path}, 2, "there is one file already"},
		{"override without value", []string{path, "--override", "a"}, 2, "--override a: it needs KEY=VALUE"},
		{"override without anything", []string{path, "--override"}, 2, "--override needs KEY=VALUE"},
	} {
		out, err := exec.CommandContext(t.Context(), "zoka", append([]string{"broker"}, tt.args...)...).CombinedOutput()
		var exit *exec.ExitError
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		last := lines[len(lines)-1]
		if !errors.As(err, &exit) || exit.ExitCode() != tt.code || !strings.HasPrefix(last, "zoka: ") || !strings.Contains(last, tt.want) {
			t.Errorf("%s: %v\n%s\nwant %d and %s", tt.name, err, out, tt.code, tt.want)
		}
	}
	conn, err := net.Dial("tcp", addr)
	ok(t, err)
	ok(t, conn.Close())
	s.end(t, syscall.SIGTERM, 0)
}

// TestBroker_Warnings: what a configuration asks for in vain is said by name.
func TestBroker_Warnings(t *testing.T) {
	e := zooKeeper(t)
	path, _ := brokerConfig(t, e.ConnectString(), "num.partitons=3")
	s := startBroker(t, path)
	if log := strings.Join(s.log, "\n"); !strings.Contains(log, path+":6: num.partitons: is no setting of a Kafka 2.7 broker (did you mean num.partitions?)") {
		t.Errorf("it wrote %s", log)
	}
	s.end(t, syscall.SIGTERM, 0)
}
