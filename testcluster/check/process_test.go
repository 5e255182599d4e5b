package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// process is zoka server, run as a process of its own on one folder and one port.
type process struct {
	t    *testing.T
	bin  string
	dir  string // of the data
	home string // of the configuration and of what the server says
	addr string
	as   []string             // a program that starts the server: prlimit and its like
	attr *syscall.SysProcAttr // nil: as this process has it
	cmd  *exec.Cmd
}

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// newProcess prepares a server on a folder of its own; settings are further lines of its
// configuration.
func newProcess(t *testing.T, settings ...string) *process {
	t.Helper()
	return newProcessOn(t, t.TempDir(), settings...)
}

// newProcessOn prepares a server on a folder.
func newProcessOn(t *testing.T, dir string, settings ...string) *process {
	t.Helper()
	port := peertest.FreePort(t)
	s := &process{t: t, bin: testbin.Zoka(t), dir: dir, home: t.TempDir(), addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	// Small snapshots and a small log make every kill meet more of both.
	if !slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "snapCount=") }) {
		settings = append(settings, "snapCount=500")
	}
	if !slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "tickTime=") }) {
		settings = append(settings, "tickTime=2000")
	}
	cfg := fmt.Sprintf("dataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\npreAllocSize=64\n%s\n",
		s.dir, port, strings.Join(settings, "\n"))
	if err := os.WriteFile(s.config(), []byte(cfg), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

func (s *process) config() string { return filepath.Join(s.home, "zoo.cfg") }

// log is everything that the server has said.
func (s *process) log() string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.home, "server.out"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// launch starts the server and does not wait for it.
func (s *process) launch() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.home, "server.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	args := append(slices.Clone(s.as), s.bin, "server", s.config())
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.SysProcAttr = log, log, s.attr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the server and waits until it serves.
func (s *process) start() {
	s.t.Helper()
	s.launch()
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		answer, err := flw.Do(ctx, s.addr, "srvr", nil)
		cancel()
		if err == nil && strings.Contains(answer, "Mode:") {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the server does not serve: %v\n%s", err, s.log())
		}
		time.Sleep(5 * time.Millisecond) // between two knocks
	}
}

// exited waits for the server to end by itself and returns its exit code.
func (s *process) exited() int {
	s.t.Helper()
	ended := make(chan error, 1)
	cmd := s.cmd
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
		s.t.Errorf("the server did not end:\n%s", s.log())
	}
	s.cmd = nil
	return cmd.ProcessState.ExitCode()
}

// kill is kill -9.
func (s *process) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed: the error says so
	s.cmd = nil
}

// stop asks the server to end and demands that it does so cleanly.
func (s *process) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server's end: %v", err)
	}
	s.cmd = nil
}

// killAtRandom kills and restarts the server until ctx ends, and leaves it running.
func (s *process) killAtRandom(ctx context.Context, rnd *rand.Rand) (kills int) {
	for {
		select {
		case <-ctx.Done():
			return kills
		case <-time.After(time.Duration(50+rnd.IntN(1000)) * time.Millisecond):
			s.kill()
			s.start()
			kills++
		}
	}
}
