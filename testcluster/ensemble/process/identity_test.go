package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/process"
)

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDown_SparesStrangers: a process that has a node's number by now is nobody's node.
func TestDown_SparesStrangers(t *testing.T) {
	dir := t.TempDir()
	o := options(t, dir)
	c, _ := up(t, o)
	nodes, err := c.Nodes()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(nodes[0].Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command("sleep", "1000")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stranger.Wait() }()
	defer func() {
		_ = stranger.Process.Kill()
		<-ended
	}()
	path := filepath.Join(dir, "cluster.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := fmt.Sprintf(`"pid": %d,`, nodes[0].Pid), fmt.Sprintf(`"pid": %d,`, stranger.Process.Pid)
	if !bytes.Contains(text, []byte(was)) {
		t.Fatalf("no %s in %s", was, text)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(was), []byte(is), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(t.Context(), 1); err == nil {
		t.Error("a stranger was killed as node 1")
	}
	if _, err := c.Down(t.Context()); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
		t.Error("the stranger has ended")
	default:
	}
}

// TestDown_AfterKills: nodes that were killed from outside, or are stopped, are no obstacle.
func TestDown_AfterKills(t *testing.T) {
	dir := t.TempDir()
	c, _ := up(t, options(t, dir))
	nodes, err := c.Nodes()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range nodes {
		sig := syscall.SIGKILL
		if i == 1 {
			sig = syscall.SIGSTOP
		}
		if err := syscall.Kill(n.Pid, sig); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "stopped node", func() bool {
		nodes, err := c.Nodes()
		return err == nil && nodes[1].State == ensemble.Paused && nodes[0].State == ensemble.Down
	})
	down(t, dir)
}

// TestPause is seen from outside, and ends.
func TestPause(t *testing.T) {
	c, _ := up(t, options(t, t.TempDir()))
	states := func() string {
		nodes, err := c.Nodes()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal([]ensemble.State{nodes[0].State, nodes[1].State, nodes[2].State})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err := c.Pause(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := states(); got != "[1,2,1]" {
		t.Errorf("states %s", got)
	}
	status, err := ensemble.Ask(t.Context(), c)
	if err != nil || status[1].Role != "paused" {
		t.Errorf("%+v, %v", status, err)
	}
	if err := c.Resume(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := states(); got != "[1,1,1]" {
		t.Errorf("states %s", got)
	}
}

// TestStart_OwnerKilled: the nodes of a temporary ensemble notice that their owner has gone,
// a stopped one among them, and the last one takes the folder along.
func TestStart_OwnerKilled(t *testing.T) {
	tmp := t.TempDir()
	said, err := os.CreateTemp(tmp, "said")
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	owner := exec.Command(testbin.Zoka(t), "cluster", "run", "--nodes", "3", "--", "sh", "-c", "echo $ZOKA_CLUSTER; exec sleep 1000")
	owner.Env, owner.Stdout, owner.SysProcAttr = append(os.Environ(), "TMPDIR="+tmp), said, &syscall.SysProcAttr{Setpgid: true}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(-owner.Process.Pid, syscall.SIGKILL) }() // its command too
	dir := ""
	await(t, "word of the command", func() bool {
		text, err := os.ReadFile(said.Name())
		if err != nil {
			t.Fatal(err)
		}
		dir = string(bytes.TrimSpace(text))
		return dir != ""
	})
	c, err := process.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Pause(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // it was killed
	await(t, "end of the nodes", func() bool { return len(processes(t, dir)) == 0 })
	await(t, "end of the folder", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

// TestStart_LeavesNothing: Close ends the nodes and removes the folder.
func TestStart_LeavesNothing(t *testing.T) {
	o := options(t, t.TempDir())
	c, err := process.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	dir := c.Dir()
	write(t, c.ConnectString(), "/a")
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if found := processes(t, dir); len(found) > 0 {
		t.Errorf("these run: %q", found)
	}
	if files, err := os.ReadDir(o.Dir); err != nil || len(files) > 0 {
		t.Errorf("files %v, %v", files, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := process.Start(ctx, o); err == nil {
		t.Error("it starts although there is no time")
	}
	if files, err := os.ReadDir(o.Dir); err != nil || len(files) > 0 {
		t.Errorf("after a start that failed: files %v, %v", files, err)
	}
}
