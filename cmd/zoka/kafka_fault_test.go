package main

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// brokers starts three nodes with a broker each, whose addresses are zoka's default for the test.
func brokers(t *testing.T) *ensemble.Ensemble {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	t.Setenv("ZOKA_BOOTSTRAP", e.BootstrapServers())
	return e
}

// TestProduce_NotAcknowledged names the lines of the records that nobody has acknowledged, and fails.
func TestProduce_NotAcknowledged(t *testing.T) {
	e := brokers(t)
	ok(t, exec.Command("zoka", "topics", "create", "t", "-r", "3", "-c", "min.insync.replicas=3").Run())
	ok(t, exec.Command("zoka", "produce", "t", "all there").Run())
	ok(t, e.Kill(t.Context(), 2))
	var said strings.Builder
	cmd := exec.Command("zoka", "produce", "--timeout", "1500", "t")
	cmd.Stdin, cmd.Stderr = strings.NewReader("one\ntwo\n"), &said
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(said.String(), "produce t: lines 1 to 2: ") ||
		!strings.HasSuffix(said.String(), "\nproduce t: 2 of 2 records not acknowledged\n") {
		t.Errorf("%v, says %q", err, said.String())
	}
}

// TestProduce_BrokerDies: each record is there once, although a broker was killed among them.
func TestProduce_BrokerDies(t *testing.T) {
	const half = 20_000
	e := brokers(t)
	ok(t, exec.Command("zoka", "topics", "create", "t", "-p", "6", "-r", "3", "-c", "min.insync.replicas=2").Run())
	cmd := exec.Command("zoka", "produce", "-K", " ", "t")
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	ok(t, err)
	ok(t, cmd.Start())
	write := func(from int) {
		for i := from; i < from+half; i++ {
			if _, err := fmt.Fprintf(in, "%d %d\n", i%100, i); err != nil {
				t.Fatalf("%v; %v, says %s", err, cmd.Wait(), said.String())
			}
		}
	}
	write(0)
	ok(t, e.Kill(t.Context(), 2))
	write(half)
	ok(t, in.Close())
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, says %s", err, said.String())
	}
	out, err := exec.Command("zoka", "consume", "--from-beginning", "-e", "-K", " ", "t").Output()
	ok(t, err)
	last := map[int]int{} // of each key
	count := 0
	for r := strings.NewReader(string(out)); ; count++ {
		var key, n int
		if _, err := fmt.Fscanln(r, &key, &n); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if before, seen := last[key]; seen && n != before+100 || !seen && n != key {
			t.Fatalf("key %d: %d follows %d", key, n, before)
		}
		last[key] = n
	}
	if count != 2*half {
		t.Errorf("read %d records, want %d", count, 2*half)
	}
}
