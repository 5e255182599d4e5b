package process_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// roles is what the nodes say that they are.
func roles(t *testing.T, c *process.Cluster) (list []string) {
	t.Helper()
	all, err := ensemble.Ask(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		list = append(list, s.Role)
	}
	return list
}

// leader waits for the only leader and returns its number.
func leader(t *testing.T, c *process.Cluster) (id int) {
	t.Helper()
	await(t, "leader", func() bool {
		leaders := 0
		for i, role := range roles(t, c) {
			if role == "leader" {
				leaders++
				id = i + 1
			}
		}
		return leaders == 1
	})
	return id
}

// TestPartition: a leader that is cut off serves nobody, also after its restart, and follows
// when the links are whole again.
func TestPartition(t *testing.T) {
	o := options(t, t.TempDir())
	o.Observers = 1
	c, _ := up(t, o)
	id := leader(t, c)
	if got := roles(t, c)[3]; got != "observer" {
		t.Errorf("the observer is %s", got)
	}
	var others []int
	var addrs []string
	nodes, err := c.Nodes()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.ID != id {
			others, addrs = append(others, n.ID), append(addrs, n.Addr)
		}
	}
	if err := c.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{id}, others}}); err != nil {
		t.Fatal(err)
	}
	await(t, "end of the old leader", func() bool { return roles(t, c)[id-1] == "looking" })
	leader(t, c)
	write(t, strings.Join(addrs, ","), "/meanwhile")
	if err := c.Restart(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := roles(t, c)[id-1]; got != "looking" {
		t.Errorf("restarted, and cut off, it is %s", got)
	}
	if err := c.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "return of the old leader", func() bool { return roles(t, c)[id-1] == "follower" })
	if _, _, err := dial(t, nodes[id-1].Addr).Get(t.Context(), "/meanwhile", nil); err != nil {
		t.Error(err)
	}
}

// TestUp_Parted: who is cut off is named, and not waited for; where nobody is left to serve that is said at once.
func TestUp_Parted(t *testing.T) {
	o := options(t, t.TempDir())
	c, _ := up(t, o)
	cut := func(groups ...[]int) {
		t.Helper()
		if err := c.Partition(t.Context(), ensemble.Partition{Groups: groups}); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	cut([]int{1, 2}, []int{3})
	if err := c.Kill(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	var partial *process.PartialError
	const why = "2 of 3 servers run; node 3: it is cut off from 1, 2 (zoka cluster heal)"
	if _, started, err := process.Up(t.Context(), o); !errors.As(err, &partial) || err.Error() != why || len(started.New) != 1 {
		t.Errorf("with node 3 cut off: %v, %+v", err, started)
	}
	cut([]int{1}, []int{2})
	var silent *process.NotServingError
	if _, _, err := process.Up(t.Context(), o); !errors.As(err, &silent) || !strings.Contains(err.Error(), "`zoka cluster heal` mends them") {
		t.Errorf("with all links cut: %v", err)
	}
	if err := c.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Pause(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if _, _, err := process.Up(t.Context(), o); !errors.As(err, &partial) || err.Error() != "2 of 3 servers run; paused: 3 (zoka cluster resume 3)" {
		t.Errorf("with node 3 paused: %v", err)
	}
	if took := time.Since(begun); took > patience {
		t.Errorf("it took %v", took)
	}
}

// TestRestart_NoLeader: a node to which all but the leader have links is not waited for, for long.
func TestRestart_NoLeader(t *testing.T) {
	c, _ := up(t, options(t, t.TempDir()))
	id := leader(t, c)
	other := id%3 + 1
	if err := c.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{id}, {other}}}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := c.Restart(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > patience {
		t.Errorf("it took %v", took)
	}
}

// TestStart_CutOffMeanwhile: a node that is cut off between its first service and its broker's registration has started.
// One whose links are whole is waited for.
func TestStart_CutOffMeanwhile(t *testing.T) {
	o := options(t, t.TempDir())
	o.Brokers = true
	c, _ := up(t, o)
	later := time.Now().Add(time.Hour) // as if no broker had registered yet
	if err := c.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{1}, {2, 3}}}); err != nil {
		t.Fatal(err)
	}
	await(t, "end of its service", func() bool { return roles(t, c)[0] == "looking" })
	if err := c.AwaitBroker(t.Context(), 1, later); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := c.AwaitBroker(ctx, 2, later); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the broker of node 2: %v", err)
	}
	if err := c.Heal(t.Context()); err != nil { // it ends sooner
		t.Error(err)
	}
}
