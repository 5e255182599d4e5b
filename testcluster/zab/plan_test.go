package zab

import (
	"strings"
	"testing"
)

// planner is a leader of epoch 5 in broadcast whose memory has 3:5 3:6 4:1 4:2 5:1 behind base 3:4, all committed, and
// 5:2 5:3 proposed.
func planner(t *testing.T, change ...func(*Config)) *lone {
	t.Helper()
	l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 4)}, change...)
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(4), i32(protocolVersion))
	l.persist()
	l.receive(1, Diff, at(4, 2))
	l.proposes(true, at(3, 5), at(3, 6), at(4, 1), at(4, 2))
	l.receive(1, NewLeader, epochZxid(4))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.LinkDown(1)
	l.persist()
	l.leadAll()
	l.propose(3)
	l.persist()
	l.receive(2, Ack, at(5, 1))
	l.sent = nil
	return l
}

// plan brings server id with its last transaction to the leader; it returns what is sent up to NEWLEADER, shortened.
func (l *lone) planned(id ServerID, last Zxid) string {
	l.t.Helper()
	l.joins(7, id, last, 3)
	return l.short()
}

func (l *lone) short() string {
	s := strings.Join(l.sent, " ")
	l.sent = nil
	return strings.NewReplacer("7: LEADERINFO 0x500000000 ", "", "7: ", "", "PROPOSAL ", "+", " 7: COMMIT ", "!", "0x300000000", "3:0",
		"0x30000000", "3:", "0x40000000", "4:", "0x500000000", "5:0", "0x50000000", "5:").Replace(s)
}

func TestPlan_Broadcast(t *testing.T) {
	const rest = "+5:2 +5:3 NEWLEADER 5:0"
	for _, c := range []struct {
		what string
		last Zxid
		want string
	}{
		{"has all that is committed", at(5, 1), "DIFF 5:1 " + rest},
		{"is known", at(4, 1), "DIFF 5:1 +4:2!4:2 +5:1!5:1 " + rest},
		{"is base", at(3, 4), "DIFF 5:1 +3:5!3:5 +3:6!3:6 +4:1!4:1 +4:2!4:2 +5:1!5:1 " + rest},
		{"is an epoch that somebody established", at(4, 0), "DIFF 5:1 +4:1!4:1 +4:2!4:2 +5:1!5:1 " + rest},
		{"is this epoch", at(5, 0), "DIFF 5:1 +5:1!5:1 " + rest},
		{"lies behind the last of its epoch", at(4, 9), "TRUNC 4:2 +5:1!5:1 " + rest},
		{"lies behind the last of an older epoch", at(3, 9), "TRUNC 3:6 +4:1!4:1 +4:2!4:2 +5:1!5:1 " + rest},
		{"has proposals of before a broken link", at(5, 3), "TRUNC 5:1 " + rest},
		{"is empty", 0, "SNAP 5:1 " + rest},
		{"is older than memory", at(3, 3), "probe 3:3"},
		{"is an epoch older than memory", at(3, 0), "probe 3:0"},
	} {
		l := planner(t)
		if got := l.planned(3, c.last); got != c.want {
			t.Errorf("a learner whose last transaction %s, %s:\n got %s\nwant %s", c.what, c.last, got, c.want)
		}
	}
}

func TestPlan_ParentEpochsHaveParted(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(2, 4)})
	l.promise()
	l.receive(1, Diff, at(4, 1))
	l.proposes(true, at(4, 1))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.LinkDown(1)
	l.persist()
	l.leadAll()
	l.joins(7, 3, at(3, 9), 3)
	l.wantSent("7: LEADERINFO 0x600000000", "7: SNAP 0x400000001", "7: NEWLEADER 0x600000000")
}

