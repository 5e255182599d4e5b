// Package scripts holds the launchers with Apache's names and the project's own tools. It has tests only, which run
// the launchers as a user does; the tools have theirs beside them.
package scripts

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// outcome is what one run of a launcher showed.
type outcome struct {
	stdout, stderr string
	code           int
}

// server is a configuration with a free port, and the zkServer.sh that runs it.
type server struct {
	script            string
	env               []string
	dir, cfg, pidFile string
	port              int
}

func newServer(t *testing.T, script string, env ...string) *server {
	t.Helper()
	dir := t.TempDir()
	s := &server{
		script:  script,
		env:     append(env, "ZOO_LOG_DIR="+filepath.Join(dir, "logs"), "USER=tester"),
		dir:     dir,
		cfg:     filepath.Join(dir, "zoo.cfg"),
		pidFile: filepath.Join(dir, "data", "zookeeper_server.pid"),
		port:    peertest.FreePort(t),
	}
	// Blanks around a value are not part of it.
	write(t, s.cfg, fmt.Sprintf("tickTime=2000\n  dataDir=%s \nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n",
		filepath.Dir(s.pidFile), s.port), 0o644)
	t.Cleanup(func() {
		if pid := s.pid(); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	})
	return s
}

func (s *server) run(t *testing.T, args ...string) outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.script, args...)
	cmd.Env = append(cmd.Environ(), s.env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v", s.script, args, err)
	}
	return outcome{s.anonymous(stdout.String()), s.anonymous(stderr.String()), cmd.ProcessState.ExitCode()}
}

// pid is the content of the pid file, 0 without one.
func (s *server) pid() int {
	text, err := os.ReadFile(s.pidFile)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(text)) // Apache writes no newline, and neither do we
	return pid
}

// anonymous replaces what differs between any two servers.
func (s *server) anonymous(text string) string {
	if pid := s.pid(); pid > 0 {
		text = strings.ReplaceAll(text, "process "+strconv.Itoa(pid), "process PID")
	}
	return strings.NewReplacer(s.dir, "DIR", strconv.Itoa(s.port), "PORT", s.script, "SCRIPT").Replace(text)
}

// await waits until the server serves: STARTED only says that its process lives.
func (s *server) await(t *testing.T) {
	t.Helper()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for !strings.Contains(s.ask("srvr"), "Mode: ") {
		select {
		case <-poll.C:
		case <-t.Context().Done():
			t.Fatal("the server does not serve")
		}
		if pid := s.pid(); pid == 0 || syscall.Kill(pid, 0) != nil {
			out, _ := filepath.Glob(filepath.Join(s.dir, "logs", "*.out"))
			text, _ := os.ReadFile(out[0])
			t.Fatalf("the server has ended; %s says:\n%s", out[0], text)
		}
	}
}

func (s *server) ask(word string) string {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
	if err != nil {
		return ""
	}
	defer conn.Close()
	// Whoever listens there instead of the server may never answer.
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, word); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(conn) // half an answer has no Mode
	return string(answer)
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// abs is the path of a file beside this one.
func abs(t *testing.T, name string) string {
	t.Helper()
	p, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
