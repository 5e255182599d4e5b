package ensemble_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// patience bounds every wait for a condition: reached only by a failing test.
const patience = 30 * time.Second

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

func ask(t *testing.T, c ensemble.Cluster) []ensemble.Status {
	t.Helper()
	all, err := ensemble.Ask(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// roles is what the nodes are, as in "follower down leader".
func roles(t *testing.T, c ensemble.Cluster) (text string) {
	t.Helper()
	for _, s := range ask(t, c) {
		text += " " + s.Role
	}
	return text[1:]
}

// leader waits for the only leader and returns its number.
func leader(t *testing.T, c ensemble.Cluster) (id int) {
	t.Helper()
	await(t, "leader", func() bool {
		leaders := 0
		for _, s := range ask(t, c) {
			if s.Role == "leader" {
				leaders++
				id = s.ID
			}
		}
		return leaders == 1
	})
	return id
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func session(t *testing.T, servers string) *zkclient.Client {
	t.Helper()
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: servers})
	do(t, err)
	t.Cleanup(func() { _ = zk.Close(context.Background()) }) // the servers may have gone
	return zk
}

// create tries until it is known to have been done.
func create(t *testing.T, zk *zkclient.Client, path string) {
	t.Helper()
	await(t, "create "+path, func() bool {
		_, _, err := zk.Create(t.Context(), path, nil, nil, zkproto.ModePersistent, 0)
		return err == nil || errors.Is(err, zkproto.NodeExists)
	})
}

// read demands of each of some servers that it has a znode.
func read(t *testing.T, path string, servers ...string) {
	t.Helper()
	for _, server := range servers {
		zk := session(t, server)
		do(t, zk.Sync(t.Context(), path))
		if _, err := zk.Exists(t.Context(), path, nil); err != nil {
			t.Errorf("%s on %s: %v", path, server, err)
		}
	}
}

func addrs(t *testing.T, c ensemble.Cluster) (list []string) {
	t.Helper()
	nodes, err := c.Nodes()
	do(t, err)
	for _, n := range nodes {
		list = append(list, n.Addr)
	}
	return list
}

// other is a node of three that is not that one.
func other(id int) int { return id%3 + 1 }

// TestThree_KillAndRestart: each node in turn, the leader among them, and nothing is lost.
func TestThree_KillAndRestart(t *testing.T) {
	for _, o := range []ensemble.Options{{}, {InMemory: true, Sync: true}} {
		t.Run(fmt.Sprintf("InMemory=%v", o.InMemory), func(t *testing.T) {
			e := start(t, o)
			zk := session(t, e.ConnectString())
			for range 2 {
				id := leader(t, e)
				do(t, e.Kill(t.Context(), id))
				create(t, zk, fmt.Sprintf("/without-%d", id))
				do(t, e.Restart(t.Context(), id))
				read(t, fmt.Sprintf("/without-%d", id), addrs(t, e)...)
			}
			// All of them, and what was acknowledged is there afterwards.
			create(t, zk, "/last")
			for id := 1; id <= 3; id++ {
				do(t, e.Kill(t.Context(), id))
			}
			if got := roles(t, e); got != "down down down" {
				t.Errorf("roles: %s", got)
			}
			for id := 1; id <= 3; id++ {
				do(t, e.Restart(t.Context(), id))
			}
			leader(t, e)
			read(t, "/last", e.ConnectString())
		})
	}
}

// TestThree_Pause: a leader that stands still is replaced, and comes back as a follower.
func TestThree_Pause(t *testing.T) {
	e := start(t, ensemble.Options{TickTime: 100 * time.Millisecond})
	id := leader(t, e)
	do(t, e.Pause(t.Context(), id))
	if got := ask(t, e)[id-1]; got.State != ensemble.Paused || got.Role != "paused" {
		t.Errorf("the paused node is %+v", got)
	}
	next := leader(t, e)
	if next == id {
		t.Fatal("a paused node leads")
	}
	create(t, session(t, addrs(t, e)[next-1]), "/meanwhile")
	do(t, e.Resume(t.Context(), id))
	await(t, "return of the paused one", func() bool { return ask(t, e)[id-1].Role == "follower" })
	read(t, "/meanwhile", addrs(t, e)...)
}

// TestThree_Partition: the lesser side serves nobody, the other goes on, and after the end of
// it all are one again. A node stays cut over its restart.
func TestThree_Partition(t *testing.T) {
	e := start(t, ensemble.Options{TickTime: 100 * time.Millisecond})
	id := leader(t, e)
	a, b := other(id), other(other(id))
	do(t, e.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{a, b}, {id}}}))
	if got := ask(t, e)[id-1]; len(got.In) != 2 || len(got.Out) != 2 {
		t.Errorf("cut: %+v", got)
	}
	await(t, "end of the old leader", func() bool { return ask(t, e)[id-1].Role == "looking" })
	leader(t, e)
	create(t, session(t, addrs(t, e)[a-1]+","+addrs(t, e)[b-1]), "/meanwhile")
	do(t, e.Restart(t.Context(), id))
	if got := ask(t, e)[id-1].Role; got != "looking" {
		t.Errorf("restarted on its side of a partition it is %s", got)
	}
	do(t, e.Heal(t.Context()))
	await(t, "return of the old leader", func() bool { return ask(t, e)[id-1].Serving() })
	read(t, "/meanwhile", addrs(t, e)...)
}

