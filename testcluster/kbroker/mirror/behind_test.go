package mirror_test

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
)

// requests are the kinds of requests that each connection to ZooKeeper has carried, in order.
type requests struct {
	mu    sync.Mutex
	conns []*countedConn
}

type countedConn struct {
	net.Conn
	all  *requests
	buf  []byte
	open bool // the handshake has been sent
	ops  []zkproto.OpCode
}

func (r *requests) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &countedConn{Conn: conn, all: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	return c, nil
}

// Write takes the stream of requests apart: length, xid, kind.
func (c *countedConn) Write(b []byte) (int, error) {
	c.all.mu.Lock()
	c.buf = append(c.buf, b...)
	for len(c.buf) >= 12 {
		size := 4 + int(binary.BigEndian.Uint32(c.buf))
		if len(c.buf) < size {
			break
		}
		if c.open {
			c.ops = append(c.ops, zkproto.OpCode(binary.BigEndian.Uint32(c.buf[8:])))
		}
		c.open = true
		c.buf = c.buf[size:]
	}
	c.all.mu.Unlock()
	return c.Conn.Write(b)
}

// cut closes the newest connection.
func (r *requests) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.conns[len(r.conns)-1].Close()
}

// TestReadAll_LetsTheServerCatchUp: a server may lag behind, also in a session that it has made without the others. What it
// lacks would be taken to be deleted, so each connection, also one of an old session, begins with a sync.
func TestReadAll_LetsTheServerCatchUp(t *testing.T) {
	addr := server(t, 1)
	var r requests
	var m atomic.Pointer[mirror.Mirror]
	zk := dial(t, zkclient.Config{Servers: addr, Dialer: r.dial, OnEvent: func(ev zkproto.WatchedEvent) {
		if m := m.Load(); m != nil {
			m.HandleEvent(ev)
		}
	}})
	started, err := mirror.Start(t.Context(), mirror.Options{ZK: zk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Close)
	m.Store(started)
	r.cut()
	_, _, err = dial(t, zkclient.Config{Servers: addr}).Create(t.Context(), kzk.ControllerPath, kzk.EncodeController(1, 5), zkproto.OpenACL(), zkproto.ModePersistent, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := started.Wait(t.Context(), func(i *kzk.Image) bool { return i.Controller == 1 }); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) != 2 {
		t.Fatalf("%d connections", len(r.conns))
	}
	for i, c := range r.conns {
		synced := slices.Index(c.ops, zkproto.OpSync)
		read := slices.IndexFunc(c.ops, func(op zkproto.OpCode) bool { return op == zkproto.OpGetData || op == zkproto.OpGetChildren2 })
		if read < 0 || synced < 0 || synced > read {
			t.Errorf("connection %d: the first sync is request %d, the first read %d", i, synced, read)
		}
	}
}