func TestPlan_Observer(t *testing.T) {
	l := planner(t)
	if got, want := l.planned(4, at(4, 2)), "DIFF 5:1 +5:1!5:1 NEWLEADER 5:0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPlan_ForcedSnapshot(t *testing.T) {
	l := planner(t, func(c *Config) { c.ForceSnapshot = true })
	if got, want := l.planned(3, at(5, 1)), "SNAP 5:1 +5:2 +5:3 NEWLEADER 5:0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A new leader's tail may be committed, by what the learner has of it. A snapshot, which ends before the tail, would take
// that away until the rest has arrived too.
func TestPlan_NoSnapshotBelowTheTail(t *testing.T) {
	for _, c := range []struct {
		last Zxid
		want string
	}{
		{at(5, 1), "7: SNAP 0x500000001"},
		{at(5, 2), "7: DIFF 0x500000003"},
		{at(5, 3), "7: DIFF 0x500000003"},
		{at(5, 4), "7: TRUNC 0x500000003"},
	} {
		l := followWithTail(t)
		l.cfg.ForceSnapshot = true
		l.LinkDown(1)
		l.persist()
		l.lead()
		l.joins(2, 2, at(5, 1), 5)
		l.sent = nil
		l.joins(7, 3, c.last, 5)
		if len(l.sent) < 2 || l.sent[1] != c.want {
			t.Errorf("last transaction %s: %q, want %s", c.last, l.sent, c.want)
		}
	}

	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(2, 4)})
	l.promise()
	l.receive(1, Diff, at(4, 1))
	l.proposes(true, at(2, 5), at(4, 1))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.LinkDown(1)
	l.persist()
	l.lead()
	l.joins(2, 2, at(4, 1), 5)
	l.sent = nil
	l.joins(7, 3, at(3, 9), 3)
	l.wantSent("7: LEADERINFO 0x600000000", "7: TRUNC 0x200000005", "7: PROPOSAL 0x400000001", "7: COMMIT 0x400000001",
		"7: NEWLEADER 0x600000000")
}

func TestPlan_WithoutLogFiles(t *testing.T) {
	l := planner(t, func(c *Config) { c.NoLogSync = true })
	if got, want := l.planned(3, at(3, 3)), "SNAP 5:1 +5:2 +5:3 NEWLEADER 5:0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TRUNC to an epoch's zxid is not possible: no log has it.
func TestPlan_NothingToTruncateTo(t *testing.T) {
	for _, last := range []Zxid{0, at(3, 0)} {
		l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: last})
		l.leadAll()
		l.joins(7, 3, at(3, 3), 3)
		l.wantSent("7: LEADERINFO 0x500000000", "7: SNAP "+last.String(), "7: NEWLEADER 0x500000000")
	}
}

// An epoch established without a transaction is above everything that this leader has, and nothing is missing.
func TestPlan_EpochAboveTheLog(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 4, Last: at(3, 7)})
	l.leadAll()
	l.joins(7, 3, at(4, 0), 4)
	l.wantSent("7: LEADERINFO 0x500000000", "7: DIFF 0x400000000", "7: NEWLEADER 0x500000000")
}

func TestPlan_LogFiles(t *testing.T) {
	const memory = "+3:5!3:5 +3:6!3:6 +4:1!4:1 +4:2!4:2 +5:1!5:1 +5:2 +5:3 NEWLEADER 5:0"
	const snap = "SNAP 5:1 +5:2 +5:3 NEWLEADER 5:0"
	for _, c := range []struct {
		what   string
		last   Zxid
		result ProbeResult
		want   string
	}{
		{"known", at(3, 2), ProbeResult{true, at(3, 2)}, "DIFF 5:1 files 3:2-3:4 " + memory},
		{"not known", at(2, 9), ProbeResult{true, at(2, 5)}, "TRUNC 0x200000005 files 0x200000005-3:4 " + memory},
		{"an epoch", at(3, 0), ProbeResult{true, at(2, 5)}, "DIFF 5:1 files 3:0-3:4 " + memory},
		{"parted", at(2, 9), ProbeResult{true, at(1, 5)}, snap},
		{"not found", at(3, 2), ProbeResult{}, snap},
		{"nonsense", at(3, 2), ProbeResult{true, at(3, 3)}, snap},
		{"nothing before it", at(3, 2), ProbeResult{true, 0}, snap},
	} {
		l := planner(t)
		l.planned(3, c.last)
		l.Probed(7, c.result)
		l.pump()
		if got := l.short(); got != c.want {
			t.Errorf("%s, %s:\n got %s\nwant %s", c.what, c.last, got, c.want)
		}
		l.Probed(7, c.result) // once is enough
		l.pump()
		l.wantSent()
	}
}

