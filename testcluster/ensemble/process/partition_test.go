package process_test

import (
	"strings"
	"testing"

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
