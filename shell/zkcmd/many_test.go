package zkcmd_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/shelltest"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

// TestDeleteall_Batches deletes a wide and deep tree with batches that divide it badly.
func TestDeleteall_Batches(t *testing.T) {
	s := newSession(t, startOwn(t))
	for _, batch := range []int{1000, 7, 1} {
		total := grow(t, s, "/t", 4, 6) + 1
		out, err := s.Run(t, fmt.Sprintf("deleteall -b %d /t", batch))
		if want := fmt.Sprintf("deleted %d znodes\n", total); out != want || err != nil {
			t.Errorf("batches of %d: %q, %v; want %q", batch, out, err, want)
		}
		if out, err := s.Run(t, "ls /"); out != "[zookeeper]\n" || err != nil {
			t.Errorf("batches of %d: leaves %q, %v", batch, out, err)
		}
	}
}

// grow creates width znodes below path, and below each of them, down to depth. It returns their number.
func grow(t *testing.T, s *shelltest.Session, path string, depth, width int) int {
	t.Helper()
	var script strings.Builder
	n := 0
	var plant func(path string, depth int)
	plant = func(path string, depth int) {
		for i := range width {
			child := fmt.Sprintf("%s/%d", path, i)
			fmt.Fprintf(&script, "create %s\n", child)
			n++
			if depth > 1 {
				plant(child, depth-1)
			}
		}
	}
	fmt.Fprintf(&script, "create %s\n", path)
	plant(path, depth)
	if err := s.Env.Options.Set("keep-going", "on"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Run(t, script.String()); err != nil {
		t.Fatal(err)
	}
	if err := s.Env.Options.Set("keep-going", "off"); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDeleteall_LongPaths: batches are bounded in bytes, or the server would drop the connection.
func TestDeleteall_LongPaths(t *testing.T) {
	s := newSession(t, startOwn(t))
	long := strings.Repeat("x", 5000)
	var script strings.Builder
	script.WriteString("create /t\n")
	for i := range 400 {
		fmt.Fprintf(&script, "create /t/%s%d\n", long, i)
	}
	if _, err := s.Run(t, script.String()); err != nil {
		t.Fatal(err)
	}
	if out, err := s.Run(t, "deleteall /t"); out != "deleted 401 znodes\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// interrupted is a session whose calls of Multi run a function before them.
type interrupted struct {
	command.ZK
	before func()
}

func (i *interrupted) Multi(ctx context.Context, ops []zkproto.MultiOp) ([]zkproto.MultiResult, error) {
	i.before()
	return i.ZK.Multi(ctx, ops)
}

// TestDeleteall_Ended: what ends the work in its middle is told with how far it came.
func TestDeleteall_Ended(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(ctx context.Context, zk command.ZK, cancel context.CancelFunc)
		code command.ExitCode
	}{
		"interrupted": {func(_ context.Context, _ command.ZK, cancel context.CancelFunc) { cancel() }, command.ExitInterrupted},
		"closed": {func(ctx context.Context, zk command.ZK, _ context.CancelFunc) { _ = zk.Close(ctx) },
			command.ExitIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, startOwn(t))
			grow(t, s, "/t", 1, 30)
			zk, err := s.Env.ZK(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			calls := 0
			client := command.Client{Dial: func(context.Context, command.Target) (command.ZK, error) {
				return &interrupted{zk, func() {
					if calls++; calls == 3 {
						tt.end(ctx, zk, cancel)
					}
				}}, nil
			}}
			s.Env.Session = command.NewSessions(client, s.Env.Options, command.Target{}, s.Env.ShowEvent, func() {})
			err = s.Shell.Script(ctx, "", strings.NewReader("deleteall -b 10 /t"))
			var partial *command.PartialError
			if !errors.As(err, &partial) || !strings.Contains(err.Error(), "deleteall /t: 20 of 31 znodes deleted: ") ||
				command.ExitCodeOf(err) != tt.code {
				t.Errorf("%v, exit code %d, want %d", err, command.ExitCodeOf(err), tt.code)
			}
		})
	}
}

// TestMany_Told: many refusals are told one by one, and above a hundred counted.
func TestMany_Told(t *testing.T) {
	s := newSession(t, startOwn(t))
	grow(t, s, "/t", 1, 150)
	if _, err := s.Run(t, "setAcl /t world:anyone:rwa"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Run(t, "deleteall /t")
	var many *zkcmd.ManyError
	if !errors.As(err, &many) || len(many.Failures) != 151 || !errors.Is(err, zkproto.NoAuth) {
		t.Fatalf("%v", err)
	}
	if code := command.ExitCodeOf(err); code != command.ExitFailed {
		t.Errorf("exit code %d where nothing was done", code)
	}
	if talk := s.Talk(); len(talk) != 102 || talk[100] != "deleteall: and 51 more" || !strings.HasSuffix(talk[101], ", and 148 more") {
		t.Errorf("%d lines: %q", len(talk), talk[max(len(talk)-2, 0):])
	}
}

// TestParseLimits reads what the releases have written.
func TestParseLimits(t *testing.T) {
	for text, want := range map[string]zkcmd.Limits{
		"count=3,bytes=-1": {Count: 3, Bytes: -1, HardCount: -1, HardBytes: -1},
		"count=3,bytes=-1=;byteHardLimit=7;countHardLimit=8": {Count: 3, Bytes: -1, HardCount: 8, HardBytes: 7},
		"count=1,bytes=2=;later=9":                           {Count: 1, Bytes: 2, HardCount: -1, HardBytes: -1},
		"":                                                   {Count: -1, Bytes: -1, HardCount: -1, HardBytes: -1},
	} {
		got, err := zkcmd.ParseLimits(text)
		if got != want || err != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := zkcmd.ParseLimits(got.String()); again != got || err != nil {
			t.Errorf("%q: its own text %q is read as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"count", "count=x,bytes=1", "bytes=99999999999999999999"} {
		if l, err := zkcmd.ParseLimits(text); err == nil {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}
