package scripts

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// TestZkServer_ZokaFails: why a server of zoka's does not start is shown.
func TestZkServer_ZokaFails(t *testing.T) {
	t.Parallel()
	program := testbin.Zoka(t)
	s := newServer(t, abs(t, "zkServer.sh"), "ZOKA="+program)
	text, err := os.ReadFile(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.cfg, string(text)+"initLimit=five\n", 0o644)
	got := s.run(t, "start", s.cfg)
	if got.code != 1 || got.stdout != "Starting zookeeper ... FAILED TO START\n" ||
		!strings.Contains(got.stderr, `DIR/zoo.cfg:6: initLimit: "five" is not a whole number`) {
		t.Errorf("a bad value: %+v", got)
	}
	if s.pid() != 0 {
		t.Error("the pid file is there")
	}
}

// TestZkServer_ZokaFlags: the settings among the JVM's flags reach the server, the JVM's own do not.
func TestZkServer_ZokaFlags(t *testing.T) {
	t.Parallel()
	jaas := filepath.Join(t.TempDir(), "jaas.conf")
	write(t, jaas, "Server {\n org.apache.zookeeper.server.auth.DigestLoginModule required\n user_bob=\"builder\";\n};\n", 0o600)
	want := "-Dzookeeper.4lw.commands.whitelist=* -Djute.maxbuffer=7777 -Djava.security.auth.login.config=" + jaas
	first, rest, _ := strings.Cut(want, " ")
	s := newServer(t, abs(t, "zkServer.sh"), "ZOKA="+testbin.Zoka(t),
		"SERVER_JVMFLAGS=-Xmx64m "+first+" -Dcom.sun.management.jmxremote", "JVMFLAGS=-verbose:gc "+rest)
	if got := s.run(t, "print-cmd", s.cfg); !strings.Contains(got.stdout, " server "+want+" \"DIR/zoo.cfg\" > ") {
		t.Errorf("print-cmd: %+v", got)
	}
	if got := s.run(t, "start", s.cfg); got.code != 0 || got.stdout != "Starting zookeeper ... STARTED\n" {
		t.Fatalf("start: %+v", got)
	}
	s.await(t)
	if got := s.ask("ruok"); got != "imok" {
		t.Errorf("ruok, by the whitelist of the flags: %q", got)
	}
	pid := s.pid()
	if got := s.run(t, "stop", s.cfg); got.code != 0 || got.stdout != "Stopping zookeeper ... STOPPED\n" {
		t.Errorf("stop: %+v", got)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is there after stop", pid)
	}
}

// TestZkServer_ZokaForeground: start-foreground is the server itself, so a signal to the process ends it well.
func TestZkServer_ZokaForeground(t *testing.T) {
	t.Parallel()
	s := newServer(t, abs(t, "zkServer.sh"))
	admin := peertest.FreePort(t)
	cmd := exec.Command(s.script, "start-foreground", s.cfg)
	cmd.Env = append(append(cmd.Environ(), s.env...), "ZOKA="+testbin.Zoka(t),
		"JVMFLAGS=-Dzookeeper.admin.enableServer=true -Dzookeeper.admin.serverPort="+strconv.Itoa(admin))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })              // it may have ended
	write(t, s.pidFile, strconv.Itoa(cmd.Process.Pid), 0o644) // await looks whether it lives
	s.await(t)
	r, err := http.Get("http://127.0.0.1:" + strconv.Itoa(admin) + "/commands/ruok")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
