package zkserver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/transport"
)

// cluster is an ensemble within the process: clients come by TCP, members reach each other
// by a network in memory, and each has memory for a disk.
type cluster struct {
	t       testing.TB
	network *transport.Memory
	change  func(*Config)
	members []*clusterMember
}

// clusterMember is one server; s is nil while it is down.
type clusterMember struct {
	c    *cluster
	id   int64
	disk *storage.Memory
	addr string // of its clients
	cuts *transport.Cuts
	s    *Server
}

// clusterTick is the tests' tickTime.
const clusterTick = 200 * time.Millisecond

// newCluster prepares voters, and observers behind them, and starts none.
func newCluster(t testing.TB, voters, observers int, change func(*Config)) *cluster {
	c := &cluster{t: t, network: transport.NewMemory(), change: change}
	for i := range voters + observers {
		c.members = append(c.members, &clusterMember{c: c, id: int64(i + 1), disk: storage.NewMemory(), addr: "127.0.0.1:0", cuts: new(transport.Cuts)})
	}
	lines := c.lines(voters)
	inner := c.change
	c.change = func(cfg *Config) {
		cfg.Ensemble = &Ensemble{
			Members: lines, Text: []byte(c.text(lines)), InitLimit: 10, SyncLimit: 5, Network: c.network.Host(fmt.Sprint(cfg.ServerID)),
			Cuts: c.members[cfg.ServerID-1].cuts, NotifyMax: time.Second,
		}
		if inner != nil {
			inner(cfg)
		}
	}
	t.Cleanup(c.close)
	return c
}

func (c *cluster) lines(voters int) []EnsembleMember {
	var lines []EnsembleMember
	for i, m := range c.members {
		lines = append(lines, EnsembleMember{
			ID: m.id, Observer: i >= voters, Quorum: []string{fmt.Sprintf("s%d:1", m.id)}, Election: []string{fmt.Sprintf("s%d:2", m.id)},
		})
	}
	return lines
}

func (c *cluster) text(lines []EnsembleMember) string {
	var b strings.Builder
	for _, m := range lines {
		role := "participant"
		if m.Observer {
			role = "observer"
		}
		fmt.Fprintf(&b, "server.%d=s%d:1:2:%s\n", m.ID, m.ID, role)
	}
	return b.String() + "version=0"
}

// startCluster starts all and waits until all serve.
func startCluster(t testing.TB, voters, observers int, change func(*Config)) *cluster {
	t.Helper()
	c := newCluster(t, voters, observers, change)
	for _, m := range c.members {
		m.start()
	}
	for _, m := range c.members {
		m.awaitServing()
	}
	return c
}

func (c *cluster) close() {
	for _, m := range c.members {
		if m.s != nil {
			if err := m.s.Close(); err != nil {
				c.t.Errorf("close server %d: %v", m.id, err)
			}
		}
	}
}

func (m *clusterMember) start() {
	t := m.c.t
	t.Helper()
	l, err := net.Listen("tcp", m.addr)
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().String() // and stay there
	cfg := Config{
		ServerID: m.id, Listeners: []net.Listener{l}, FS: m.disk, DataDir: "/data", PreAlloc: -1, TickTime: clusterTick,
		ExtendedTypes: true, Words: []string{"*"}, MaxClientCnxns: -1, Seed: uint64(m.id),
		Logger: slog.New(slog.NewTextHandler(testWriter{t}, nil)).With("server", m.id),
	}
	m.c.change(&cfg)
	if m.s, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	m.s.Start()
}

// stop ends the server in order.
func (m *clusterMember) stop() {
	m.c.t.Helper()
	if err := m.s.Close(); err != nil {
		m.c.t.Fatalf("close server %d: %v", m.id, err)
	}
	m.s = nil
}

// crash ends the server as a power cut does: what its disk has not synced is gone.
func (m *clusterMember) crash() {
	m.c.t.Helper()
	disk := m.disk.Crash(uint64(m.id))
	m.s.Close() // what it still writes goes to a disk that nobody looks at
	m.s, m.disk = nil, disk
}

func (m *clusterMember) awaitServing() {
	m.c.t.Helper()
	await(m.c.t, fmt.Sprintf("server %d serves", m.id), func() bool { return m.s.Serving() })
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("it has not come to it that %s", what)
		case <-tick.C:
		}
	}
}

// leader waits until one of those that run leads.
func (c *cluster) leader() *clusterMember {
	c.t.Helper()
	var leader *clusterMember
	await(c.t, "somebody leads", func() bool {
		leader = nil
		for _, m := range c.members {
			if m.s != nil && m.mode() == "leader" {
				leader = m
			}
		}
		return leader != nil
	})
	return leader
}

// follower is a voting member that does not lead, the one with the lowest number.
func (c *cluster) follower() *clusterMember {
	c.t.Helper()
	leader := c.leader()
	i := slices.IndexFunc(c.members, func(m *clusterMember) bool { return m != leader && m.s != nil })
	return c.members[i]
}

func (m *clusterMember) mode() string {
	at, _ := m.s.Standing()
	return at.Mode
}

// client has a session by this server alone.
func (m *clusterMember) client() *zkclient.Client { return m.c.client(m.addr, 10*time.Second) }

// client has a session by the servers of a connect string.
func (c *cluster) client(servers string, timeout time.Duration) *zkclient.Client {
	c.t.Helper()
	z, err := zkclient.Dial(c.t.Context(), zkclient.Config{Servers: servers, SessionTimeout: timeout})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		z.Close(ctx)
	})
	return z
}

// ask sends a four-letter word.
func (m *clusterMember) ask(word string) string {
	m.c.t.Helper()
	nc, err := net.Dial("tcp", m.addr)
	if err != nil {
		m.c.t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte(word)); err != nil {
		m.c.t.Fatal(err)
	}
	b, err := io.ReadAll(nc)
	if err != nil {
		m.c.t.Fatal(err)
	}
	return string(b)
}
