package zkcmd_test

import (
	"os"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

// TestRows walks the table: every row says what it is, and its examples can be run as they stand.
func TestRows(t *testing.T) {
	registry, err := command.NewRegistry(zkcmd.Commands)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range zkcmd.Commands {
		t.Run(spec.Name, func(t *testing.T) {
			if len(spec.Examples) == 0 || spec.Short == "" || spec.Group == "" {
				t.Error("a row has an example, a short text and a group")
			}
			if strings.HasSuffix(spec.Short, ".") || strings.Contains(spec.Short, "\n") {
				t.Errorf("short text %q: one line without a full stop", spec.Short)
			}
			for _, e := range spec.Examples {
				cmds, err := lex.Parse(e.Line)
				if err != nil || len(cmds) != 1 {
					t.Errorf("example %q: %d commands, %v", e.Line, len(cmds), err)
					continue
				}
				if call, err := registry.Parse(cmds[0].Words); err != nil {
					t.Errorf("example: %v", err)
				} else if call.Spec.Name != spec.Name {
					t.Errorf("example %q runs %s", e.Line, call.Spec.Name)
				}
				if e.Means == "" {
					t.Errorf("example %q: what does it do?", e.Line)
				}
			}
			for i, a := range spec.Args {
				if i > 0 && !a.Optional && spec.Args[i-1].Optional {
					t.Errorf("%s must be given although %s before it need not be", a.Name, spec.Args[i-1].Name)
				}
			}
		})
	}
}

// TestRows_Scripts wants a file of lines and answers for every command.
func TestRows_Scripts(t *testing.T) {
	for _, spec := range zkcmd.Commands {
		name := "testdata/commands/" + spec.Name + ".txt"
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s has no lines with their answers: %v", spec.Name, err)
		}
	}
}

// TestPipelined runs the examples of the rows and counts the requests that reach the server: a command that
// says it issues one request issues no more, or a script's order would be lost.
func TestPipelined(t *testing.T) {
	server := startServer(t)
	s := newSession(t, server.Addr().String())
	received := func() (n int64) {
		for _, c := range server.Conns() {
			n += c.Received
		}
		return n
	}
	pipelined := 0
	for _, spec := range zkcmd.Commands {
		for _, e := range spec.Examples {
			cmds, err := lex.Parse(e.Line)
			if err != nil {
				t.Fatal(err)
			}
			call, err := s.Env.Commands.Parse(cmds[0].Words)
			if err != nil {
				t.Fatal(err)
			}
			if !call.Pipelined {
				continue
			}
			pipelined++
			if len(call.Args) > 0 && spec.Args[0].Kind == command.Path {
				_, _ = s.Run(t, "create -p "+call.Args[0].Text) // it may be there
			}
			before := received()
			_, err = call.Run(t.Context(), s.Env)
			if n := received() - before; n > 1 || n == 0 && err == nil {
				t.Errorf("%s: %d requests (%v)", e.Line, n, err)
			}
		}
	}
	if pipelined < 20 {
		t.Errorf("only %d examples are pipelined", pipelined)
	}
}
