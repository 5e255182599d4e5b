// Package shelltest runs the commands of a shell as tests write them down: what people type, and what they get.
//
// It is for the tests of the packages of commands alone. They hand in a shell with their table and their servers; this
// package knows neither. A file has blocks like these:
//
//	# a comment
//	> get /a            a line, as it is typed
//	one                 what stands on standard output
//	! event …           a line of talk, in any order, that comes by the end of the block
//	? 1                 the exit code, where it is not 0
//
// ** stands for any text in a line. A line that begins with $OTHER runs in a second session.
package shelltest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/command"
)

// Session is a shell of which all is kept that it shows.
type Session struct {
	Shell *shell.Shell
	Env   *command.Env
	Out   bytes.Buffer

	mu    sync.Mutex
	talk  []string
	heard chan struct{} // a token: talk has grown
}

// NewSession makes a session with an env, whose Notify it sets. The env is the caller's to close.
func NewSession(env *command.Env) *Session {
	s := &Session{Env: env, heard: make(chan struct{}, 1)}
	env.Notify = s.notify
	s.Shell = shell.New(shell.Config{Env: env, Stdout: &s.Out})
	return s
}

func (s *Session) notify(line string) {
	s.mu.Lock()
	s.talk = append(s.talk, line)
	s.mu.Unlock()
	select {
	case s.heard <- struct{}{}:
	default:
	}
}

// Run runs a line, and returns what it shows.
func (s *Session) Run(t *testing.T, line string) (string, error) {
	t.Helper()
	s.Out.Reset()
	err := s.Shell.Script(t.Context(), "", strings.NewReader(line))
	return s.Out.String(), err
}

// Talk is what was said and not heard yet.
func (s *Session) Talk() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.talk)
}

// RunFiles runs each file of a pattern as a subtest. Vars are put in the place of their names, such as $SERVER, in
// lines and answers; open makes a session for each file, and for what $OTHER types.
func RunFiles(t *testing.T, pattern string, vars map[string]string, open func(t *testing.T) *Session) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, other := open(t), open(t)
			for _, b := range parseBlocks(t, file, replaceVars(string(text), vars)) {
				if line, ok := strings.CutPrefix(b.line, "$OTHER "); ok {
					b.line = line
					other.check(t, b)
				} else {
					first.check(t, b)
				}
			}
		})
	}
}

func replaceVars(text string, vars map[string]string) string {
	for name, value := range vars {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// block is a line and what is expected of it.
type block struct {
	at, line string
	out      []string
	talk     []string
	code     string
}

func parseBlocks(t *testing.T, file, text string) []block {
	var blocks []block
	typed := false // the line before is what is typed: a blank line behind it is an answer
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		last := len(blocks) - 1
		switch {
		case mark == "#", line == "" && !typed:
		case mark == ">":
			blocks = append(blocks, block{at: fmt.Sprintf("%s:%d", file, i+1), line: rest, code: "0"})
		case last < 0:
			t.Fatalf("%s:%d: no line begins with > before it", file, i+1)
		case mark == "!":
			blocks[last].talk = append(blocks[last].talk, rest)
		case mark == "?":
			blocks[last].code = rest
		default:
			blocks[last].out = append(blocks[last].out, line)
		}
		typed = mark == ">"
	}
	return blocks
}

// check runs a block.
func (s *Session) check(t *testing.T, b block) {
	t.Helper()
	s.Out.Reset()
	err := s.Shell.Script(t.Context(), "", strings.NewReader(b.line))
	if code := fmt.Sprint(int(command.ExitCodeOf(err))); code != b.code {
		t.Errorf("%s: %s: exit code %s, want %s (%v)", b.at, b.line, code, b.code, err)
	}
	got := strings.Split(strings.TrimSuffix(s.Out.String(), "\n"), "\n")
	if s.Out.Len() == 0 {
		got = nil
	}
	if !slices.EqualFunc(got, b.out, Matches) {
		t.Errorf("%s: %s: shows\n%s\nwant\n%s", b.at, b.line, strings.Join(got, "\n"), strings.Join(b.out, "\n"))
	}
	if left := s.hear(b.talk); len(left) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		t.Errorf("%s: %s: says\n%s\nand not\n%s", b.at, b.line, strings.Join(s.talk, "\n"), strings.Join(left, "\n"))
		s.talk = nil
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.talk) > 0 {
		t.Errorf("%s: %s: says also\n%s", b.at, b.line, strings.Join(s.talk, "\n"))
		s.talk = nil
	}
}

// hear waits until every line wanted has been said, takes them away, and returns those that were not.
func (s *Session) hear(wanted []string) []string {
	wanted = slices.Clone(wanted)
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		s.mu.Lock()
		wanted = slices.DeleteFunc(wanted, func(want string) bool {
			i := slices.IndexFunc(s.talk, func(said string) bool { return Matches(said, want) })
			if i >= 0 {
				s.talk = slices.Delete(s.talk, i, i+1)
			}
			return i >= 0
		})
		s.mu.Unlock()
		if len(wanted) == 0 {
			return nil
		}
		select {
		case <-s.heard:
		case <-limit.C:
			return wanted
		}
	}
}

// Matches compares a line with one in which ** is any text.
func Matches(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `\*\*`, `.*`)
	ok, err := regexp.MatchString("^(?s:"+pattern+")$", got)
	return ok && err == nil
}
