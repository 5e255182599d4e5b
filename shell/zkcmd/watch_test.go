package zkcmd_test

import (
	"context"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/shelltest"
)

// announced is a session that tells when a watch is set.
type announced struct {
	command.ZK
	set chan<- struct{}
}

func (a *announced) AddWatch(ctx context.Context, path string, mode zkproto.AddWatchMode, watch func(zkproto.WatchedEvent)) error {
	err := a.ZK.AddWatch(ctx, path, mode, watch)
	a.set <- struct{}{}
	return err
}

// watched starts a watch, and returns when it is set. What it returns waits for its end.
func watched(t *testing.T, ctx context.Context, s *shelltest.Session, line string) (end func() (out []string, err error)) {
	t.Helper()
	zk, err := s.Env.ZK(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set := make(chan struct{}, 1)
	client := command.Client{Dial: func(context.Context, command.Target) (command.ZK, error) { return &announced{zk, set}, nil }}
	s.Env.Session = command.NewSessions(client, s.Env.Options, command.Target{}, s.Env.ShowEvent, func() {})
	done := make(chan error, 1)
	go func() { done <- s.Shell.Script(ctx, "", strings.NewReader(line)) }()
	<-set
	return func() ([]string, error) {
		err := <-done
		return strings.Split(strings.TrimSuffix(s.Out.String(), "\n"), "\n"), err
	}
}

func TestWatch(t *testing.T) {
	server := startOwn(t)
	other := newSession(t, server)
	for name, tt := range map[string]struct {
		line, script string
		want         []string
	}{
		"recursive": {"watch --count 4 /w", "create /w; create /w/a; set /w/a x; delete /w/a; delete /w", []string{
			"** event NodeCreated /w zxid=0x**", "** event NodeCreated /w/a zxid=0x**",
			"** event NodeDataChanged /w/a zxid=0x**", "** event NodeDeleted /w/a zxid=0x**"}},
		"persistent": {"watch --count 3 -m PERSISTENT /w", "create /w; create /w/a; set /w/a x; set /w x; deleteall /w", []string{
			"** event NodeCreated /w zxid=0x**", "** event NodeChildrenChanged /w zxid=0x**",
			"** event NodeDataChanged /w zxid=0x**"}},
		"json": {"option output json; watch --count 1 /w", "create /w; delete /w", []string{
			`{"time":"**T**","type":"NodeCreated","path":"/w","zxid":"0x**"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			end := watched(t, t.Context(), newSession(t, server), tt.line)
			if _, err := other.Run(t, tt.script); err != nil {
				t.Fatal(err)
			}
			out, err := end()
			if err != nil || len(out) != len(tt.want) {
				t.Fatalf("%q, %v; want %q", out, err, tt.want)
			}
			for i := range out {
				if !shelltest.Matches(out[i], tt.want[i]) {
					t.Errorf("line %d: %q, want %q", i+1, out[i], tt.want[i])
				}
			}
		})
	}
}

// TestWatch_Ended: Ctrl-C and the session's end are ends that differ.
func TestWatch_Ended(t *testing.T) {
	server := startOwn(t)
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := newSession(t, server)
		end := watched(t, ctx, s, "watch /w")
		cancel()
		if _, err := end(); command.ExitCodeOf(err) != command.ExitInterrupted {
			t.Errorf("exit code %d: %v", command.ExitCodeOf(err), err)
		}
		if _, err := s.Run(t, "removewatches /w"); command.ExitCodeOf(err) != command.ExitFailed {
			t.Errorf("it leaves its watch behind: %v", err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		s := newSession(t, server)
		end := watched(t, t.Context(), s, "watch /w")
		if err := s.Env.Session.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := end()
		if command.ExitCodeOf(err) != command.ExitIncomplete || !strings.Contains(err.Error(), "session Closed") {
			t.Errorf("exit code %d: %v", command.ExitCodeOf(err), err)
		}
	})
}
