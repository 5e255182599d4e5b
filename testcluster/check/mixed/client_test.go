package mixed

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// dial opens a session as the super user, which is closed with the test.
func dial(t *testing.T, servers string) *zkclient.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := zkclient.New(zkclient.Config{
		Servers: servers, SessionTimeout: 20 * time.Second,
		Auth: []zkclient.AuthInfo{{Scheme: "digest", Auth: []byte("super:test")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx) // its servers may be gone by now
	})
	if err := c.Connected(ctx); err != nil {
		t.Fatalf("connect to %s: %v", servers, err)
	}
	return c
}

// sameTrees fails the test unless all members have the same znodes.
func sameTrees(t *testing.T, e *peertest.Ensemble) map[string]check.Node {
	t.Helper()
	var first map[string]check.Node
	for _, m := range e.Members {
		tree := readTree(t, m)
		if first == nil {
			first = tree
		}
		for _, difference := range check.Differences(e.Members[0].String(), m.String(), first, tree) {
			t.Error(difference)
		}
	}
	return first
}

// readTree reads all znodes of a member that has caught up with its leader.
func readTree(t *testing.T, m *peertest.Member) map[string]check.Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := dial(t, m.Addr())
	if err := c.Sync(ctx, "/"); err != nil {
		t.Fatalf("sync at %v: %v", m, err)
	}
	tree, err := check.ReadTree(ctx, c)
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	if err := c.Close(ctx); err != nil {
		t.Errorf("close a session at %v: %v", m, err)
	}
	// Each member sets this znode by itself, when it starts to serve.
	config := tree["/zookeeper/config"]
	config.Stat.Mtime = 0
	tree["/zookeeper/config"] = config
	return tree
}

// link is a client's way to its server, that can be cut for good: the server learns nothing of it but the end of the
// connection, and the session goes on.
type link struct {
	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

var errCut = errors.New("the link is cut")

func (l *link) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.cut {
		_ = c.Close()
		err = errCut
	}
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, c)
	return c, nil
}

func (l *link) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for _, c := range l.conns {
		_ = c.Close() // it may have ended before
	}
}

// dialSession attaches to a session, or opens one, through a link.
func dialSession(t *testing.T, m *peertest.Member, timeout time.Duration, session zkclient.Session) (*zkclient.Client, *link) {
	t.Helper()
	l := new(link)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := zkclient.New(zkclient.Config{Servers: m.Addr(), SessionTimeout: timeout, Session: session, Dialer: l.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.sever()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx) // it cannot say goodbye
	})
	if err := c.Connected(ctx); err != nil {
		t.Fatalf("connect to %v: %v", m, err)
	}
	return c, l
}
