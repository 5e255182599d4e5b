package peertest

import (
	"strings"
	"testing"
)

// TestEnsemble: both releases of Apache's in one quorum. Members come and go, and keep their folders.
func TestEnsemble(t *testing.T) {
	t.Parallel()
	debian, zk39 := Debian(t).Program(), ZK39(t).Program()
	e := StartEnsemble(t, EnsembleOptions{Members: []Program{debian, zk39, zk39}, Observers: []int{1}})
	modes := func() string {
		var all []string
		for _, m := range e.Members {
			mode, err := m.Mode()
			if err != nil {
				mode = "down"
			}
			all = append(all, mode)
		}
		return strings.Join(all, " ")
	}
	leader := e.Leader(t)
	if got := modes(); strings.Count(got, "leader") != 1 || strings.Count(got, "follower") != 1 || !strings.HasPrefix(got, "observer") {
		t.Fatalf("the members say %s", got)
	}
	if metrics := leader.Metrics(t); metrics["zk_server_state"] != "leader" || metrics["zk_learners"] != "2" {
		t.Errorf("the leader has %v", metrics)
	}
	if got := strings.Count(e.ConnectString(), ",127.0.0.1:"); got != 2 {
		t.Errorf("connect string %s", e.ConnectString())
	}

	m := e.Members[0]
	m.Pause(t)
	m.Kill() // a paused process ends too
	if got := modes(); !strings.HasPrefix(got, "down") {
		t.Errorf("with server 1 gone the members say %s", got)
	}
	m.StartAs(t, zk39)
	m.Await(t)
	expect(t, m.Server, "srvr", "Zookeeper version: 3.9.4")
	if err := m.Stop(); err != nil {
		t.Error(err)
	}
	m.Empty(t)
	m.Restart(t)

	e.Kill()
	m.Start(t)
	m.AwaitProcess(t) // alone it answers, and does not serve
	if mode, err := m.Mode(); err == nil {
		t.Errorf("one of three is a %s", mode)
	}
	e.Start(t)
	e.Await(t)
}

// TestPause: a member that is paused is not there, and goes on where it was.
func TestPause(t *testing.T) {
	t.Parallel()
	program := ZK39(t).Program()
	e := StartEnsemble(t, EnsembleOptions{Members: []Program{program, program}, Config: []string{"syncLimit=2", "initLimit=5"}})
	leader, other := e.Leader(t), e.Members[0]
	if other == leader {
		other = e.Members[1]
	}
	other.Pause(t)
	if !poll(startTimeout, func() bool { _, err := leader.Mode(); return err != nil }) {
		t.Errorf("%v leads a quorum of which half is paused", leader)
	}
	other.Resume(t)
	e.Await(t)
}

func TestFreePort_GivenOutOnce(t *testing.T) {
	seen := map[int]bool{}
	for range 5 * portBlock {
		port := FreePort(t)
		if seen[port] || port < firstPort || port >= lastPort {
			t.Fatalf("port %d after %v", port, seen)
		}
		seen[port] = true
	}
	first := FreePorts(t, portBlock-1)
	for port := first; port < first+portBlock-1; port++ {
		if seen[port] || inUse(port) {
			t.Errorf("port %d of a row is another's", port)
		}
		seen[port] = true
	}
	if port := FreePort(t); seen[port] {
		t.Errorf("port %d is given out twice", port)
	}
}
