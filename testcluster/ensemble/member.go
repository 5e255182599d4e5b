package ensemble

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// member is one node: a server, and what outlives it. It is guarded by Ensemble.mu.
type member struct {
	id       int
	observer bool
	addr     string // of the client port
	in, out  []int  // cut links
	config   zkserver.Config
	cuts     *transport.Cuts
	disk     storage.FS // what the mortal file systems stand on
	powerCut func(*storage.Memory) *storage.Memory

	listener net.Listener // taken and not yet given to a server
	gate     *gate
	fs       *mortal
	server   *zkserver.Server // nil: the node is down
	kafka    *brokerPart      // nil: the node has no broker
	paused   bool
}

// preAlloc keeps small logs small.
const preAlloc = 1 << 20

const (
	defaultTick = 500 * time.Millisecond
	// Sessions may be as long as clients usually ask for.
	longestSession = 40 * time.Second
	// In ticks: a node that has been silent for syncLimit is given up.
	initLimit, syncLimit = 20, 5
)

// members makes the nodes, each with its client port.
func (e *Ensemble) members(ctx context.Context) error {
	o := &e.options
	network := transport.NewMemory()
	for id := 1; id <= o.Nodes+o.Observers; id++ {
		l, err := listen(ctx, o.Addr)
		if err != nil {
			return err
		}
		m := &member{
			id: id, observer: id > o.Nodes, addr: l.Addr().String(), listener: l,
			cuts: new(transport.Cuts), disk: o.disk(), config: o.config(id),
		}
		if o.Sync && o.InMemory {
			m.powerCut = func(fs *storage.Memory) *storage.Memory { return fs.Crash(o.Seed + uint64(id)) }
		}
		e.nodes = append(e.nodes, m)
	}
	if len(e.nodes) == 1 {
		return nil
	}
	all, text := e.describe()
	for _, m := range e.nodes {
		m.config.Ensemble = &zkserver.Ensemble{
			Members: all, Text: []byte(text), InitLimit: initLimit, SyncLimit: syncLimit,
			Network: network.Host(host(m.id)), Cuts: m.cuts,
		}
	}
	return nil
}

// config is what servers of all sizes of ensembles have.
func (o *Options) config(id int) zkserver.Config {
	c := zkserver.Config{
		DataDir: o.Dir, ServerID: int64(id), TickTime: o.TickTime, ExtendedTypes: true, Words: []string{"*"}, MaxClientCnxns: -1, NoSync: !o.Sync, PreAlloc: preAlloc, Logger: o.Logger,
	}
	if o.TickTime == 0 {
		c.TickTime, c.MaxSessionTimeout = defaultTick, longestSession
	}
	if o.InMemory {
		c.DataDir = "/zoka"
	}
	if o.Nodes+o.Observers > 1 {
		if o.Dir != "" {
			c.DataDir = nodeFolder(o.Dir, id)
		}
		if o.Logger != nil {
			c.Logger = o.Logger.With(slog.Int("node", id))
		}
	}
	return c
}

// The nodes' names in the network in memory, and their ports there.
func host(id int) string { return fmt.Sprintf("node%d", id) }

const quorumPort, electionPort = "2888", "3888"

// describe is the ensemble as its nodes know it, and as /zookeeper/config shows it.
func (e *Ensemble) describe() (all []zkserver.EnsembleMember, text string) {
	var b strings.Builder
	for _, m := range e.nodes {
		role := "participant"
		if m.observer {
			role = "observer"
		}
		name := host(m.id)
		fmt.Fprintf(&b, "server.%d=%s:%s:%s:%s;%s\n", m.id, name, quorumPort, electionPort, role, m.addr)
		all = append(all, zkserver.EnsembleMember{
			ID: int64(m.id), Observer: m.observer, Client: m.addr,
			Quorum: []string{net.JoinHostPort(name, quorumPort)}, Election: []string{net.JoinHostPort(name, electionPort)},
		})
	}
	return all, b.String() + "version=0"
}

func (m *member) state() State {
	switch {
	case m.server == nil:
		return Down
	case m.paused:
		return Paused
	}
	return Running
}

// start starts a server on what there is of the node.
func (m *member) start(ctx context.Context) (err error) {
	if m.listener == nil {
		if m.listener, err = listen(ctx, m.addr); err != nil {
			return err
		}
	}
	m.gate, m.fs = newGate(), newMortal(m.disk)
	cfg := m.config
	cfg.FS, cfg.Listeners = m.fs, []net.Listener{m.gate.listener(m.listener)}
	server, err := zkserver.New(cfg)
	if err != nil {
		err = errors.Join(err, m.listener.Close())
		m.listener = nil
		return err
	}
	server.Start()
	m.server, m.listener, m.paused = server, nil, false
	return nil
}

// stop ends the broker and the server in good order.
func (m *member) stop() error {
	if m.server != nil {
		m.resume()
	}
	var err error
	if m.kafka != nil {
		err = m.kafka.close()
	}
	return errors.Join(err, m.stopServer())
}

func (m *member) stopServer() error {
	if m.listener != nil {
		err := m.listener.Close()
		m.listener = nil
		return err
	}
	if m.server == nil {
		return nil
	}
	err := m.server.Close()
	m.server = nil
	return err
}

// kill ends the node so that not a byte is written any more.
func (m *member) kill() {
	m.fs.die()
	if memory, ok := m.disk.(*storage.Memory); ok && m.powerCut != nil {
		m.disk = m.powerCut(memory)
	}
	m.gate.breakAll()
	if m.kafka != nil {
		m.kafka.kill()
	}
	m.resume()
	_ = m.server.Close() // it says that it could not write
	m.server = nil
}
