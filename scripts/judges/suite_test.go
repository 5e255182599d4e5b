package judges

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// outcome says of each test of a suite whether it passed; skipped tests are not in it.
type outcome map[string]bool

func (o outcome) passed() int {
	n := 0
	for _, ok := range o {
		if ok {
			n++
		}
	}
	return n
}

// suite is another project's tests.
type suite struct {
	name string
	// run runs the tests named, all of them when none is, on the server that side stands for.
	run func(t *testing.T, side side, only []string) outcome
}

// side is the server under judgement.
type side struct {
	name string
	// zoka is the path of our binary, "" on Apache's side.
	zoka   string
	apache peertest.Home
}

// judge runs a suite on both sides at a time and fails for each test that passes on
// Apache's server and not on ours. A test that fails on ours is given a second chance
// on its own: the suites have tests that depend on the machine's speed.
func judge(t *testing.T, s suite) {
	t.Helper()
	sides := []side{{name: "apache", apache: peertest.ZK39(t)}, {name: "zoka", zoka: testbin.Zoka(t)}}
	results := make([]outcome, len(sides))
	var wg sync.WaitGroup
	for i := range sides {
		wg.Go(func() { results[i] = s.run(t, sides[i], nil) })
	}
	wg.Wait()
	apache, ours := results[0], results[1]
	t.Logf("%s: %d of %d pass on Apache %s, %d of %d on zoka", s.name, apache.passed(), len(apache), sides[0].apache.Version, ours.passed(), len(ours))
	if apache.passed() == 0 {
		t.Fatalf("%s: no test passed on Apache's server: the suite did not run", s.name)
	}
	var failed []string
	for name, ok := range apache {
		if ok && !ours[name] {
			failed = append(failed, name)
		}
	}
	if len(failed) == 0 {
		return
	}
	slices.Sort(failed)
	t.Logf("%s: once more on zoka: %s", s.name, strings.Join(failed, " "))
	again := s.run(t, sides[1], failed)
	for _, name := range failed {
		if !again[name] {
			t.Errorf("%s: %s passes on Apache's server and not on zoka's", s.name, name)
		}
	}
}

// output runs a suite's process and returns what it shows; whether tests failed is read from that. Its servers are of
// its process group, and none outlives it: they would hold its output open, and wait for the next run on their ports.
func output(t *testing.T, limit time.Duration, cmd *exec.Cmd) string {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return ""
	}
	end := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the one error is that nobody is left
	timeout := time.AfterFunc(limit, end)
	defer timeout.Stop()
	_ = cmd.Wait()
	end()
	return out.String()
}

// TestMain runs three tests at a time, however few processors there are: the suites wait most of the time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "3"); err != nil {
		panic(err)
	}
	os.Exit(testbin.Main(m))
}

// script writes an executable shell script.
func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}
