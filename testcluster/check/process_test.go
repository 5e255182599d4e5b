package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// process is zoka server, run as a process of its own on one folder and one port.
type process struct {
	t    *testing.T
	bin  string
	dir  string
	addr string
	cmd  *exec.Cmd
}

func newProcess(t *testing.T) *process {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "zoka")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/zoka-project/zoka/cmd/zoka").CombinedOutput(); err != nil {
		t.Fatalf("build zoka: %v\n%s", err, out)
	}
	port := peertest.FreePort(t)
	s := &process{t: t, bin: bin, dir: t.TempDir(), addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	// Small snapshots and a small log make every kill meet more of both.
	cfg := fmt.Sprintf("tickTime=2000\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nsnapCount=500\npreAllocSize=64\n", s.dir, port)
	if err := os.WriteFile(s.config(), []byte(cfg), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

func (s *process) config() string { return filepath.Join(s.dir, "zoo.cfg") }

// start starts the server and waits until it serves.
func (s *process) start() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "server.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(s.bin, "server", s.config())
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		answer, err := flw.Do(ctx, s.addr, "srvr", nil)
		cancel()
		if err == nil && strings.Contains(answer, "Mode:") {
			return
		}
		if s.cmd.ProcessState != nil || time.Now().After(deadline) {
			out, _ := os.ReadFile(log.Name())
			s.t.Fatalf("the server does not serve: %v\n%s", err, out)
		}
		time.Sleep(5 * time.Millisecond) // between two knocks
	}
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