// While the log files are looked at, commits go on, and what memory has moves on with them.
func TestPlan_CommitsWhileProbing(t *testing.T) {
	l := planner(t, func(c *Config) { c.CommitLogCount = 5 })
	if got := l.planned(3, at(3, 2)); got != "probe 3:2" {
		t.Fatal(got)
	}
	l.receive(2, Ack, at(5, 3))
	l.propose(1)
	l.sent = nil
	l.Probed(7, ProbeResult{true, at(3, 2)})
	l.pump()
	want := "DIFF 5:3 files 3:2-3:6 +4:1!4:1 +4:2!4:2 +5:1!5:1 +5:2!5:2 +5:3!5:3 +5:4 NEWLEADER 5:0"
	if got := l.short(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	l.propose(1)
	l.receive(2, Ack, at(5, 5))
	l.wantSent("2: PROPOSAL 0x500000005", "7: PROPOSAL 0x500000005")
	l.persist()
	// Those after NEWLEADER wait for UPTODATE, or a follower of Apache 3.8.0 falls over them.
	l.wantSent("2: COMMIT 0x500000004", "2: COMMIT 0x500000005")
	l.receive(7, Ack, at(5, 0))
	l.wantSent("7: UPTODATE 0xffffffffffffffff", "7: COMMIT 0x500000004", "7: COMMIT 0x500000005")
	l.propose(1)
	l.receive(2, Ack, at(5, 6))
	l.wantSent("2: PROPOSAL 0x500000006", "7: PROPOSAL 0x500000006")
	l.persist()
	l.wantSent("2: COMMIT 0x500000006", "7: COMMIT 0x500000006")
}

// Below a snapshot that came from a leader the log files have a gap that nobody can see.
func TestPlan_LogFilesBelowASnapshot(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 4), Floor: at(3, 4)})
	l.leadAll()
	l.joins(7, 3, at(3, 2), 3)
	l.wantSent("7: LEADERINFO 0x500000000", "7: SNAP 0x300000004", "7: NEWLEADER 0x500000000")
}

// What is not on the leader's own disk stays in memory: the files could not tell it.
func TestMemlog_EvictsOnlyWhatIsDurable(t *testing.T) {
	l := newLone(t, 1, Durable{}, func(c *Config) { c.CommitLogCount = 2 })
	l.leadAll()
	l.joins(3, 3, 0, 0)
	l.receive(3, Ack, epochZxid(1))
	l.propose(10)
	l.receive(2, Ack, at(1, 10))
	l.receive(3, Ack, at(1, 10))
	if l.log.done != 10 || l.log.base != 0 {
		t.Fatalf("%d in memory behind %s", l.log.done, l.log.base)
	}
	l.Persisted(l.ops[4].Seq)
	if l.log.done != 5 || l.log.base != at(1, 5) {
		t.Fatalf("%d in memory behind %s", l.log.done, l.log.base)
	}
	l.persist()
	if l.log.done != 2 || l.log.base != at(1, 8) {
		t.Fatalf("%d in memory behind %s", l.log.done, l.log.base)
	}
}

func TestMemlog_Cut(t *testing.T) {
	fill := func() *memlog {
		g := &memlog{base: at(1, 2)}
		for i := range uint32(5) {
			g.append(Entry{at(1, 3+i), []byte("xy")})
		}
		g.apply()
		g.apply()
		return g
	}
	for _, c := range []struct {
		cut, base, applied, last Zxid
		bytes                    int
	}{
		{at(1, 9), at(1, 2), at(1, 4), at(1, 7), 4},
		{at(1, 5), at(1, 2), at(1, 4), at(1, 5), 4},
		{at(1, 3), at(1, 2), at(1, 3), at(1, 3), 2},
		{at(1, 2), at(1, 2), at(1, 2), at(1, 2), 0},
		{at(1, 1), at(1, 1), at(1, 1), at(1, 1), 0},
	} {
		g := fill()
		g.cut(c.cut)
		if g.base != c.base || g.applied() != c.applied || g.last() != c.last || g.doneBytes != c.bytes {
			t.Errorf("cut to %s: base %s, applied %s, last %s, %d bytes", c.cut, g.base, g.applied(), g.last(), g.doneBytes)
		}
	}
	g := fill()
	g.evict(500, 3, at(1, 7))
	if g.base != at(1, 3) || g.doneBytes != 2 {
		t.Errorf("base %s, %d bytes", g.base, g.doneBytes)
	}
}
