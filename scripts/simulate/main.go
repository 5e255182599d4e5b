// Command simulate runs the simulator of the consensus core (testcluster/zab/zabtest) for as long as one wants:
//
//	go run ./scripts/simulate [-seeds N] [-from S] [-for 1h] [-servers 3] [-workers N]
//	go run ./scripts/simulate -trace FILE
//	go run ./scripts/simulate -print S -servers 5
//
// Seeds from S on are run, N of them or until the time is over. The first that fails is made smaller and printed as a
// trace, with what happens in it, and the command ends with code 1 (-keep goes on, and only names the seeds). A trace that it has printed, or any other in
// testdata, can be run and explained with -trace: code 1 where it shows a violation, 2 where it is no trace.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab/zabtest"
)

type options struct {
	seeds, from, servers, workers, lines int
	length                               time.Duration
	trace                                string
	print                                int
	keep                                 bool
}

var (
	errFound   = errors.New("a seed has failed")
	errNoTrace = errors.New("it is no trace")
)

func main() {
	var o options
	flag.IntVar(&o.seeds, "seeds", 0, "how many seeds (0: 1000, or as many as the time allows)")
	flag.IntVar(&o.from, "from", 1, "the first seed")
	flag.DurationVar(&o.length, "for", 0, "for how long")
	flag.IntVar(&o.servers, "servers", 0, "how many voters (0: 3 and 5 in turn)")
	flag.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "how many seeds at a time")
	flag.IntVar(&o.lines, "lines", 200, "how much of a failing trace is told")
	flag.StringVar(&o.trace, "trace", "", "run and explain this trace instead")
	flag.BoolVar(&o.keep, "keep", false, "go on after a failure, and only name the seeds that fail")
	flag.IntVar(&o.print, "print", 0, "print the trace of this seed instead")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "simulate: %q: there are no arguments besides the flags\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		if errors.Is(err, errNoTrace) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	switch {
	case o.print != 0:
		fmt.Println(strings.Join(zabtest.Plan(o.print, o.voters(o.print)), "\n"))
		return nil
	case o.trace != "":
		return explain(o)
	}
	if o.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.length)
		defer cancel()
	} else if o.seeds == 0 {
		o.seeds = 1000
	}
	return hunt(ctx, o)
}

// explain runs a trace file, outcomes and all. The error is a violation, or that the file is no trace.
func explain(o *options) error {
	text, err := os.ReadFile(o.trace)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoTrace, err)
	}
	lines := zabtest.Commands(string(text))
	_, err = zabtest.Run(lines, zabtest.NewCore)
	var violation *zabtest.Violation
	if err != nil && !errors.As(err, &violation) {
		return fmt.Errorf("%s: %w: %w", o.trace, errNoTrace, err)
	}
	fmt.Println(strings.Join(zabtest.Explain(lines, zabtest.NewCore, o.lines), "\n"))
	if violation != nil {
		return fmt.Errorf("%s: a violation: %w", o.trace, violation)
	}
	return nil
}

// hunter is what the workers share.
type hunter struct {
	next, done atomic.Int64
	mu         sync.Mutex
	// total and failed are guarded by mu; failed is the least seed that has failed.
	total  zabtest.Stats
	failed int
}

func hunt(ctx context.Context, o *options) error {
	h := &hunter{}
	h.next.Store(int64(o.from))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := time.Now()
	var workers sync.WaitGroup
	for range max(o.workers, 1) {
		workers.Go(func() {
			h.work(ctx, o)
			cancel() // nothing is left, or something is found
		})
	}
	workers.Wait()
	fmt.Printf("%d seeds from %d in %v: %v\n", h.done.Load(), o.from, time.Since(started).Round(time.Second), h.total)
	switch {
	case h.failed == 0:
		return nil
	case o.keep:
		return errFound
	}
	lines := zabtest.Plan(h.failed, o.voters(h.failed))
	_, err := zabtest.Run(lines, zabtest.NewCore)
	fmt.Printf("seed %d with %d voters: %v\n", h.failed, o.voters(h.failed), err)
	small := zabtest.Shrink(lines, zabtest.NewCore, 2000)
	fmt.Printf("\n# Seed %d with %d voters, made smaller.\n%s\n\n", h.failed, o.voters(h.failed), strings.Join(small, "\n"))
	fmt.Println(strings.Join(zabtest.Explain(small, zabtest.NewCore, o.lines), "\n"))
	return errFound
}

// work runs seeds until there are none left or one has failed. A worker that ends for want of seeds lets the others
// finish theirs.
func (h *hunter) work(ctx context.Context, o *options) {
	for ctx.Err() == nil {
		seed := int(h.next.Add(1) - 1)
		if o.seeds > 0 && seed >= o.from+o.seeds {
			return
		}
		w, err := zabtest.Run(zabtest.Plan(seed, o.voters(seed)), zabtest.NewCore)
		h.done.Add(1)
		h.mu.Lock()
		if w != nil {
			h.total.Add(w.Stats())
		}
		if err != nil && (h.failed == 0 || seed < h.failed) {
			h.failed = seed
		}
		if err != nil && o.keep {
			line, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Printf("seed %d with %d voters: %s (%v)\n", seed, o.voters(seed), line, w.Knobs)
		}
		stop := h.failed != 0 && !o.keep
		h.mu.Unlock()
		if stop {
			return
		}
	}
}

// voters are those of a seed.
func (o *options) voters(seed int) int {
	if o.servers > 0 {
		return o.servers
	}
	return 3 + seed%2*2
}
