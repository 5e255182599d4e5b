package scripts

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// kafkaServer is a server.properties with a free port, for both launchers of a broker.
type kafkaServer struct {
	*server
	addr string
}

func newKafkaServer(t *testing.T, env ...string) *kafkaServer {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	dir := t.TempDir()
	s := &kafkaServer{
		server: &server{
			dir: dir, cfg: filepath.Join(dir, "server.properties"), pidFile: filepath.Join(dir, "logs", "kafka.pid"),
			env: append(env, "ZOKA="+testbin.Zoka(t), "LOG_DIR="+filepath.Join(dir, "logs")), port: peertest.FreePort(t),
		},
	}
	s.addr = fmt.Sprintf("127.0.0.1:%d", s.port)
	write(t, s.cfg, fmt.Sprintf("broker.id=3\nlisteners=PLAINTEXT://%s\nlog.dirs=%s\nzookeeper.connect=%s\n",
		s.addr, filepath.Join(dir, "data"), e.ConnectString()), 0o644)
	t.Cleanup(func() {
		if pid := s.pid(); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	})
	return s
}

func (s *kafkaServer) start(t *testing.T, args ...string) outcome {
	t.Helper()
	s.script = abs(t, "kafka-server-start.sh")
	return s.run(t, args...)
}

func (s *kafkaServer) stop(t *testing.T) outcome {
	t.Helper()
	s.script = abs(t, "kafka-server-stop.sh")
	return s.run(t)
}

// listens says whether the broker takes connections, waiting for the answer that is wanted.
func (s *kafkaServer) listens(t *testing.T, want bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-poll.C {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("listens: %v, want %v", !want, want)
		}
	}
}

// TestKafkaServer_Session: a broker's life by the launchers.
func TestKafkaServer_Session(t *testing.T) {
	s := newKafkaServer(t)
	if got := s.start(t, "-daemon", s.cfg, "--override", "broker.id=4"); got != (outcome{}) {
		t.Fatalf("start: %+v", got)
	}
	s.listens(t, true)
	out, err := os.ReadFile(filepath.Join(s.dir, "logs", "kafkaServer.out"))
	if err != nil || !strings.Contains(string(out), "[KafkaServer id=4] started (kafka.server.KafkaServer)") {
		t.Errorf("%v, %s", err, out)
	}
	if got := s.start(t, "-daemon", s.cfg); got.code != 1 || !strings.Contains(got.stderr, "is running already") {
		t.Errorf("start again: %+v", got)
	}
	if got := s.stop(t); got != (outcome{}) {
		t.Errorf("stop: %+v", got)
	}
	s.listens(t, false)
	if s.pid() != 0 {
		t.Error("the pid file is left")
	}
}

// TestKafkaServer_StalePid: a pid file that names a process that is no broker stops nobody, and no other broker either.
func TestKafkaServer_StalePid(t *testing.T) {
	s := newKafkaServer(t)
	write(t, s.pidFile, strconv.Itoa(os.Getpid()), 0o644)
	if got := s.stop(t); got.stdout != "No kafka server to stop\n" || got.code != 1 {
		t.Errorf("stop: %+v", got)
	}
	if s.pid() != 0 {
		t.Error("the pid file is left")
	}
	s.env = append(s.env, "KAFKA_PIDFILE="+s.pidFile) // which is not there any more
	if got := s.stop(t); got.stdout != "No kafka server to stop\n" || got.code != 1 {
		t.Errorf("stop without the pid file: %+v", got)
	}
}

func TestKafkaServer_Refused(t *testing.T) {
	s := newKafkaServer(t)
	if got := s.start(t); got.code != 1 || !strings.HasPrefix(got.stdout, "USAGE: ") || !strings.Contains(got.stdout, "[-daemon] server.properties [--override property=value]*") {
		t.Errorf("without a file: %+v", got)
	}
	if got := s.start(t, "-daemon", s.cfg, "--override", "num.partitions=x"); got.code != 1 || !strings.Contains(got.stderr, "--override num.partitions=x: num.partitions: invalid value") {
		t.Errorf("a bad value in the background: %+v", got)
	}
	if s.pid() != 0 {
		t.Error("the pid file is left")
	}
	if got := s.start(t, s.cfg, "--override", "num.partitions=x"); got.code != 2 {
		t.Errorf("a bad value: %+v", got)
	}
}

// TestKafkaServer_Example: the example runs as it is, and asks for nothing in vain.
func TestKafkaServer_Example(t *testing.T) {
	config, warnings, err := kconf.LoadBroker("examples/server.properties")
	if err != nil || len(warnings) > 0 || config.Listeners[0].Port != 9092 {
		t.Errorf("%+v, %v, %v", config, warnings, err)
	}
}
