package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// clusterRunning is a run of `zoka cluster run`.
type clusterRunning struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner // of its standard output
	tmp   string
}

// startRun runs a shell script beside an ensemble and waits for the script's first line.
func startRun(t *testing.T, script string) *clusterRunning {
	t.Helper()
	r := &clusterRunning{cmd: exec.Command("zoka", "cluster", "run", "--", "sh", "-c", script), tmp: t.TempDir()}
	r.cmd.Env, r.cmd.Stderr = append(os.Environ(), "TMPDIR="+r.tmp), os.Stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal, whoever runs the test
	stdout, err := r.cmd.StdoutPipe()
	ok(t, err)
	ok(t, r.cmd.Start())
	t.Cleanup(func() { _ = r.cmd.Process.Kill() }) // it has ended
	r.lines = bufio.NewScanner(stdout)
	if !r.lines.Scan() || r.lines.Text() != "ready" {
		t.Fatalf("it says %q, %v", r.lines.Text(), r.lines.Err())
	}
	return r
}

// end waits for the end and demands that nothing is left.
func (r *clusterRunning) end(t *testing.T, code int) {
	t.Helper()
	var exit *exec.ExitError
	if err := r.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	leavesNothing(t, r.tmp)
}

func leavesNothing(t *testing.T, tmp string) {
	t.Helper()
	files, err := os.ReadDir(tmp)
	ok(t, err)
	for _, f := range files {
		t.Errorf("%s is left", f.Name())
	}
	if left := nodesIn(t, tmp); left != "" {
		t.Errorf("these processes are left: %s", left)
	}
}

// nodesIn are the processes with a folder in their command line.
func nodesIn(t *testing.T, dir string) (found string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ok(t, err)
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, fs.ErrPermission) {
			t.Fatal(err)
		}
		if strings.Contains(string(line), dir+"/zoka-cluster-") {
			found += path + " "
		}
	}
	return found
}

// TestClusterRun_Signals reach the command, which decides what comes of them.
func TestClusterRun_Signals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		r := startRun(t, `trap 'exit 9' TERM INT HUP; echo ready; while :; do sleep 0.02; done`)
		ok(t, r.cmd.Process.Signal(sig))
		r.end(t, 9)
		r = startRun(t, `trap 'echo got it' TERM INT HUP; echo ready; while read line; do :; done; for i in 1 2 3; do sleep 1; done; exit 4`)
		for range 3 { // more than one
			ok(t, r.cmd.Process.Signal(sig))
			if !r.lines.Scan() || r.lines.Text() != "got it" {
				t.Fatalf("%v: the command says %q", sig, r.lines.Text())
			}
		}
		r.end(t, 4)
	}
}

// TestClusterRun_KilledAtAnyMoment: SIGTERM and SIGKILL at any moment of the start leave nothing.
func TestClusterRun_KilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	for i := range 16 {
		sig := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[i%2]
		cmd := exec.Command("zoka", "cluster", "run", "--", "sleep", "0.05")
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		ok(t, cmd.Start())
		<-time.After(time.Duration(i) * 10 * time.Millisecond) // the moment is what is tried
		_ = cmd.Process.Signal(sig)                            // it may have ended
		_ = cmd.Wait()                                         // it was killed, most likely
		deadline := time.Now().Add(patience)
		for nodesIn(t, tmp) != "" {
			if time.Now().After(deadline) {
				t.Fatalf("after %v at %d ms these are left: %s", sig, i*10, nodesIn(t, tmp))
			}
			<-time.After(5 * time.Millisecond) // between two looks
		}
	}
}
