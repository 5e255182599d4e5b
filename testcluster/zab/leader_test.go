package zab

import (
	"errors"
	"testing"
)

// The leader's side of each step.

func TestLeader_EpochIsFixedByTheFirstQuorum(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.lead()
	l.connects(2, 2, 6)
	l.wantDisk("accepted 7")
	l.connects(3, 3, 9) // too late to have a say
	l.wantSent()
}

func TestLeader_EpochAboveAllOfAQuorum(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.lead()
	l.connects(4, 4, 5) // an observer makes no quorum, but is heard
	l.wantDisk()
	l.connects(2, 2, 4)
	l.wantDisk("accepted 6")
	l.wantSent()
	l.persist()
	l.wantSent("4: LEADERINFO 0x600000000", "2: LEADERINFO 0x600000000")
	l.receiveData(4, AckEpoch, at(3, 1), i32(3))
	if l.role.Phase != Discovery {
		t.Fatalf("role %+v", l.role)
	}
	l.receiveData(2, AckEpoch, at(3, 7), i32(3))
	l.wantDisk("current 6")
	if l.role.Phase != Synchronization || l.role.Epoch != 6 {
		t.Fatalf("role %+v", l.role)
	}
	l.wantSent("2: DIFF 0x300000007", "2: NEWLEADER 0x600000000", "4: probe 0x300000001")
	l.receive(2, Ack, epochZxid(6))
	if l.role.Phase != Synchronization {
		t.Fatal("broadcast before its own epoch is durable")
	}
	l.persist()
	l.wantSent("2: UPTODATE 0xffffffffffffffff")
	if !l.role.Serving() || string(l.role.Config) != string(testConfig) {
		t.Fatalf("role %+v", l.role)
	}
	l.receive(2, Ack, epochZxid(6)) // the second one
	l.propose(1)
	l.wantDisk("log 0x600000001")
	l.wantSent("2: PROPOSAL 0x600000001")
	l.receive(2, Ack, at(6, 1))
	l.wantGiven() // one of three
	l.persist()
	l.wantGiven(at(6, 1))
	l.wantSent("2: COMMIT 0x600000001")
}

func TestLeader_PromisesMadeBeforeDoNotCount(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.lead()
	l.connects(2, 2, 4)
	l.persist()
	l.receiveData(2, AckEpoch, at(3, 7), i32(-1))
	if l.role.Phase != Discovery {
		t.Fatalf("role %+v", l.role)
	}
	l.joins(3, 3, at(3, 6), 3)
	if l.role.Phase != Synchronization {
		t.Fatalf("role %+v", l.role)
	}
}

func TestLeader_StepsDownForABetterOne(t *testing.T) {
	for _, c := range []struct {
		last    Zxid
		current int64
	}{{at(3, 8), 3}, {at(3, 1), 4}} {
		l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
		l.lead()
		l.connects(2, 2, 4)
		l.persist()
		l.receiveData(2, AckEpoch, c.last, i32(c.current))
		l.wantLost("a learner with a longer history")
	}
}

func TestLeader_StepsDownForAVoterItCannotTakeIn(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.leadAll()
	l.connects(3, 3, 9)
	if l.role.State != Looking {
		t.Fatalf("role %+v", l.role)
	}
}

// The tail of the new leader's log is committed with the first quorum of its epoch.
func TestLeader_TailIsCommittedWithNewLeader(t *testing.T) {
	l := followWithTail(t)
	l.LinkDown(1)
	l.persist()
	l.lead()
	l.sent = nil
	l.joins(2, 2, at(5, 1), 5)
	l.wantSent("2: LEADERINFO 0x600000000", "2: DIFF 0x500000003", "2: PROPOSAL 0x500000002", "2: COMMIT 0x500000002",
		"2: PROPOSAL 0x500000003", "2: COMMIT 0x500000003", "2: NEWLEADER 0x600000000")
	l.persist()
	l.wantGiven()
	l.receive(2, Ack, epochZxid(6))
	l.wantGiven(at(5, 2), at(5, 3))
}

