package scripts

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

// startMembers starts three voters and an observer as the tutorials do: a zoo.cfg with a line for each server, and a
// myid. The last two have their client ports in those lines.
func startMembers(t *testing.T) []*server {
	t.Helper()
	members := make([]*server, 4)
	var lines strings.Builder
	for i := range members {
		members[i] = newServer(t, abs(t, "zkServer.sh"), "ZOKA="+testbin.Zoka(t))
		fmt.Fprintf(&lines, "server.%d=127.0.0.1:%d:%d", i+1, peertest.FreePort(t), peertest.FreePort(t))
		if i == 3 {
			lines.WriteString(":observer")
		}
		if i >= 2 {
			fmt.Fprintf(&lines, ";127.0.0.1:%d", members[i].port)
		}
		lines.WriteByte('\n')
	}
	for i, s := range members {
		text := "tickTime=200\ninitLimit=50\nsyncLimit=25\nadmin.enableServer=false\ndataDir=" + filepath.Dir(s.pidFile) + "\n"
		if i < 2 {
			text += fmt.Sprintf("clientPort=%d\nclientPortAddress=127.0.0.1\n", s.port)
		}
		write(t, s.cfg, text+lines.String(), 0o644)
		write(t, filepath.Join(filepath.Dir(s.pidFile), "myid"), strconv.Itoa(i+1)+"\n", 0o644)
		if got := s.run(t, "start", s.cfg); got.code != 0 {
			t.Fatalf("start: %+v", got)
		}
	}
	for _, s := range members {
		s.await(t)
	}
	return members
}

// TestZkServer_EnsembleStatus: status says what a server is in its ensemble.
func TestZkServer_EnsembleStatus(t *testing.T) {
	t.Parallel()
	members := startMembers(t)
	var modes []string
	for _, s := range members {
		got := s.run(t, "status", s.cfg)
		found, mode, _ := strings.Cut(got.stdout, "\nMode: ")
		if got.code != 0 || !strings.HasSuffix("\n"+found, ". Client SSL: false.") || !strings.Contains(found, "Client port found: PORT. ") {
			t.Errorf("status: %+v", got)
		}
		modes = append(modes, strings.TrimSpace(mode))
	}
	if modes[3] != "observer" {
		t.Errorf("the observer is %s", modes[3])
	}
	slices.Sort(modes[:3])
	if want := []string{"follower", "follower", "leader"}; !slices.Equal(modes[:3], want) {
		t.Errorf("the others are %s", modes[:3])
	}
	t.Run("Apache", func(t *testing.T) { sameStatus(t, members) })

	// Without a majority nobody serves, and status says no more than that.
	for _, s := range members[:2] {
		if got := s.run(t, "stop", s.cfg); got.stdout != "Stopping zookeeper ... STOPPED\n" {
			t.Errorf("stop: %+v", got)
		}
	}
	for _, s := range members[2:] {
		s.awaitNotServing(t)
		if got := s.run(t, "status", s.cfg); got.code != 1 || !strings.HasSuffix(got.stdout, "\nError contacting service. It is probably not running.\n") {
			t.Errorf("status without a majority: %+v", got)
		}
	}
	t.Run("ApacheWithoutMajority", func(t *testing.T) { sameStatus(t, members) })
}

// sameStatus compares Apache's script, asking the same servers, with ours.
func sameStatus(t *testing.T, members []*server) {
	launcher := apacheLauncher(t)
	for i, s := range members {
		theirs := *s
		theirs.script = launcher
		want, got := theirs.run(t, "status", s.cfg), s.run(t, "status", s.cfg)
		if got.stdout != want.stdout || got.code != want.code {
			t.Errorf("server %d\n  Apache: %+v\n  ours:   %+v", i+1, want, got)
		}
	}
}

// awaitNotServing waits until the server has noticed that it is alone.
func (s *server) awaitNotServing(t *testing.T) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(30 * time.Second)
	for !strings.Contains(s.ask("srvr"), "not currently serving") {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("the server serves on")
		}
	}
}
