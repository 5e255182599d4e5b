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

var cases = []benchCase{{"start", runStart}, {"load", runLoad}, {"tree", runTree}}

// bench is one run.
type bench struct {
	dir    string
	rounds int
	zoka   string
	report report
}

func main() {
	rounds := flag.Int("rounds", 3, "how often each figure is taken; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *rounds, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(cases, func(c benchCase) bool { return c.name == name }) {
			return fmt.Errorf("no case %q: there are start, load and tree", name)
		}
	}
	dir, err := os.MkdirTemp("", "zoka-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, rounds: max(rounds, 1), zoka: filepath.Join(dir, "zoka")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.zoka, "github.com/zoka-project/zoka/cmd/zoka")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build zoka: %w\n%s", err, out)
	}
	for _, c := range cases {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", c.name)
		if err := c.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	b.report.print(os.Stdout)
	return nil
}

// sides calls f for each side, round after round, so that both see the same machine.
func (b *bench) sides(ctx context.Context, f func(s *server, round int) error) error {
	for round := range b.rounds {
		for _, k := range kinds {
			s, err := b.startServer(ctx, k, fmt.Sprintf("%s-%d", k.name, round))
			if err != nil {
				return err
			}
			err = f(s, round)
			s.stop()
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", k.name, round+1, err)
			}
		}
	}
	return nil
}
