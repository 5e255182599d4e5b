package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// What the loop does with commands on a server is shown by cmd/zoka/scripttest; here are the parts that need none.

func newShell(t *testing.T) (s *Shell, stdout *bytes.Buffer, talk *[]string) {
	t.Helper()
	registry, err := command.NewRegistry(builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	stdout, talk = new(bytes.Buffer), new([]string)
	s = New(Config{Stdout: stdout, Env: &command.Env{
		Commands: registry,
		Options:  command.NewOptions(command.DefaultSettings()),
		Notify:   func(line string) { *talk = append(*talk, line) },
	}})
	return s, stdout, talk
}

func TestReader_GivesUpWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	in := Reader(ctx, r)
	go w.Write([]byte("ab"))
	buf := make([]byte, 8)
	if n, err := io.ReadFull(in, buf[:2]); n != 2 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	cancel(why)
	for range 2 {
		if _, err := in.Read(buf); err != why {
			t.Errorf("Read after the end = %v", err)
		}
	}
}

func TestScript_SourceFails(t *testing.T) {
	s, stdout, talk := newShell(t)
	s.env.Options.Set("keep-going", "on")
	broken := errors.New("broken")
	err := s.Script(t.Context(), "in", io.MultiReader(strings.NewReader("echo a\nbogus\necho b\n"), failing{broken}))
	if stdout.String() != "a\nb\n" || command.ExitCodeOf(err) != command.ExitUnknown {
		t.Errorf("%q, %v", stdout, err)
	}
	if want := []string{"in:2: bogus: no such command; `help` lists them", "in: broken"}; !slices.Equal(*talk, want) {
		t.Errorf("said %q, want %q", *talk, want)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestEval_YieldsResults(t *testing.T) {
	s, stdout, talk := newShell(t)
	var got []string
	var last error
	for result, err := range s.Eval(t.Context(), "script", strings.NewReader("echo a; echo b\n\nbogus; echo c")) {
		if err != nil {
			last = err
			continue
		}
		got = append(got, result.View().(render.Text).Lines...)
	}
	if !slices.Equal(got, []string{"a", "b"}) || last == nil || last.Error() != "script:3: bogus: no such command; `help` lists them" {
		t.Errorf("%q, %v", got, last)
	}
	if stdout.Len() > 0 || len(*talk) > 0 {
		t.Errorf("Eval showed %q, %q", stdout, *talk)
	}
}

func TestLine(t *testing.T) {
	for _, tt := range []struct {
		line, out string
		talk      []string
		quit      bool
	}{
		{"echo a; echo b", "a\nb\n", nil, false},
		{"echo a; bogus; echo b", "a\n", []string{"bogus: no such command; `help` lists them"}, false},
		{"echo a; quit; echo b", "a\n", nil, true},
		{"", "", nil, false},
		{"echo a; echo 'b", "a\n", []string{"line 1, column 14: the quote ' is not closed"}, false},
		{"help \x1b[2J", "", []string{`help: "\x1b[2J": no such command; ` + "`help` lists them"}, false},
		{"option outptu\x07", "", []string{`option: outptu\x07: no such option; there are output, color, timeout, printwatches, keep-going`}, false},
	} {
		s, stdout, talk := newShell(t)
		if quit := s.Line(t.Context(), tt.line); quit != tt.quit || stdout.String() != tt.out || !slices.Equal(*talk, tt.talk) {
			t.Errorf("%q: quit %v, %q, %q", tt.line, quit, stdout, *talk)
		}
	}
}

func TestLineError(t *testing.T) {
	syntax := at("a.zk", 0, &lex.Error{Line: 4, Col: 7, Msg: "no"})
	inner := at("in.zk", 2, errors.New("no"))
	for err, want := range map[error]string{
		syntax:                        "a.zk:4:7: no",
		inner:                         "in.zk:2: no",
		at("out.zk", 9, inner):        "in.zk:2: no",
		at("", 9, errors.New("no")):   "no",
		at("a", 1, command.ErrQuit):   "quit",
		at("a", 1, shownError{inner}): "in.zk:2: no",
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	if at("a", 1, nil) != nil {
		t.Error("an error was made of none")
	}
}
