package ensemble_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

func start(t *testing.T, o ensemble.Options) *ensemble.Ensemble {
	t.Helper()
	e, err := ensemble.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() }) // a second close does no harm
	return e
}

func connect(t *testing.T, e *ensemble.Ensemble) *zk.Conn {
	t.Helper()
	conn, _, err := zk.Connect([]string{e.ConnectString()}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestStart_DataOutlivesTheEnsembleInAFolder(t *testing.T) {
	dir := t.TempDir()
	e := start(t, ensemble.Options{Nodes: 1, Dir: dir})
	conn := connect(t, e)
	if _, err := conn.Create("/kept", []byte("x"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	data, _, err := connect(t, start(t, ensemble.Options{Nodes: 1, Dir: dir})).Get("/kept")
	if err != nil || string(data) != "x" {
		t.Errorf("after a restart /kept is %q, %v", data, err)
	}
}

func TestStart_InMemoryLeavesNoFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	conn := connect(t, start(t, ensemble.Options{Nodes: 1, InMemory: true}))
	if _, err := conn.Create("/a", nil, 0, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(os.TempDir()); err != nil || len(files) > 0 {
		t.Errorf("files %v, %v", files, err)
	}
	if _, err := ensemble.Start(t.Context(), ensemble.Options{InMemory: true, Dir: "/somewhere"}); err == nil {
		t.Error("memory and a folder go together")
	}
}

func TestStart_AFolderHasOneServer(t *testing.T) {
	dir := t.TempDir()
	start(t, ensemble.Options{Nodes: 1, Dir: dir})
	if _, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Dir: dir}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second one says %v", err)
	}
}

// Close leaves no goroutine, port or file, with clients still connected, and whatever has befallen the nodes.
func TestClose_LeavesNothing(t *testing.T) {
	for _, befall := range []func(*ensemble.Ensemble) error{
		func(*ensemble.Ensemble) error { return nil },
		func(e *ensemble.Ensemble) error { return e.Kill(t.Context(), 1) },
		func(e *ensemble.Ensemble) error { return e.Pause(t.Context(), 3) },
		func(e *ensemble.Ensemble) error { return errors.Join(e.Pause(t.Context(), 2), e.Kill(t.Context(), 2)) },
		func(e *ensemble.Ensemble) error {
			return e.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{1}, {2}, {3}}})
		},
	} {
		leavesNothing(t, befall)
	}
}

func leavesNothing(t *testing.T, befall func(*ensemble.Ensemble) error) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	before := goroutines()
	e := start(t, ensemble.Options{})
	for _, addr := range addrs(t, e) {
		conn, err := net.Dial("tcp", addr)
		do(t, err)
		defer conn.Close()
	}
	do(t, befall(e))
	do(t, e.Close())
	if left := goroutines(); left != before {
		t.Errorf("goroutines are left:\n%s\nbefore:\n%s", left, before)
	}
	for _, addr := range addrs(t, e) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Error("the port still answers")
		}
	}
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}

// goroutines lists those that run our code, but for the tests' own.
func goroutines() string {
	buf := make([]byte, 1<<20)
	var ours []string
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "zoka/testcluster/") && !strings.Contains(g, "ensemble_test.") {
			ours = append(ours, g)
		}
	}
	return strings.Join(ours, "\n\n")
}

// TestReservePort: what is reserved is given to nobody, though nobody listens there.
func TestReservePort(t *testing.T) {
	taken := map[int]bool{}
	for range 500 {
		r, err := ensemble.ReservePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		if taken[r.Port] {
			t.Fatalf("port %d twice", r.Port)
		}
		taken[r.Port] = true
	}
	for range 500 {
		l, err := ensemble.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; taken[port] {
			t.Fatalf("port %d is reserved", port)
		}
	}
}