func TestLeader_CommitsInOrder(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.joins(3, 3, 0, 0)
	l.receive(3, Ack, epochZxid(1))
	l.propose(4)
	l.sent = nil
	l.receive(2, Ack, at(1, 2)) // and with it the one before: a log is in order
	l.receive(3, Ack, at(1, 1))
	l.wantGiven(at(1, 1))
	l.receive(3, Ack, at(1, 3))
	l.wantGiven(at(1, 2))
	l.persist()
	l.wantGiven(at(1, 3))
	l.receive(3, Ack, at(1, 4))
	l.wantGiven(at(1, 4))
	l.wantSent("2: COMMIT 0x100000001", "3: COMMIT 0x100000001", "2: COMMIT 0x100000002", "3: COMMIT 0x100000002",
		"2: COMMIT 0x100000003", "3: COMMIT 0x100000003", "2: COMMIT 0x100000004", "3: COMMIT 0x100000004")
}

// What a learner has acknowledged counts only while its connection stands: it may come back with less.
func TestLeader_AckOfALostConnectionIsGone(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.propose(1)
	l.receive(2, Ack, at(1, 1))
	l.LinkDown(2)
	l.persist()
	l.wantGiven()
	l.joins(5, 2, 0, 1)
	l.receive(5, Ack, epochZxid(1))
	l.wantGiven()
	l.receive(5, Ack, at(1, 1))
	l.wantGiven(at(1, 1))
}

func TestLeader_NewConnectionReplacesTheOld(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.connects(5, 2, 1)
	if len(l.links) != 1 || l.links[0] != 2 {
		t.Errorf("closed %v", l.links)
	}
	l.receive(2, Ack, at(1, 0)) // on its way still
	l.wantSent("5: LEADERINFO 0x100000000")
}

func TestLeader_Observer(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.propose(1)
	l.receive(2, Ack, at(1, 1))
	l.persist()
	l.propose(1)
	l.sent = nil
	l.joins(4, 4, 0, 0)
	l.wantSent("4: LEADERINFO 0x100000000", "4: SNAP 0x100000001", "4: NEWLEADER 0x100000000")
	l.receive(4, Ack, epochZxid(1))
	l.receive(4, Ack, at(1, 2)) // has no say
	l.wantSent("4: UPTODATE 0xffffffffffffffff")
	l.persist()
	l.receive(2, Ack, at(1, 2))
	l.wantSent("2: COMMIT 0x100000002", "4: INFORM 0x100000002")
}

// A server that is not in the configuration gets what a follower gets, and has no say.
func TestLeader_Stranger(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.lead()
	l.connects(9, 77, 1<<30)
	l.wantDisk()
	l.connects(2, 2, 0)
	l.wantDisk("accepted 1")
	l.persist()
	l.receiveData(2, AckEpoch, 0, i32(0))
	l.persist()
	l.receive(2, Ack, epochZxid(1))
	l.LinkDown(9)
	l.joins(10, 77, 0, 0)
	l.receive(10, Ack, epochZxid(1))
	l.LinkDown(2)
	l.propose(1)
	l.persist()
	l.receive(10, Ack, at(1, 1))
	l.wantGiven()
	if l.role.State != Leading {
		t.Fatalf("role %+v", l.role)
	}
}

