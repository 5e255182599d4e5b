package zkserver

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// start serves on a free port with memory for a disk, or with what change makes of that.
func start(t testing.TB, change func(*Config)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Listeners: []net.Listener{l}, FS: storage.NewMemory(), DataDir: "/data", PreAlloc: -1,
		ExtendedTypes: true, Words: []string{"*"}, MaxClientCnxns: -1, Seed: 1,
		Logger: slog.New(slog.NewTextHandler(testWriter{t}, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Close() })
	return s
}

// testWriter is a log that goes with the test's own.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

func dial(t testing.TB, s *Server) *zk.Conn {
	t.Helper()
	c, _, err := zk.Connect([]string{s.Addr().String()}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestServer_Smoke(t *testing.T) {
	s := start(t, nil)
	c := dial(t, s)
	if _, err := c.Create("/a", []byte("x"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	data, st, ch, err := c.GetW("/a")
	if err != nil || string(data) != "x" || st.Version != 0 {
		t.Fatal(data, st, err)
	}
	if _, err := c.Set("/a", []byte("y"), 0); err != nil {
		t.Fatal(err)
	}
	if e := <-ch; e.Type != zk.EventNodeDataChanged {
		t.Fatal(e)
	}
}
