package process_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/process"
)

func TestMain(m *testing.M) { os.Exit(testbin.Main(m)) }

// patience bounds every wait for a condition: reached only by a failing test.
const patience = 60 * time.Second

func options(t *testing.T, dir string) process.Options {
	return process.Options{Dir: dir, Binary: testbin.Zoka(t), Nodes: 3}
}

// up starts an ensemble, which the test's end takes down.
func up(t *testing.T, o process.Options) (*process.Cluster, process.Started) {
	t.Helper()
	c, started, err := process.Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { down(t, o.Dir) })
	return c, started
}

// down ends what there is, and demands that no process is left.
func down(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := process.Open(dir)
	if err == nil {
		_, err = c.Down(ctx)
	}
	if err != nil && !errors.Is(err, process.ErrNone) {
		t.Error(err)
	}
	await(t, "the end of all processes", func() bool { return len(processes(t, dir)) == 0 })
}

// await waits for a condition.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, patience)
		}
		<-time.After(2 * time.Millisecond) // between two looks
	}
}

// processes are the processes that have a folder in their command line, but for those that
// have ended and wait for somebody to ask.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Skip("there is no /proc to look for processes in")
	}
	var found []string
	for _, path := range lines {
		line, _ := os.ReadFile(path) // it may have ended, and a zombie's is empty
		if bytes.Contains(line, []byte(dir+"/node")) {
			found = append(found, filepath.Base(filepath.Dir(path))+": "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

func dial(t *testing.T, servers string) *zkclient.Client {
	t.Helper()
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: servers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zk.Close(context.Background()) }) // its servers may be down
	return zk
}

func write(t *testing.T, servers, path string) {
	t.Helper()
	zk := dial(t, servers)
	if _, _, err := zk.Create(t.Context(), path, []byte("x"), nil, zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
}

// TestUp_FindsItsData: ports, data and settings survive; a second up starts what is missing.
func TestUp_FindsItsData(t *testing.T) {
	dir := t.TempDir()
	o := options(t, dir)
	c, started := up(t, o)
	if len(started.New) != o.Nodes || len(started.Before) != 0 {
		t.Errorf("started %+v", started)
	}
	servers := c.ConnectString()
	write(t, servers, "/kept")
	if err := c.Kill(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	o.Nodes = 0
	if _, started = up(t, o); len(started.New) != 1 || started.New[0] != 1 {
		t.Errorf("after a kill of node 1 up has started %+v", started)
	}
	if ended, err := c.Down(t.Context()); err != nil || ended != len(started.Before)+1 {
		t.Errorf("down ended %d, %v", ended, err)
	}
	config := filepath.Join(dir, "node1", "zoo.cfg")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, append(text, "maxClientCnxns=77\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, _ = up(t, o); c.ConnectString() != servers {
		t.Errorf("it was at %s, and is now at %s", servers, c.ConnectString())
	}
	if _, _, err := dial(t, servers).Get(t.Context(), "/kept", nil); err != nil {
		t.Error(err)
	}
	if text, err = os.ReadFile(config); err != nil || !strings.Contains(string(text), "maxClientCnxns=77\n") {
		t.Errorf("an edited zoo.cfg is now %s, %v", text, err)
	}
}

// TestUp_TwoAtOnce: they start one ensemble between them, and both wait for it.
func TestUp_TwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	o := options(t, dir)
	t.Cleanup(func() { down(t, dir) })
	type outcome struct {
		started process.Started
		err     error
	}
	outcomes := make(chan outcome, 4)
	for range cap(outcomes) {
		go func() {
			_, started, err := process.Up(context.Background(), o)
			outcomes <- outcome{started, err}
		}()
	}
	began := 0
	for range cap(outcomes) {
		out := <-outcomes
		if out.err != nil {
			t.Error(out.err)
		}
		began += len(out.started.New)
	}
	if found := processes(t, dir); began != o.Nodes || len(found) != o.Nodes {
		t.Errorf("%d nodes were started, and these run: %q", began, found)
	}
}

// TestUp_KilledAtAnyMoment: whatever it has come to, down leaves no process, and a further up
// serves.
func TestUp_KilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	bin := testbin.Zoka(t)
	args := []string{"cluster", "up", "--nodes", "3", "--data", dir}
	begun := time.Now()
	if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(begun)
	rounds := 25
	if testing.Short() {
		rounds = 8
	}
	for i := range rounds {
		down(t, dir)
		cmd := exec.Command(bin, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(whole * time.Duration(i) / time.Duration(rounds)) // the moment is what is tried
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, most likely
		if i%4 == 3 {
			up(t, options(t, dir))
		}
	}
	down(t, dir)
}

// TestUp_Refuses: what cannot be is said, and changes nothing.
func TestUp_Refuses(t *testing.T) {
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := process.Up(t.Context(), options(t, foreign)); !errors.Is(err, process.ErrForeign) {
		t.Errorf("on somebody's folder: %v", err)
	}
	dir := t.TempDir()
	o := options(t, dir)
	c, _ := up(t, o)
	o.Nodes = 5
	var mismatch *process.MismatchError
	if _, _, err := process.Up(t.Context(), o); !errors.As(err, &mismatch) || mismatch.Has.Voters != 3 {
		t.Errorf("with five nodes: %v", err)
	}
	o.Nodes, o.BasePort = 3, 10000
	if _, _, err := process.Up(t.Context(), o); !errors.Is(err, process.ErrRunning) {
		t.Errorf("with other ports: %v", err)
	}
	var node *ensemble.NodeError
	if err := c.Kill(t.Context(), 4); !errors.Is(err, ensemble.ErrNoNode) || !errors.As(err, &node) || node.ID != 4 {
		t.Errorf("kill 4: %v", err)
	}
	if err := c.Kill(t.Context(), 2); err != nil {
		t.Error(err)
	}
	if err := c.Kill(t.Context(), 2); !errors.Is(err, ensemble.ErrNotRunning) {
		t.Errorf("kill 2 again: %v", err)
	}
	if err := c.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{1}, {7}}}); !errors.Is(err, ensemble.ErrNoNode) {
		t.Errorf("a partition with 7: %v", err)
	}
	if _, err := process.Open(t.TempDir()); !errors.Is(err, process.ErrNone) {
		t.Errorf("open nothing: %v", err)
	}
}