func TestLeader_ClosesALinkThatMakesNoSense(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(l *lone)
	}{
		{"ACK first", func(l *lone) { l.LinkUp(3); l.receive(3, Ack, 0) }},
		{"no LearnerInfo", func(l *lone) { l.LinkUp(3); l.receive(3, FollowerInfo, 0) }},
		{"LearnerInfo without a version", func(l *lone) { l.LinkUp(3); l.receiveData(3, FollowerInfo, 0, learnerInfo(3)[:8]) }},
		{"an old version", func(l *lone) {
			l.LinkUp(3)
			l.receiveData(3, FollowerInfo, 0, append(learnerInfo(3)[:8:8], 0, 0, 0, 1))
		}},
		{"this server's own id", func(l *lone) { l.LinkUp(3); l.receiveData(3, FollowerInfo, 0, learnerInfo(1)) }},
		{"an impossible epoch", func(l *lone) { l.LinkUp(3); l.receiveData(3, FollowerInfo, -1, learnerInfo(3)) }},
		{"the last epoch", func(l *lone) { l.LinkUp(3); l.receiveData(3, FollowerInfo, epochZxid(maxEpoch), learnerInfo(3)) }},
		{"ACK for ACKEPOCH", func(l *lone) { l.connects(3, 3, 0); l.receive(3, Ack, 0) }},
		{"ACKEPOCH without an epoch", func(l *lone) { l.connects(3, 3, 0); l.receive(3, AckEpoch, 0) }},
		{"PING before the ACK of NEWLEADER", func(l *lone) { l.joins(3, 3, 0, 0); l.receive(3, Ping, 0) }},
		{"ACK of another epoch's NEWLEADER", func(l *lone) { l.joins(3, 3, 0, 0); l.receive(3, Ack, epochZxid(2)) }},
		{"ACK of a proposal first", func(l *lone) { l.joins(3, 3, 0, 0); l.propose(1); l.receive(3, Ack, at(1, 1)) }},
		{"ACK of what was not proposed", func(l *lone) {
			l.joins(3, 3, 0, 0)
			l.receive(3, Ack, epochZxid(1))
			l.receive(3, Ack, at(1, 1))
		}},
		{"an answer without a PING", func(l *lone) {
			l.joins(3, 3, 0, 0)
			l.receive(3, Ack, epochZxid(1))
			l.receive(3, Ping, 0)
		}},
		{"PROPOSAL", func(l *lone) { l.joins(3, 3, 0, 0); l.receive(3, Ack, epochZxid(1)); l.receive(3, Proposal, at(1, 1)) }},
	} {
		l := newLone(t, 1, Durable{})
		l.leadAll()
		c.do(l)
		if l.role.Phase != Broadcast || len(l.links) != 1 || l.links[0] != 3 {
			t.Errorf("%s: role %+v, closed %v", c.what, l.role, l.links)
		}
	}
}

func TestLeader_Rollover(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.leader.next = at(1, 0xfffffffe)
	l.propose(1)
	err := l.Propose(func(Zxid) []byte { t.Error("built"); return nil })
	l.pump()
	if !errors.Is(err, ErrRollover) || l.role.State != Looking {
		t.Fatalf("%v, role %+v", err, l.role)
	}
	if err := l.Propose(nil); !errors.Is(err, ErrNotLeading) {
		t.Fatal(err)
	}
	if err := l.Confirm(1); !errors.Is(err, ErrNotLeading) {
		t.Fatal(err)
	}
}

func TestLeader_Confirm(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	confirm := func(token uint64) {
		t.Helper()
		if err := l.Confirm(token); err != nil {
			t.Fatal(err)
		}
		l.pump()
	}
	confirm(1)
	confirm(2)
	l.wantSent("2: PING 0x0")
	confirm(3)
	l.receive(2, Ping, 0)
	l.wantSent("2: PING 0x0", "confirmed 1") // the answer does not speak for those who asked later
	l.receive(2, Ping, 0)
	l.wantSent("confirmed 2", "confirmed 3")

	// The PINGs of the clock count too, each for its own time.
	l.ticks(ticksPerTick / 2)
	confirm(4)
	l.wantSent("2: PING 0x0", "2: PING 0x0")
	l.receive(2, Ping, 0)
	l.wantSent()
	l.receive(2, Ping, 0)
	l.wantSent("confirmed 4")

	// Whoever joins meanwhile has been asked later than this.
	confirm(5)
	l.sent = nil
	l.LinkDown(2)
	l.joins(3, 3, 0, 0)
	l.receive(3, Ack, epochZxid(1))
	for range ticksPerTick / 2 {
		l.ticks(1)
	}
	l.sent = nil
	l.receive(3, Ping, 0)
	l.wantSent("confirmed 5")

	// The tokens of a term that has ended are gone.
	confirm(6)
	l.sent = nil
	l.ticks(20 * ticksPerTick)
	if l.role.State == Leading && l.role.Phase == Broadcast {
		t.Fatalf("role %+v", l.role)
	}
	for _, s := range l.sent {
		if s == "confirmed 6" {
			t.Error(s)
		}
	}
}

func TestLeader_ConfirmAlone(t *testing.T) {
	g := startGroup(t, 1, 0)
	if err := g.nodes[0].core.Confirm(8); err != nil {
		t.Fatal(err)
	}
	g.nodes[0].pump()
	if got := g.nodes[0].confirmed; len(got) != 1 || got[0] != 8 {
		t.Errorf("confirmed %v", got)
	}
}
