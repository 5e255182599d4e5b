package tutorial

import (
	"strings"
	"testing"
	"time"
)

// TestElections: five servers started one after another, and the election when two of them have failed that knew less,
// or led. The logs tell why.
func TestElections(t *testing.T) {
	t.Parallel()
	all := newHosts(t, 5, 0)
	one, two, three, four, five := all[0], all[1], all[2], all[3], all[4]

	one.start()
	all.await("")
	one.tells("LOOKING for a leader voters=5", "this server votes for itself epoch=0 zxid=0x0 round=1")
	two.start()
	all.await("", "")
	three.start()
	all.await("follower", "follower", "leader")
	one.tells("this server votes for itself",
		"server 2 votes for itself",
		"this server votes for server 2 epoch=0 zxid=0x0 round=1 because=its id is greater than server 1's",
		"this server votes for server 3",
		"FOLLOWING server 3 phase=discovery", "FOLLOWING server 3 phase=synchronization epoch=1", "FOLLOWING server 3 phase=broadcast epoch=1",
		"serving as a member of an ensemble mode=follower leader=3 epoch=1")
	two.tells("this server votes for itself", "this server votes for server 3", "FOLLOWING server 3 phase=broadcast")
	three.tells("this server votes for itself", "LEADING phase=discovery", "LEADING phase=broadcast epoch=1", "serving as a member of an ensemble mode=leader")
	four.start()
	five.start()
	all.await("follower", "follower", "leader", "follower", "follower")
	four.tells("this server votes for itself", "server 3 is LEADING", "FOLLOWING server 3 phase=broadcast")
	five.tells("this server votes for itself", "server 3 is LEADING", "FOLLOWING server 3 phase=broadcast")

	// 1, 2 and 3 get a transaction that 4 and 5 do not have; then 3, which leads, and 5 fail.
	four.stop()
	five.stop()
	if got := (hosts{one}).does("create", "/sanguo", "liubei"); got != "Created /sanguo" {
		t.Errorf("create: %q", got)
	}
	three.kill()
	all.await("", "")
	refused(t, hosts{one, two}, "set", "/sanguo", "caocao")
	four.start()
	(hosts{one, two}).await("follower", "leader")
	(hosts{four}).await("follower")
	four.tells("LOOKING for a leader", "this server votes for itself epoch=1 zxid=0x0", "this server votes for server 2 epoch=1 zxid=0x1",
		"FOLLOWING server 2 phase=discovery", "the leader brings this server up to date", "FOLLOWING server 2 phase=broadcast epoch=2")
	if log := strings.Join(four.log(), "\n"); !strings.Contains(log, "because=its zxid is greater than server 4's") {
		t.Errorf("server 4 does not say why it votes for 2:\n%s", log)
	}
	(hosts{one, two, four}).agree("liubei", "get", "/sanguo") // 4 has what it missed; the refused write is nowhere
	if got := (hosts{four}).does("set", "/sanguo", "sunquan"); got != "" {
		t.Errorf("set: %q", got)
	}
	three.start()
	five.start()
	all.await("follower", "leader", "follower", "follower", "follower")
	all.agree("sunquan", "get", "/sanguo")
}

// refused types a write where there is no majority: it fails soon, and says why.
func refused(t *testing.T, all hosts, args ...string) {
	t.Helper()
	began := time.Now()
	got := all.zoka(args...)
	if got.code != 3 || got.stdout != "" || !strings.Contains(got.stderr, "it is not serving (no quorum?)") {
		t.Errorf("without a majority: %+v", got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("without a majority the answer takes %v", took)
	}
}
