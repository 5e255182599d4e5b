package tutorial

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/zoka-project/zoka/scripts/testbin"
)

// terminal is a program that a person has before the eyes, on a pty.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File

	mu      sync.Mutex
	text    string        // what it has shown, behind what sees has found
	changed chan struct{} // closed and replaced at each change of text
	ended   chan struct{}
}

func atTerminal(t *testing.T, name string, args ...string) *terminal {
	t.Helper()
	s := &terminal{t: t, cmd: exec.Command(name, args...), changed: make(chan struct{}), ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), "ZOKA="+testbin.Zoka(t), "HOME="+t.TempDir(), "TERM=xterm")
	var err error
	s.file, err = pty.Start(s.cmd)
	ok(t, err)
	var reading sync.WaitGroup
	reading.Go(s.read)
	go func() { // ends with the process
		_ = s.cmd.Wait() // exits looks at the code
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
		reading.Wait()
		_ = s.file.Close() // nobody uses it any more
	})
	return s
}

// read ends when the program has ended, which the system calls an error.
func (s *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.file.Read(buf)
		s.mu.Lock()
		s.text += string(buf[:n])
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *terminal) types(keys string) {
	s.t.Helper()
	_, err := s.file.WriteString(keys)
	ok(s.t, err)
}

// sees waits for a text, behind what it has found before but for that text's last prompt.
func (s *terminal) sees(want string) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		text, changed := s.text, s.changed
		s.mu.Unlock()
		if at := strings.Index(text, want); at >= 0 {
			s.mu.Lock()
			s.text = s.text[at+len(strings.TrimSuffix(want, ">")):]
			s.mu.Unlock()
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("%s does not show %q but %q", s.cmd, want, text)
		}
	}
}

func (s *terminal) exits(code int) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("%s does not end", s.cmd)
	}
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Errorf("%s ends with %d, want %d", s.cmd, got, code)
	}
}
