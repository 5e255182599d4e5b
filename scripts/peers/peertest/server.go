package peertest

import (
	"fmt"
	"io"
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
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 20 * time.Second
	askTimeout   = 5 * time.Second
	pollEvery    = 50 * time.Millisecond
)

// Options are the particulars of one server. The zero value is a standalone server on an empty folder.
type Options struct {
	// DataDir is the server's dataDir; a folder that lives as long as the test where it is empty.
	DataDir string
	// ClientPort is the port to listen on; a free one where it is 0.
	ClientPort int
	// Config are further lines of zoo.cfg. A line for a key that is set already wins.
	Config []string
	// NoWait returns as soon as the process runs. Members of an ensemble need it: one alone does not serve.
	NoWait bool
}

// Server is a server of Apache's, or a member of an [Ensemble].
type Server struct {
	ClientPort int
	DataDir    string
	// ConfigFile and LogFile are the paths of its zoo.cfg and of what it writes to stdout and stderr.
	ConfigFile, LogFile string

	program Program
	cmd     *exec.Cmd     // nil before the first start
	done    chan struct{} // closed when the process has ended and been waited for
}

// StartZK39 starts ZooKeeper 3.9.4 and waits until it serves.
func StartZK39(t testing.TB, opts Options) *Server {
	t.Helper()
	return start(t, ZK39(t).Program(), opts)
}

// StartDebian starts the server of Debian's package and waits until it serves.
func StartDebian(t testing.TB, opts Options) *Server {
	t.Helper()
	return start(t, Debian(t).Program(), opts)
}

// start tries another port when a free one was taken before the server came to it.
func start(t testing.TB, program Program, opts Options) *Server {
	t.Helper()
	const attempts = 3
	for attempt := 1; ; attempt++ {
		s := launch(t, program, opts)
		if opts.NoWait {
			return s
		}
		err := s.await()
		if err == nil {
			return s
		}
		stolen := opts.ClientPort == 0 && strings.Contains(s.Log(), "java.net.BindException")
		if !stolen || attempt == attempts {
			t.Fatalf("start %s: %v; its log ends:\n%s", program.Name, err, tail(s.Log(), 20))
		}
	}
}

func launch(t testing.TB, program Program, opts Options) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{
		ClientPort: opts.ClientPort,
		DataDir:    opts.DataDir,
		ConfigFile: filepath.Join(dir, "zoo.cfg"),
		LogFile:    filepath.Join(dir, "log"),
		program:    program,
	}
	if s.DataDir == "" {
		s.DataDir = t.TempDir()
	}
	if s.ClientPort == 0 {
		s.ClientPort = FreePort(t)
	}
	s.run(t, opts.Config)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("the log of %s on port %d ends:\n%s", program.Name, s.ClientPort, tail(s.Log(), 20))
		}
	})
	return s
}

// run writes zoo.cfg, with further lines, and starts the process.
func (s *Server) run(t testing.TB, config []string) {
	t.Helper()
	if err := os.WriteFile(s.ConfigFile, []byte(s.config(config)), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(s.LogFile)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(s.program.command[0], append(slices.Clone(s.program.command[1:]), s.ConfigFile)...)
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", s.program.Name, err)
	}
	done := make(chan struct{})
	go func() { // ended by Kill, which the cleanup calls and which waits for it
		_ = cmd.Wait() // a server that is killed never ends well
		close(done)
	}()
	s.cmd, s.done = cmd, done
}

func (s *Server) config(more []string) string {
	lines := []string{
		"tickTime=2000", "initLimit=10", "syncLimit=5",
		"dataDir=" + s.DataDir,
		"clientPort=" + strconv.Itoa(s.ClientPort),
		"clientPortAddress=127.0.0.1",
		"admin.enableServer=false",
		"4lw.commands.whitelist=*",
	}
	return strings.Join(lastOfEach(append(lines, more...)), "\n") + "\n"
}

// lastOfEach leaves out the lines whose key a later line sets.
func lastOfEach(lines []string) []string {
	set := map[string]bool{}
	var kept []string
	for _, line := range slices.Backward(lines) {
		key, _, _ := strings.Cut(line, "=")
		if !set[key] {
			kept = append(kept, line)
		}
		set[key] = true
	}
	slices.Reverse(kept)
	return kept
}

// Addr is the client address, host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ClientPort)) }

// Pid is the server's process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Ask sends a four-letter word and returns the whole answer.
func (s *Server) Ask(word string) (string, error) {
	conn, err := net.DialTimeout("tcp", s.Addr(), askTimeout)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", word, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return "", fmt.Errorf("ask %s: %w", word, err)
	}
	if _, err := io.WriteString(conn, word); err != nil {
		return "", fmt.Errorf("ask %s: %w", word, err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", word, err)
	}
	return string(answer), nil
}

// Await waits until the server serves, and fails the test if it does not within a minute. Only a server started
// with NoWait needs it.
func (s *Server) Await(t testing.TB) {
	t.Helper()
	if err := s.await(); err != nil {
		t.Fatalf("wait for the server on port %d: %v; its log ends:\n%s", s.ClientPort, err, tail(s.Log(), 20))
	}
}

// await polls srvr: unlike ruok, its answer has a Mode only once clients are served.
func (s *Server) await() error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		if answer, err := s.Ask("srvr"); err == nil && strings.Contains(answer, "Mode: ") {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the process ended: %s", s.cmd.ProcessState)
		case <-deadline.C:
			return fmt.Errorf("it does not serve after %s", startTimeout)
		case <-poll.C:
		}
	}
}

// Stop asks the server to end (SIGTERM) and waits until it has. It is an error if it has to be killed instead.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("stop process %d: %w", s.Pid(), err)
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-s.done:
		return nil
	case <-timeout.C:
		s.Kill()
		return fmt.Errorf("stop process %d: still there after %s, killed", s.Pid(), stopTimeout)
	}
}

// Kill ends the server at once (SIGKILL) and waits until it is gone. A server that has ended already stays ended.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // the one error is that it has ended
	<-s.done
}

// Log is what the process has written so far to stdout and stderr.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.LogFile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// tail is the last n lines of text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
