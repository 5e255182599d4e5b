package peertest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	startTimeout = 60 * time.Second
	askTimeout   = 5 * time.Second
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
	// ConfigFile is the path of its zoo.cfg.
	ConfigFile string
	process

	program Program
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
		process:    process{LogFile: filepath.Join(dir, "log")},
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
	if err := s.process.run(append(slices.Clone(s.program.command), s.ConfigFile)); err != nil {
		t.Fatalf("start %s: %v", s.program.Name, err)
	}
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
	return s.awaitUntil(func() bool {
		answer, err := s.Ask("srvr")
		return err == nil && strings.Contains(answer, "Mode: ")
	})
}

// tail is the last n lines of text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
