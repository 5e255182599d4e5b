// Package ensemble starts ZooKeeper ensembles inside a Go program: for tests, for trying
// things, and for zoka --embedded. It is not for production: a server on its own folder is
// what zoka server runs. Package process runs the same ensembles as processes, and [Cluster]
// is what the two have in common.
//
//	e, err := ensemble.Start(ctx, ensemble.Options{})
//	conn, events, err := zk.Connect(strings.Split(e.ConnectString(), ","), time.Second)
//	err = e.Kill(ctx, 2)
//	err = e.Close()
//
// Clients find each node at a port of 127.0.0.1; between themselves the nodes talk by a
// network in memory. They have containers and TTL nodes, answer all four-letter words, have
// no limit on connections, and do not sync their logs unless they are asked to: what a killed
// node has written survives, what a power cut interrupts does not.
package ensemble

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// Options say what to start. The zero value is an ensemble of three whose data are gone when
// it is closed.
type Options struct {
	// Nodes vote, 3 for 0; one alone is a standalone server. Observers do not vote.
	Nodes, Observers int
	// Dir keeps the data, also beyond Close: of a single node in it, of several in the folders
	// node1, node2 … below it. "" is a temporary folder, which Close removes.
	Dir string
	// InMemory keeps files in memory instead, log and snapshots and all: for small tests that
	// leave nothing behind however they end. Dir must be "".
	InMemory bool
	// Addr is where a single node listens; "" is a free port of 127.0.0.1.
	Addr string
	// Brokers adds a Kafka broker to each node, with the node's number as its id. BrokerSettings
	// are further lines of their server.properties.
	Brokers        bool
	BrokerSettings []string
	// TickTime sets the pace: sessions may time out after 2 to 20 ticks, and a node is missed
	// after 5 ticks of silence. 0 is 500 ms, with sessions of up to 40 s.
	TickTime time.Duration
	// Sync makes every write durable before it is acknowledged. With InMemory a killed node
	// then loses what it had not synced, as in a power cut.
	Sync bool
	// Seed chooses what a power cut leaves of what was not synced.
	Seed uint64
	// Logger takes the servers' lines, with the attribute node where there are several; nil is
	// none.
	Logger *slog.Logger
}

// defaultNodes is an ensemble that outlives any one of its nodes.
const defaultNodes = 3

// Ensemble is what Start has started: a [Cluster] in this process. Its methods are safe for
// concurrent use, and wait for one another.
type Ensemble struct {
	options Options
	temp    string // to be removed

	mu     sync.Mutex // held by who changes something
	nodes  []*member
	closed bool
}

var _ Cluster = (*Ensemble)(nil)

// Start starts an ensemble and waits until all of its nodes serve. They run until Close; ctx
// bounds the start alone.
func Start(ctx context.Context, o Options) (*Ensemble, error) {
	if o.Nodes == 0 {
		o.Nodes = defaultNodes
	}
	e := &Ensemble{options: o}
	err := e.place()
	if err == nil {
		err = e.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start an ensemble: %w", err), e.Close())
	}
	return e, nil
}

// start begins all nodes before it waits for any: they need each other.
func (e *Ensemble) start(ctx context.Context) error {
	if err := e.members(ctx); err != nil {
		return err
	}
	if e.options.Brokers {
		if err := e.brokers(ctx); err != nil {
			return err
		}
	}
	for _, m := range e.nodes {
		if err := m.start(ctx); err != nil {
			return &NodeError{Op: "start", ID: m.id, Err: err}
		}
	}
	for _, m := range e.nodes {
		if err := e.await(ctx, "start", m.id); err != nil {
			return err
		}
	}
	if e.options.Brokers {
		return e.startBrokers(ctx)
	}
	return nil
}

// place decides where the data goes.
func (e *Ensemble) place() (err error) {
	o := &e.options
	several := o.Nodes+o.Observers > 1
	switch {
	case o.Nodes < 1 || o.Observers < 0:
		return fmt.Errorf("there cannot be %d nodes and %d observers", o.Nodes, o.Observers)
	case o.InMemory && o.Dir != "":
		return fmt.Errorf("data in memory do not go to the folder %s", o.Dir)
	case several && o.Addr != "":
		return fmt.Errorf("%d nodes cannot all listen on %s", o.Nodes+o.Observers, o.Addr)
	case o.Dir != "":
		return checkFolder(o.Dir, o.Nodes+o.Observers)
	case !o.InMemory:
		e.temp, err = os.MkdirTemp("", "zoka-")
		o.Dir = e.temp
	}
	return err
}

// disk is the file system of one node.
func (o *Options) disk() storage.FS {
	if o.InMemory {
		return storage.NewMemory()
	}
	return storage.Disk()
}

// ConnectString is what a client is given: host:port of each node, with commas.
func (e *Ensemble) ConnectString() string {
	addrs := make([]string, len(e.nodes))
	for i, m := range e.nodes {
		addrs[i] = m.addr
	}
	return strings.Join(addrs, ",")
}

// Nodes lists the nodes.
func (e *Ensemble) Nodes() ([]Node, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listLocked(), nil
}

func (e *Ensemble) listLocked() []Node {
	list := make([]Node, len(e.nodes))
	for i, m := range e.nodes {
		list[i] = Node{ID: m.id, Observer: m.observer, State: m.state(), Addr: m.addr, In: m.in, Out: m.out}
		if m.kafka != nil {
			list[i].Broker = m.kafka.addr
		}
		list[i].Epoch = CurrentEpoch(m.disk, m.config.DataDir)
		if list[i].State != Down {
			list[i].Pid = os.Getpid()
		}
	}
	return list
}

// Close stops everything and waits for it: no goroutine, port or temporary file is left.
// Closing again does nothing.
func (e *Ensemble) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	var ends sync.WaitGroup // at the same time: a leader that goes alone would leave an election behind
	errs := make([]error, len(e.nodes))
	for i, m := range e.nodes {
		ends.Go(func() { errs[i] = m.endBroker(e.options.InMemory || e.temp != "") })
	}
	ends.Wait() // brokers need the servers to the last
	for i, m := range e.nodes {
		ends.Go(func() { errs[i] = errors.Join(errs[i], m.stop()) })
	}
	ends.Wait()
	if e.temp != "" {
		errs = append(errs, os.RemoveAll(e.temp))
	}
	return errors.Join(errs...)
}
