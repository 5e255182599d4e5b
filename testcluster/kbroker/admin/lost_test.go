package admin_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
)

// cutter is a dialer of connections to ZooKeeper that lose the answers of every other transaction.
type cutter struct {
	mu     sync.Mutex
	multis int
}

type cutConn struct {
	net.Conn
	c *cutter
}

func (c *cutter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &cutConn{conn, c}, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	// Requests are a length, an xid and an operation; the handshake's fourth word is no operation that counts.
	for f := p; len(f) >= 12; f = f[min(len(f), 4+int(binary.BigEndian.Uint32(f))):] {
		if zkproto.OpCode(binary.BigEndian.Uint32(f[8:])) != zkproto.OpMulti {
			continue
		}
		if c.c.multis++; c.c.multis%2 == 0 && err == nil {
			_ = c.Conn.(*net.TCPConn).CloseRead() // the server has it, and its answer goes nowhere
		}
	}
	return n, err
}

// standalone is an Admin with a mirror and a session of its own beside the brokers.
func standalone(t *testing.T, c *cluster, cut *cutter, now func() time.Time) (*admin.Admin, *mirror.Mirror) {
	t.Helper()
	cfg := zkclient.Config{Servers: c.zk}
	var m *mirror.Mirror
	if cut != nil {
		cfg.Dialer = cut.dial
	}
	var mu sync.Mutex
	cfg.OnEvent = func(ev zkproto.WatchedEvent) {
		mu.Lock()
		defer mu.Unlock()
		if m != nil {
			m.HandleEvent(ev)
		}
	}
	zk, err := zkclient.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zk.Close(context.Background()) })
	started, err := mirror.Start(t.Context(), mirror.Options{ZK: zk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Close)
	mu.Lock()
	m = started
	mu.Unlock()
	conf, _, err := kconf.ParseBroker("server.properties", "broker.id=1\nzookeeper.connect="+c.zk+"\n")
	if err != nil {
		t.Fatal(err)
	}
	a := admin.New(admin.Options{Self: 1, Config: conf, Mirror: started, ZK: zk, Now: now})
	t.Cleanup(a.Close)
	return a, started
}

// Answers that are lost on the way are looked up: nothing is done twice, and nothing is taken for somebody else's.
func TestLostAnswers(t *testing.T) {
	c := newCluster(t, 1)
	cut := &cutter{}
	a, m := standalone(t, c, cut, nil)
	for i := range 4 {
		name := fmt.Sprintf("t%d", i)
		if err := a.CreateTopic(t.Context(), admin.NewTopic{Name: name, Partitions: 1, ReplicationFactor: 1}); err != nil {
			t.Fatal(err)
		}
		if err := a.SetTopicConfig(t.Context(), name, map[string]string{"flush.ms": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	img, err := m.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		name := fmt.Sprintf("t%d", i)
		if img.Topics[name] == nil || img.TopicConfig(name)["flush.ms"] != fmt.Sprint(i) {
			t.Errorf("%s: %+v, %v", name, img.Topics[name], img.TopicConfig(name))
		}
	}
	if cut.multis < 8 {
		t.Errorf("%d transactions", cut.multis)
	}
}
