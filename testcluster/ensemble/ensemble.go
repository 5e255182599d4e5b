// Package ensemble starts ZooKeeper servers inside a Go program: for tests, for trying
// things, and for zoka --embedded. It is not for production: a server on its own folder is
// what zoka server runs.
//
//	e, err := ensemble.Start(ctx, ensemble.Options{})
//	conn, events, err := zk.Connect([]string{e.ConnectString()}, time.Second)
//	err = e.Close()
//
// At this size an ensemble is one standalone server. It listens on 127.0.0.1 only, at a port
// that the system picks; it has containers and TTL nodes, answers all four-letter words,
// has no limit on connections, and does not sync its log unless it is asked to: what a
// killed process has written survives, what a power cut interrupts does not.
package ensemble

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Options say what to start. The zero value is a server whose data are gone when it is closed.
type Options struct {
	// Dir keeps the data, also beyond Close. "" is a temporary folder, which Close removes.
	Dir string
	// InMemory keeps files in memory instead, log and snapshots and all: for small tests that
	// leave nothing behind however they end. Dir must be "".
	InMemory bool
	// Addr is where to listen; "" is a free port of 127.0.0.1.
	Addr string
	// TickTime sets the pace: sessions may time out after 2 to 20 ticks. 0 is 2 s.
	TickTime time.Duration
	// Sync makes every write durable before it is acknowledged.
	Sync bool
	// Logger takes the server's lines; nil is none.
	Logger *slog.Logger
}

// Ensemble is what Start has started.
type Ensemble struct {
	server *zkserver.Server
	temp   string // to be removed
}

// preAlloc keeps small logs small.
const preAlloc = 1 << 20

// Start starts the servers. They run until Close; ctx bounds the start alone.
func Start(ctx context.Context, o Options) (_ *Ensemble, err error) {
	e := &Ensemble{}
	cfg := zkserver.Config{
		DataDir: o.Dir, TickTime: o.TickTime, ExtendedTypes: true, Words: []string{"*"},
		MaxClientCnxns: -1, NoSync: !o.Sync, PreAlloc: preAlloc, Logger: o.Logger,
	}
	if cfg.TickTime == 0 {
		cfg.TickTime = 2 * time.Second
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if err := e.place(&cfg, o.InMemory); err != nil {
		return nil, fmt.Errorf("start an ensemble: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start an ensemble: %w", err), e.removeTemp())
		}
	}()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	cfg.Listeners = []net.Listener{l}
	if e.server, err = zkserver.New(cfg); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	e.server.Start()
	return e, nil
}

// place decides where the data goes.
func (e *Ensemble) place(cfg *zkserver.Config, inMemory bool) (err error) {
	switch {
	case inMemory && cfg.DataDir != "":
		return fmt.Errorf("data in memory do not go to the folder %s", cfg.DataDir)
	case inMemory:
		cfg.FS, cfg.DataDir = storage.NewMemory(), "/zoka"
	case cfg.DataDir == "":
		e.temp, err = os.MkdirTemp("", "zoka-")
		cfg.DataDir = e.temp
	}
	return err
}

func (e *Ensemble) removeTemp() error {
	if e.temp == "" {
		return nil
	}
	return os.RemoveAll(e.temp)
}

// ConnectString is what a client is given: host:port.
func (e *Ensemble) ConnectString() string { return e.server.Addr().String() }

// Server is the one server there is.
func (e *Ensemble) Server() *zkserver.Server { return e.server }

// Close stops everything and waits for it: no goroutine, port or temporary file is left.
func (e *Ensemble) Close() error {
	return errors.Join(e.server.Close(), e.removeTemp())
}
