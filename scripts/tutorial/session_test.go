package tutorial

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/testbin"
)

// session is a shell that stays, as a person has one open, or one of Kafka's console tools.
type session struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // closed when it has ended
}

func (all hosts) session(flags ...string) *session {
	t := all[0].t
	t.Helper()
	return begin(t, testbin.Zoka(t), append([]string{"-k", "-s", all.connect()}, flags...)...)
}

// begin starts a program that stays.
func begin(t *testing.T, name string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "ZOKA="+testbin.Zoka(t), "HOME="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s := &session{t, cmd, in, make(chan string, 1000)}
	go func() { // ends with the process
		defer out.Close()
		for text := bufio.NewScanner(out); text.Scan(); {
			s.lines <- text.Text()
		}
		close(s.lines)
	}()
	t.Cleanup(s.kill)
	return s
}

func (s *session) types(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// sees waits for a line that has all of these parts, and returns it. Other lines may come before.
func (s *session) sees(parts ...string) string {
	s.t.Helper()
	deadline := time.After(patience)
	var before []string
next:
	for {
		select {
		case line, more := <-s.lines:
			if !more {
				s.t.Fatalf("%s has ended without %q; it said %q", s.cmd, parts, before)
			}
			before = append(before, line)
			for _, part := range parts {
				if !strings.Contains(line, part) {
					continue next
				}
			}
			return line
		case <-deadline:
			s.t.Fatalf("%s does not say %q; it said %q", s.cmd, parts, before)
		}
	}
}

// quit ends the session as Ctrl-D does.
func (s *session) quit() {
	s.t.Helper()
	_ = s.in.Close() // it may have ended
	_ = s.cmd.Wait() // its exit code is the last command's
}

// kill is kill -9: the server is told nothing.
func (s *session) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()         // the same
}

// ends waits for the end that comes when there is no more input, and returns what was said and not yet seen.
func (s *session) ends(code int) []string {
	s.t.Helper()
	_ = s.in.Close() // it may have ended
	return s.ended(code)
}

// interrupt is Ctrl-C; it returns what was said and not yet seen.
func (s *session) interrupt(code int) []string {
	s.t.Helper()
	ok(s.t, s.cmd.Process.Signal(os.Interrupt))
	return s.ended(code)
}

func (s *session) ended(code int) (said []string) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, more := <-s.lines:
			if more {
				said = append(said, line)
				continue
			}
			_ = s.cmd.Wait() // its exit code is looked at
			if got := s.cmd.ProcessState.ExitCode(); got != code {
				s.t.Fatalf("%s ends with %d, want %d; it said %q", s.cmd, got, code, said)
			}
			return said
		case <-deadline:
			s.t.Fatalf("%s does not end; it said %q", s.cmd, said)
		}
	}
}

// next is the next line.
func (s *session) next() string {
	s.t.Helper()
	return s.sees("")
}
