package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const scriptLines = 2000

// runStart measures the shells: one command, and a script, each on its own server.
func runStart(ctx context.Context, b *bench) error {
	return b.sides(ctx, func(s *server, round int) error {
		for range 5 {
			took, err := wall(b.shell(ctx, s, "ls", "/"))
			if err != nil {
				return err
			}
			b.report.add(s.kind, figure{name: "one-shot ls /", unit: "s", goal: "1/40"}, took)
		}
		for _, mode := range []struct {
			name, goal string
			args       []string
		}{{"strict", "1/4", nil}, {"--keep-going", "1/10", []string{"--keep-going"}}} {
			file := filepath.Join(b.dir, "script")
			if err := os.WriteFile(file, []byte(script(mode.name, round)), 0o644); err != nil {
				return err
			}
			took, err := b.runScript(ctx, s, file, mode.args)
			if err != nil {
				return err
			}
			b.report.add(s.kind, figure{name: "script of 2,000 creates, " + mode.name, unit: "s", goal: mode.goal}, took)
		}
		return nil
	})
}

// script creates znodes that no earlier script has made.
func script(mode string, round int) string {
	var b strings.Builder
	for i := range scriptLines {
		fmt.Fprintf(&b, "create /s%c%d-%04d data\n", mode[len(mode)-1], round, i)
	}
	return b.String()
}

// runScript runs a file by -f or, on Apache's side, by its stdin; Apache has one mode.
func (b *bench) runScript(ctx context.Context, s *server, file string, args []string) (float64, error) {
	if s.kind == kinds[0] {
		return wall(b.shell(ctx, s, append(args, "-f", file)...))
	}
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	cmd := b.shell(ctx, s)
	cmd.Stdin = in
	return wall(cmd)
}

func (b *bench) shell(ctx context.Context, s *server, args ...string) *exec.Cmd {
	program := b.zoka
	if s.kind != kinds[0] {
		program = debianCli
	}
	return exec.CommandContext(ctx, program, append([]string{"-server", s.addr}, args...)...)
}

func wall(cmd *exec.Cmd) (float64, error) {
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out[max(0, len(out)-500):])
	}
	return time.Since(start).Seconds(), nil
}
