// Command torture breaks ensembles of real processes for as long as one wants, and judges them (testcluster/check/torture):
//
//	go run ./scripts/torture [-for 2h] [-seed N] [-nodes 3|5] [-observers 0] [-round 1m] [-kafka] [-faults "kill,pause leader"]
//
// Each round is a new ensemble with the next seed: clients work while faults happen, then all is mended and judged.
// A line a round says how far it has come. The first round with a problem ends the run with code 1; histories, the
// schedule of faults and the nodes' files are kept in the folder that is named then. -keep-going goes on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/testcluster/check/torture"
)

type options struct {
	length, round    time.Duration
	seed             uint64
	nodes, observers int
	faults, keep     string
	only             []string // faults, taken apart
	binary           string
	race, verbose    bool
	goOn, kafka      bool
}

func main() {
	var o options
	flag.DurationVar(&o.length, "for", 10*time.Minute, "for how long")
	flag.DurationVar(&o.round, "round", time.Minute, "for how long faults happen to one ensemble")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixMilli()), "of the first round; each has the next")
	flag.IntVar(&o.nodes, "nodes", 0, "how many voters (0: 3 and 5 in turn)")
	flag.IntVar(&o.observers, "observers", 0, "how many more that do not vote")
	flag.StringVar(&o.faults, "faults", "", "only these, by name, with commas")
	flag.StringVar(&o.keep, "keep", filepath.Join(os.TempDir(), "zoka-torture"), "where a round with problems is kept")
	flag.StringVar(&o.binary, "binary", "", "the zoka program (it is built otherwise)")
	flag.BoolVar(&o.kafka, "kafka", false, "give each node a broker, under producers and a group of consumers")
	flag.BoolVar(&o.race, "race", false, "build it with the race detector")
	flag.BoolVar(&o.verbose, "v", false, "tell each fault")
	flag.BoolVar(&o.goOn, "keep-going", false, "go on after a problem")
	flag.Parse()
	if err := o.check(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// check refuses what is not understood, and takes the list of faults apart.
func (o *options) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q: there are no arguments besides the flags", rest[0])
	}
	if o.faults == "" {
		return nil
	}
	for name := range strings.SplitSeq(o.faults, ",") {
		name = strings.TrimSpace(name)
		if all := torture.FaultNames(); !slices.Contains(all, name) {
			return fmt.Errorf("-faults %q: there are %s", name, strings.Join(all, ", "))
		}
		o.only = append(o.only, name)
	}
	return nil
}

var errFound = errors.New("problems were found")

func run(ctx context.Context, o *options) error {
	dir, err := os.MkdirTemp("", "zoka-torture-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		o.binary, err = build(dir, o.race)
	} else {
		o.binary, err = filepath.Abs(o.binary) // nodes start in folders of their own
	}
	if err != nil {
		return err
	}
	var total torture.Report
	begun := time.Now()
	for round := 0; ctx.Err() == nil && time.Since(begun) < o.length; round++ {
		report, err := torture.Run(ctx, o.config(dir, round))
		if err != nil {
			if report != nil && len(report.Problems) > 0 { // whatever came between, these were found
				fmt.Print(report.Tell())
				total.Add(report)
			}
			if ctx.Err() != nil { // it was interrupted
				break
			}
			return fmt.Errorf("round %d, seed %d: %w", round+1, o.seed+uint64(round), err)
		}
		total.Add(report)
		fmt.Printf("%v, seed %d, %d nodes: %d faults, %d operations, %d problems; in all %v\n", time.Since(begun).Round(time.Second),
			report.Seed, o.voters(round), report.Injections(), report.Ops, len(report.Problems), &total)
		if len(report.Problems) == 0 {
			continue
		}
		fmt.Print(report.Tell())
		if !o.goOn {
			break
		}
	}
	if len(total.Problems) > 0 {
		return errFound
	}
	return nil
}

// voters are 3 and 5 in turn, if nothing else is asked for.
func (o *options) voters(round int) int {
	if o.nodes != 0 {
		return o.nodes
	}
	return 3 + 2*(round%2)
}

func (o *options) config(dir string, round int) torture.Config {
	c := torture.Config{
		Binary: o.binary, Nodes: o.voters(round), Observers: o.observers, Seed: o.seed + uint64(round),
		Length: min(o.round, o.length), Dir: dir, Keep: o.keep,
		Faults: o.only, Kafka: o.kafka,
	}
	if o.verbose {
		c.Log = io.Writer(os.Stderr)
	}
	return c
}

func build(dir string, race bool) (string, error) {
	binary := filepath.Join(dir, "zoka")
	args := []string{"build", "-o", binary}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/zoka-project/zoka/cmd/zoka")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build zoka: %w\n%s", err, out)
	}
	return binary, nil
}
