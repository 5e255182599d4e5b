// Package peers is the folder of peers.sh, which installs and starts the judges by hand; package peertest starts them
// from tests. It has a test only.
package peers

import (
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// peers runs peers.sh and returns its output and exit code.
func peers(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("./peers.sh", args...) // also called in a cleanup, where the test's context is over
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("peers.sh %s: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestEnsemble(t *testing.T) {
	home := peertest.ZK39(t)
	if out, _ := peers(t, "home", "zk39"); filepath.Join(strings.TrimSpace(out), "bin", "zkCli.sh") != home.ZkCli {
		t.Errorf("home zk39 is %s, its zkCli.sh is found at %s", out, home.ZkCli)
	}
	dir, port := t.TempDir(), peertest.FreePort(t)
	t.Cleanup(func() { peers(t, "down", dir) })
	if out, code := peers(t, "zk", dir, strconv.Itoa(port)); code != 0 {
		t.Fatalf("zk: exit %d\n%s", code, out)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	out, err := exec.CommandContext(t.Context(), home.ZkCli, "-server", addr, "ls", "/").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "[zookeeper]\n") {
		t.Errorf("ls / on %s: %v\n%s", addr, err, out)
	}
	if out, code := peers(t, "down", dir); code != 0 {
		t.Errorf("down: exit %d\n%s", code, out)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Errorf("something listens on %s after down", addr)
	}
}

func TestKafka(t *testing.T) {
	topics := peertest.KafkaTool(t, "27", "kafka-topics.sh")
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	dir, port := t.TempDir(), peertest.FreePort(t)
	t.Cleanup(func() { peers(t, "down", dir) })
	if out, code := peers(t, "kafka", dir, strconv.Itoa(port), "1", zookeeper.Addr()+"/k"); code != 0 {
		t.Fatalf("kafka: exit %d\n%s", code, out)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	out, err := exec.CommandContext(t.Context(), topics, "--bootstrap-server", addr, "--create", "--topic", "t").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Created topic t.\n") {
		t.Errorf("create on %s: %v\n%s", addr, err, out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"home"}, {"home", "debian"}, {"install", "nobody"}, {"zk", t.TempDir()}, {"zk", t.TempDir(), "port"}, {"kafka", t.TempDir(), "1"}, {"kafka", t.TempDir(), "1", "1", "z", "kafka4"}, {"nonsense"}} {
		if out, code := peers(t, args...); code != 2 || !strings.HasPrefix(out, "usage: ") {
			t.Errorf("peers.sh %s: exit %d\n%s", args, code, out)
		}
	}
}
