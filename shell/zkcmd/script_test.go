package zkcmd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/zkcmd"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// The files of testdata/commands are what people type and what they get, one file a command. Each runs on
// every server, with a session of its own:
//
//	# a comment
//	> get /a            a line, as it is typed
//	one                 what stands on standard output
//	! event …           a line of talk, in any order, that comes by the end of the block
//	? 1                 the exit code, where it is not 0
//
// ** stands for any text in a line. $SERVER is the server's address, $OTHER: a line that begins with it runs
// in a second session.

// TestCommands_Apache runs the files on Apache's server.
func TestCommands_Apache(t *testing.T) {
	s := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true", "enforceQuota=true"}})
	runFiles(t, s.Addr(), "testdata/commands/*.txt")
	runFiles(t, s.Addr(), "testdata/whole/*.txt") // these are alone on their server, or the last
}

// TestCommands_Own runs them on zoka's.
func TestCommands_Own(t *testing.T) {
	addr := startOwn(t)
	runFiles(t, addr, "testdata/commands/*.txt")
	runFiles(t, addr, "testdata/whole/*.txt")
}

// TestEnsemble_Apache runs the files that want an ensemble, on one of a single member.
func TestEnsemble_Apache(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "myid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client, quorum, election := peertest.FreePort(t), peertest.FreePort(t), peertest.FreePort(t)
	s := peertest.StartZK39(t, peertest.Options{DataDir: dir, ClientPort: client, Config: []string{
		"standaloneEnabled=false", "reconfigEnabled=true", "skipACL=yes",
		fmt.Sprintf("server.1=127.0.0.1:%d:%d:participant;127.0.0.1:%d", quorum, election, client),
	}})
	runFiles(t, s.Addr(), "testdata/ensemble/*.txt")
}

// startOwn is the address of a server of zoka's.
func startOwn(t *testing.T) (addr string) {
	t.Helper()
	return startServer(t).Addr().String()
}

// startServer starts a server of zoka's that keeps its files in memory.
func startServer(t *testing.T) *zkserver.Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := zkserver.New(zkserver.Config{
		Listeners: []net.Listener{listener}, FS: storage.NewMemory(), DataDir: "/data",
		ExtendedTypes: true, EnforceQuota: true, Words: []string{"*"}, PreAlloc: -1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }() // waited for by the cleanup
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return server
}

func runFiles(t *testing.T, server, pattern string) {
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
			first, other := newSession(t, server), newSession(t, server)
			for _, b := range parseBlocks(t, file, string(text)) {
				b.line = strings.ReplaceAll(b.line, "$SERVER", server)
				for i := range b.out {
					b.out[i] = strings.ReplaceAll(b.out[i], "$SERVER", server)
				}
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

// session is a shell with a session of its own, of which all is kept that it shows.
type session struct {
	shell *shell.Shell
	env   *command.Env
	out   bytes.Buffer

	mu    sync.Mutex
	talk  []string
	heard chan struct{} // a token: talk has grown
}

func newSession(t *testing.T, server string) *session {
	t.Helper()
	registry, err := command.NewRegistry(zkcmd.Commands, builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{heard: make(chan struct{}, 1)}
	options := command.NewOptions(command.DefaultSettings())
	client := command.Client{
		Dial: func(ctx context.Context, target command.Target) (command.ZK, error) {
			zk, err := zkclient.Dial(ctx, zkclient.Config{
				Servers: target.Servers, SessionTimeout: target.Timeout, OnEvent: target.Events,
			})
			if err != nil {
				return nil, err
			}
			return zk, nil
		},
		WithSent: zkclient.WithSent,
		FourLetter: func(ctx context.Context, server, word string) (string, error) {
			return flw.Do(ctx, server, word, nil)
		},
	}
	s.env = &command.Env{Commands: registry, Options: options, Client: client, Notify: s.notify, Version: "test"}
	s.env.Session = command.NewSessions(client, options, command.Target{Servers: server}, s.env.ShowEvent, func() {})
	s.shell = shell.New(shell.Config{Env: s.env, Stdout: &s.out})
	t.Cleanup(func() {
		if err := s.env.Session.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *session) notify(line string) {
	s.mu.Lock()
	s.talk = append(s.talk, line)
	s.mu.Unlock()
	select {
	case s.heard <- struct{}{}:
	default:
	}
}

// check runs a block.
func (s *session) check(t *testing.T, b block) {
	t.Helper()
	s.out.Reset()
	err := s.shell.Script(t.Context(), "", strings.NewReader(b.line))
	if code := fmt.Sprint(int(command.ExitCodeOf(err))); code != b.code {
		t.Errorf("%s: %s: exit code %s, want %s (%v)", b.at, b.line, code, b.code, err)
	}
	got := strings.Split(strings.TrimSuffix(s.out.String(), "\n"), "\n")
	if s.out.Len() == 0 {
		got = nil
	}
	if !slices.EqualFunc(got, b.out, matches) {
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
func (s *session) hear(wanted []string) []string {
	wanted = slices.Clone(wanted)
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		s.mu.Lock()
		wanted = slices.DeleteFunc(wanted, func(want string) bool {
			i := slices.IndexFunc(s.talk, func(said string) bool { return matches(said, want) })
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

// matches compares a line with one in which ** is any text.
func matches(got, want string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `\*\*`, `.*`)
	ok, err := regexp.MatchString("^(?s:"+pattern+")$", got)
	return ok && err == nil
}