// TestUp_NodesThatCannotStart: the others serve if they can, and the error has a node's own words.
func TestUp_NodesThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	o := options(t, dir)
	up(t, o)
	down(t, dir)
	spoil := func(id int) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, "node"+strconv.Itoa(id), "zoo.cfg"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("initLimit=five\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	spoil(1)
	var partial *process.PartialError
	var node *ensemble.NodeError
	c, _, err := process.Up(t.Context(), o)
	if !errors.As(err, &partial) || !errors.As(err, &node) || node.ID != 1 || !strings.Contains(err.Error(), `initLimit: "five" is not`) {
		t.Errorf("two of three: %v", err)
	}
	write(t, c.ConnectString(), "/by-two")
	down(t, dir)
	spoil(3)
	if _, _, err := process.Up(t.Context(), o); err == nil || errors.As(err, &partial) || strings.Contains(err.Error(), "\n") {
		t.Errorf("one of three: %v", err)
	}
	if found := processes(t, dir); len(found) > 0 {
		t.Errorf("these run: %q", found)
	}
}

// TestUp_TooFew: where most nodes are paused there is nothing to wait for.
func TestUp_TooFew(t *testing.T) {
	dir := t.TempDir()
	o := options(t, dir)
	c, _ := up(t, o)
	for id := 1; id <= 2; id++ {
		if err := c.Pause(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := process.Up(t.Context(), o); err == nil || !strings.Contains(err.Error(), "too few nodes run") {
		t.Errorf("%v", err)
	}
}

// TestUp_PortTaken names the port, and leaves nothing behind.
func TestUp_PortTaken(t *testing.T) {
	dir := t.TempDir()
	t.Cleanup(func() { down(t, dir) })
	l, err := ensemble.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t, dir)
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	o.BasePort = atoi(t, port) - 1
	_, _, err = process.Up(t.Context(), o)
	var node *ensemble.NodeError
	if !errors.As(err, &node) || node.ID != 2 || !strings.Contains(err.Error(), "client port") || !strings.Contains(err.Error(), port) {
		t.Errorf("%v", err)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		t.Errorf("%v: it looks like a server that does not answer", err)
	}
	if found := processes(t, dir); len(found) > 0 {
		t.Errorf("these run: %q", found)
	}
	var base *process.BasePortError
	o.BasePort = 65535
	if _, _, err := process.Up(t.Context(), o); !errors.As(err, &base) {
		t.Errorf("with ports beyond the last: %v", err)
	}
}

// TestUp_Brokers: each node has a broker, which is there again after kill -9, and again on the next up.
func TestUp_Brokers(t *testing.T) {
	o := options(t, t.TempDir())
	o.Brokers = true
	c, _ := up(t, o)
	talk := func() {
		t.Helper()
		for _, addr := range strings.Split(c.BootstrapServers(), ",") {
			nc, err := net.DialTimeout("tcp", addr, patience)
			if err != nil {
				t.Fatal(err)
			}
			_ = nc.Close()
		}
	}
	talk()
	if err := c.Kill(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	talk()
	before := c.BootstrapServers()
	down(t, o.Dir)
	o.Brokers = false // a node that has one keeps it
	c, _ = up(t, o)
	if now := c.BootstrapServers(); now != before {
		t.Errorf("brokers at %s, then at %s", before, now)
	}
	talk()
}

// TestUp_BrokersLater: an ensemble of servers gets its brokers by another up.
func TestUp_BrokersLater(t *testing.T) {
	o := options(t, t.TempDir())
	c, _ := up(t, o)
	if addrs := c.BootstrapServers(); addrs != "" {
		t.Errorf("brokers at %s, for which nobody has asked", addrs)
	}
	down(t, o.Dir)
	o.Brokers = true
	if c, _ = up(t, o); len(strings.Split(c.BootstrapServers(), ",")) != 3 {
		t.Errorf("brokers at %q", c.BootstrapServers())
	}
}
