package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

// benchCase measures one thing on both sides and adds its figures to the report.
type benchCase struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var cases = []benchCase{
	{"start", runStart}, {"load", runLoad}, {"tree", runTree},
	{"three-start", runThreeStart}, {"three-load", runThreeLoad}, {"three-write", runThreeWrite},
	{"three-failover", runThreeFailover}, {"three-sessions", runThreeSessions},
	{"kafka-start", runKafkaStart}, {"kafka-load", runKafkaLoad}, {"kafka-tools", runKafkaTools}, {"kafka-failover", runKafkaFailover},
}

// bench is one run.
type bench struct {
	dir    string
	rounds int
	zoka   string
	only   []kind // the sides to be measured
	report report
}

func main() {
	rounds := flag.Int("rounds", 3, "how often each figure is taken; the median counts")
	side := flag.String("side", "", "measure one side alone: zoka or apache")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *rounds, *side, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, side string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(cases, func(c benchCase) bool { return c.name == name }) {
			return fmt.Errorf("no case %q; go doc ./scripts/bench names them", name)
		}
	}
	only := slices.DeleteFunc(slices.Clone(kinds[:]), func(k kind) bool { return side != "" && k.name != side })
	if len(only) == 0 {
		return fmt.Errorf("no side %q: there are zoka and apache", side)
	}
	dir, err := os.MkdirTemp("", "zoka-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, rounds: max(rounds, 1), zoka: filepath.Join(dir, "zoka"), only: only}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.zoka, "github.com/zoka-project/zoka/cmd/zoka")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build zoka: %w\n%s", err, out)
	}
	defer b.report.print(os.Stdout) // what was measured counts, even if a later case fails
	for _, c := range cases {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", c.name)
		if err := c.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// turns calls f for each side, round after round, so that both see the same machine.
func (b *bench) turns(f func(k kind, round int) error) error {
	for round := range b.rounds {
		for _, k := range b.only {
			if err := f(k, round); err != nil {
				return fmt.Errorf("%s, round %d: %w", k.name, round+1, err)
			}
		}
	}
	return nil
}

// sides calls f with a new server, each side in turn.
func (b *bench) sides(ctx context.Context, f func(s *server, round int) error) error {
	return b.turns(func(k kind, round int) error {
		s, err := b.startServer(ctx, k, fmt.Sprintf("%s-%d", k.name, round))
		if err != nil {
			return err
		}
		defer s.stop()
		return f(s, round)
	})
}
