package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// TestCommands walks the table of commands: each row is whole, and its examples are lines that it takes.
func TestCommands(t *testing.T) {
	registry, err := commands(nil)
	ok(t, err)
	specs := registry.Specs()
	for _, s := range registry.Specs() {
		for i := range s.Verbs {
			specs = append(specs, &s.Verbs[i])
		}
	}
	for _, s := range specs {
		if s.Short == "" || strings.HasSuffix(s.Short, ".") || strings.Contains(s.Short, "\n") {
			t.Errorf("%s: short text %q", s.Name, s.Short)
		}
		if !slices.Contains(command.Groups, s.Group) {
			t.Errorf("%s: no such group: %q", s.Name, s.Group)
		}
		if len(s.Examples) == 0 {
			t.Errorf("%s: no example", s.Name)
		}
		for _, e := range s.Examples {
			checkExample(t, registry, s, e)
		}
		checkArgs(t, s)
		s.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || len(f.Name) < 2 {
				t.Errorf("%s: flag %q with usage %q", s.Name, f.Name, f.Usage)
			}
		})
		checkHelp(t, s)
	}
}

func checkExample(t *testing.T, registry *command.Registry, s *command.Spec, e command.Example) {
	t.Helper()
	if e.Means == "" {
		t.Errorf("%s: example %q means nothing", s.Name, e.Line)
	}
	line := e.Line
	if s.Within != "" {
		line = s.Within + " " + line
	}
	cmds, err := lex.Parse(line)
	if err != nil || len(cmds) != 1 {
		t.Errorf("%s: example %q: %d commands, %v", s.Name, e.Line, len(cmds), err)
		return
	}
	call, err := registry.Parse(cmds[0].Words)
	if err != nil || call.Spec != s && len(s.Verbs) == 0 {
		t.Errorf("%s: example %q: %v", s.Name, e.Line, err)
	}
}

// checkArgs checks that the positions of the arguments can be told apart.
func checkArgs(t *testing.T, s *command.Spec) {
	t.Helper()
	for i, a := range s.Args {
		last := i == len(s.Args)-1
		switch {
		case a.Name == "",
			a.Repeat && !last,
			a.Kind == command.Choice && len(a.Values) == 0,
			!a.Optional && i > 0 && s.Args[i-1].Optional:
			t.Errorf("%s: argument %d: %+v", s.Name, i, a)
		}
	}
}

func checkHelp(t *testing.T, s *command.Spec) {
	t.Helper()
	h := s.Help()
	if !strings.HasPrefix(strings.TrimPrefix(h.Usage, s.Within+" "), s.Name) || len(h.Examples) != len(s.Examples) || h.View() == nil {
		t.Errorf("%s: help %+v", s.Name, h)
	}
}
