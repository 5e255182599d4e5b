package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/check/history"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// run is one ensemble and all that is about it.
type run struct {
	cfg     Config
	cluster *process.Temporary
	nodes   []ensemble.Node
	begun   time.Time
	life    context.Context // of clients' operations
	giveUp  context.CancelFunc
	clients []client
	kafka   *kafka // nil without brokers

	mu struct {
		sync.Mutex
		report   Report
		schedule strings.Builder
	}
}

// client is one part of the load. work goes on until ctx ends, and waits for its last answer.
type client interface {
	work(ctx context.Context)
	close()
	ops() []history.Op
}

// Run runs an ensemble once. The error is one of the harness: what is wrong with the ensemble stands in the report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Nodes == 0 {
		cfg.Nodes = 3
	}
	r := &run{cfg: cfg, begun: time.Now()}
	r.mu.report = Report{Seed: cfg.Seed, Faults: map[string]int{}}
	settings := append([]string{"forceSync=yes", "snapCount=150", "preAllocSize=64", "fsync.warningthresholdms=5000"}, cfg.Settings...)
	var err error
	r.cluster, err = process.Start(ctx, process.Options{
		Dir: cfg.Dir, Binary: cfg.Binary, Nodes: cfg.Nodes, Observers: cfg.Observers, TickTime: tick, Settings: settings,
		Brokers: cfg.Kafka, BrokerSettings: brokerSettings,
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.cluster.Close() }() // its processes end with ours at the latest
	if r.nodes, err = r.cluster.Nodes(); err != nil {
		return nil, err
	}
	r.life, r.giveUp = context.WithCancel(ctx)
	defer r.giveUp()
	connect := r.connect
	if cfg.Kafka {
		connect = r.connectKafka
	}
	if err := connect(); err != nil {
		return nil, err
	}
	err = r.live(ctx)
	for _, c := range r.clients {
		c.close()
	}
	report := &r.mu.report
	if len(report.Problems) > 0 && cfg.Keep != "" {
		err = errors.Join(err, r.keep())
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return report, err
}

// live is the time with faults, and the judgement.
func (r *run) live(ctx context.Context) error {
	faulty, cancel := context.WithTimeout(ctx, r.cfg.Length)
	defer cancel()
	var work sync.WaitGroup
	for _, c := range r.clients {
		work.Go(func() { c.work(faulty) })
	}
	a := newArena(r)
	err := a.inject(faulty, rand.New(rand.NewPCG(r.cfg.Seed, 1)))
	<-faulty.Done()
	if err == nil {
		err = a.mend(ctx)
	}
	if err != nil {
		cancel()
		work.Wait()
		return err
	}
	r.await(&work)
	if r.cfg.Ruin != nil {
		if err := r.cfg.Ruin(ctx, &Ruins{r, a}); err != nil {
			return err
		}
	}
	if r.kafka != nil {
		r.kafka.judge(ctx)
	} else {
		r.judge(ctx)
	}
	return nil
}

// await waits for the clients' last answers. A whole ensemble owes them.
func (r *run) await(work *sync.WaitGroup) {
	const patience = 30 * time.Second
	over := make(chan struct{})
	go func() {
		defer close(over)
		work.Wait()
	}()
	select {
	case <-over:
	case <-time.After(patience):
		r.problem("clients have waited for answers for %v after all was mended", patience)
		r.giveUp()
		<-over
	}
}

// now is the clock of all histories.
func (r *run) now() int64 { return int64(time.Since(r.begun)) }

// say writes a line of the schedule.
func (r *run) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Sprintf("%9.3f ", time.Since(r.begun).Seconds()) + fmt.Sprintf(format, args...) + "\n"
	r.mu.schedule.WriteString(line)
	if r.cfg.Log != nil {
		_, _ = io.WriteString(r.cfg.Log, line) // who does not want to hear need not
	}
}

// problem notes what is wrong with the ensemble.
func (r *run) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	first, _, _ := strings.Cut(text, "\n")
	r.say("PROBLEM %s", first)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.report.Problems = append(r.mu.report.Problems, text)
}

// count changes the report.
func (r *run) count(add func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add(&r.mu.report)
}

// addrs are the client addresses of all nodes.
func (r *run) addrs() []string {
	addrs := make([]string, len(r.nodes))
	for i, n := range r.nodes {
		addrs[i] = n.Addr
	}
	return addrs
}

// chance is a source of random numbers of the seed; each use has a number of its own.
func (r *run) chance(use int) *rand.Rand { return rand.New(rand.NewPCG(r.cfg.Seed, uint64(use))) }
