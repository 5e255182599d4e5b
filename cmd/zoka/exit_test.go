package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
)

// piped is zoka with pipes for its files.
type piped struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	lines  *bufio.Reader
}

func startPiped(t *testing.T, args ...string) *piped {
	t.Helper()
	p := &piped{cmd: exec.Command("zoka", args...)}
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	ok(t, err)
	p.stdout, err = p.cmd.StdoutPipe()
	ok(t, err)
	p.lines = bufio.NewReader(p.stdout)
	p.cmd.Stderr = os.Stderr
	ok(t, p.cmd.Start())
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// says sends commands and checks the next line of the answer: a script is carried out as it comes.
func (p *piped) says(t *testing.T, commands, want string) {
	t.Helper()
	_, err := io.WriteString(p.stdin, commands)
	ok(t, err)
	if line, err := p.lines.ReadString('\n'); err != nil || line != want+"\n" {
		t.Fatalf("%q is answered by %q, %v", commands, line, err)
	}
}

func (p *piped) exit(t *testing.T, want int) {
	t.Helper()
	defer time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() }).Stop()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("exit code %d, want %d", got, want)
	}
}

// A server that takes the connection and says nothing costs the time limit, and no more.
func TestExit_SilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer silent.Close()
	addr := silent.Addr().String()
	out, err := exec.CommandContext(t.Context(), "zoka", "-server", addr, "-timeout", "200", "ls", "/").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3", err)
	}
	// Both the client's limit for a handshake and the one for connecting are 200 ms: either may be the first.
	line := regexp.MustCompile("^(no answer from " + addr + " within 200ms|no ZooKeeper server: " + addr + ": no answer in time)\n$")
	if !line.Match(out) {
		t.Errorf("%q", out)
	}
}

// A dialogue through pipes ends by a signal, by the end of input, or because nobody reads any more: the session is
// ended each time.
func TestExit_SessionIsEnded(t *testing.T) {
	server := ownServer(t)
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: server})
	ok(t, err)
	defer zk.Close(t.Context())
	for _, tt := range []struct {
		name string
		end  func(*piped) error
		code int
	}{
		{"SIGTERM", func(p *piped) error { return p.cmd.Process.Signal(syscall.SIGTERM) }, 143},
		{"SIGINT", func(p *piped) error { return p.cmd.Process.Signal(syscall.SIGINT) }, 130},
		{"SIGHUP", func(p *piped) error { return p.cmd.Process.Signal(syscall.SIGHUP) }, 129},
		{"EOF", func(p *piped) error { return p.stdin.Close() }, 0},
		{"quit", func(p *piped) error { _, err := io.WriteString(p.stdin, "quit\n"); return err }, 0},
		{"failure", func(p *piped) error { _, err := io.WriteString(p.stdin, "nonsense\n"); return err }, 127},
		{"nobody reads", func(p *piped) error {
			_, err := io.WriteString(p.stdin, "ls /\n")
			return errors.Join(p.stdout.Close(), err)
		}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, flags := range [][]string{{"-server", server}, {"-server", server, "--keep-going"}} {
				if tt.name == "failure" && len(flags) > 2 {
					continue // goes on, as it was told
				}
				p := startPiped(t, flags...)
				p.says(t, "create -e /mine\n", "Created /mine")
				ok(t, tt.end(p))
				p.exit(t, tt.code)
				gone(t, zk, "/mine")
			}
		})
	}
}