// TestThree_OneWay: a follower that hears the leader and is not heard is given up.
func TestThree_OneWay(t *testing.T) {
	e := start(t, ensemble.Options{TickTime: 100 * time.Millisecond})
	id := leader(t, e)
	cut := other(id)
	do(t, e.Partition(t.Context(), ensemble.Partition{Groups: [][]int{{cut}, {id, other(cut)}}, OneWay: true}))
	await(t, "end of the one that is not heard", func() bool { return ask(t, e)[cut-1].Role == "looking" })
	create(t, session(t, addrs(t, e)[id-1]), "/meanwhile")
	do(t, e.Heal(t.Context()))
	await(t, "its return", func() bool { return ask(t, e)[cut-1].Serving() })
}

func TestObservers(t *testing.T) {
	e := start(t, ensemble.Options{Nodes: 1, Observers: 1})
	await(t, "leader and observer", func() bool { return roles(t, e) == "leader observer" })
	create(t, session(t, addrs(t, e)[1]), "/by-an-observer")
	read(t, "/by-an-observer", addrs(t, e)...)
}

// TestErrors: what cannot be is said.
func TestErrors(t *testing.T) {
	e := start(t, ensemble.Options{InMemory: true})
	if err := e.Kill(t.Context(), 4); !errors.Is(err, ensemble.ErrNoNode) {
		t.Errorf("kill 4: %v", err)
	}
	do(t, e.Kill(t.Context(), 1))
	for what, err := range map[string]error{
		"kill": e.Kill(t.Context(), 1), "pause": e.Pause(t.Context(), 1), "resume": e.Resume(t.Context(), 1),
	} {
		if !errors.Is(err, ensemble.ErrNotRunning) || err.Error() != what+" node 1: it is not running" {
			t.Errorf("%s a dead node: %v", what, err)
		}
	}
	for _, groups := range [][][]int{{{1}}, {{1}, {1, 2}}, {{1}, {9}}} {
		if err := e.Partition(t.Context(), ensemble.Partition{Groups: groups}); err == nil {
			t.Errorf("partition %v", groups)
		}
	}
	dir := t.TempDir()
	do(t, start(t, ensemble.Options{Dir: dir}).Close())
	for _, n := range []int{1, 5} {
		if _, err := ensemble.Start(t.Context(), ensemble.Options{Dir: dir, Nodes: n}); err == nil {
			t.Errorf("a folder of three nodes serves %d", n)
		}
	}
	do(t, e.Close())
	if err := e.Restart(t.Context(), 1); err == nil {
		t.Error("a closed ensemble restarts")
	}
}
