package zab

import "testing"

// The learner's side of each step, packet for packet and write for write.

func TestLearner_DiscoveryPromisesOnceAndDurably(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.follow()
	l.wantSent("1: FOLLOWERINFO 0x400000000")
	l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
	l.wantSent()
	l.wantDisk("accepted 5")
	l.persist()
	l.wantSent("1: ACKEPOCH 0x300000007 epoch 3")

	l = newLone(t, 1, Durable{Accepted: 5, Current: 3, Last: at(3, 7)})
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
	l.wantDisk()
	l.wantSent("1: FOLLOWERINFO 0x500000000", "1: ACKEPOCH 0x300000007 epoch -1")

	l = newLone(t, 1, Durable{Accepted: 6, Current: 3, Last: at(3, 7)})
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
	l.wantLost("an epoch older than the promised one")
}

func TestLearner_ObserverIntroducesItself(t *testing.T) {
	l := newLone(t, 4, Durable{})
	l.follow()
	l.wantSent("1: OBSERVERINFO 0x0")
}

// ZOOKEEPER-3911, 4643, 4646, 4785: history first, then the epoch, then the ACK.
func TestLearner_AcknowledgesNewLeaderOnlyWhenAllIsDurable(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.promise()
	l.receive(1, Diff, at(4, 2))
	l.proposes(true, at(3, 8), at(4, 1), at(4, 2))
	l.proposes(false, at(5, 1))
	l.wantDisk()
	l.receive(1, NewLeader, epochZxid(5))
	l.wantDisk("log 0x300000008", "log 0x400000001", "log 0x400000002", "log 0x500000001", "current 5")
	for _, op := range l.ops[:4] {
		l.Persisted(op.Seq)
		l.pump()
		l.wantSent()
	}
	l.Persisted(l.ops[4].Seq)
	l.pump()
	l.wantSent("1: ACK 0x500000000", "1: ACK 0x500000001")
	l.wantGiven()
	l.receive(1, UpToDate, -1)
	l.wantSent("1: ACK 0x500000000")
	l.wantGiven(at(3, 8), at(4, 1), at(4, 2))
	if !l.role.Serving() || l.role.Epoch != 5 || l.role.Leader != 3 || l.role.Link != 1 {
		t.Errorf("role %+v", l.role)
	}
	l.receive(1, Commit, at(5, 1))
	l.wantGiven(at(5, 1))
}

// ZOOKEEPER-4394: the live stream goes on between NEWLEADER and UPTODATE.
func TestLearner_StreamBetweenNewLeaderAndUpToDate(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.promise()
	l.receive(1, Diff, at(3, 7))
	l.receive(1, NewLeader, epochZxid(5))
	l.receive(1, Ping, at(5, 0))
	l.proposes(false, at(5, 1), at(5, 2))
	l.receive(1, Commit, at(5, 1))
	l.wantDisk("current 5", "log 0x500000001", "log 0x500000002")
	l.wantGiven()
	l.Persisted(l.ops[0].Seq)
	l.pump()
	l.wantSent("1: ACK 0x500000000")
	l.Persisted(l.ops[1].Seq)
	l.pump()
	l.wantSent("1: ACK 0x500000001")
	l.receive(1, UpToDate, -1)
	l.wantGiven(at(5, 1))
	l.wantSent("1: ACK 0x500000000")
	l.receive(1, Commit, at(5, 2)) // by the others' disks
	l.wantGiven(at(5, 2))
	l.persist()
	l.wantSent("1: ACK 0x500000002")
	l.receive(1, Ping, at(5, 2))
	l.wantSent("1: PING 0x500000002")
}

func TestLearner_AcknowledgesProposalsWhenTheyAreDurable(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.promise()
	l.receive(1, Diff, 0)
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.sent = nil
	l.proposes(false, at(5, 1), at(5, 2), at(5, 3))
	l.wantSent()
	l.Persisted(l.ops[1].Seq)
	l.pump()
	l.wantSent("1: ACK 0x500000001", "1: ACK 0x500000002")
	l.receive(1, Commit, at(5, 1))
	l.Persisted(l.ops[2].Seq)
	l.pump()
	l.wantSent("1: ACK 0x500000003")
}

func TestLearner_DiffCommitsTheTail(t *testing.T) {
	l := followWithTail(t)
	l.promiseAgain(6)
	l.receive(1, Diff, at(5, 3))
	l.receive(1, NewLeader, epochZxid(6))
	l.persist()
	l.wantGiven()
	l.receive(1, UpToDate, -1)
	l.wantGiven(at(5, 2), at(5, 3))
}

func TestLearner_TruncDropsTheTail(t *testing.T) {
	l := followWithTail(t)
	l.promiseAgain(6)
	l.receive(1, Trunc, at(5, 2))
	l.wantDisk()
	l.receive(1, NewLeader, epochZxid(6))
	l.wantDisk("cut 0x500000002", "current 6")
	l.persist()
	l.receive(1, UpToDate, -1)
	l.wantGiven(at(5, 2))
	l.proposes(true, at(6, 1))
	l.wantGiven(at(6, 1))
}

func TestLearner_SnapDropsTheTail(t *testing.T) {
	l := followWithTail(t)
	l.promiseAgain(6)
	l.receive(1, Snap, at(5, 1))
	l.proposes(true, at(5, 2))
	l.receive(1, NewLeader, epochZxid(6))
	l.wantDisk("install 0x500000001 of 1", "log 0x500000002", "current 6")
	l.persist()
	l.receive(1, UpToDate, -1)
	l.wantGiven(at(5, 2))
}

// followWithTail is a learner that has lost its leader with (5,1) committed and (5,2), (5,3) logged.
func followWithTail(t *testing.T) *lone {
	t.Helper()
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.promise()
	l.receive(1, Diff, at(3, 7))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.proposes(true, at(5, 1))
	l.proposes(false, at(5, 2), at(5, 3))
	l.wantGiven(at(5, 1))
	return l
}

// promiseAgain loses the leader, and promises epoch to the next one.
func (l *lone) promiseAgain(epoch int64) {
	l.t.Helper()
	l.LinkDown(1)
	l.persist()
	if l.role.State != Looking {
		l.t.Fatalf("role %+v", l.role)
	}
	l.dials = 0
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(epoch), i32(protocolVersion))
	l.persist()
	l.sent = nil
}

// The leader of an Apache ensemble cuts back to what its tree has, and sends again what it has committed beyond.
func TestLearner_TruncDoesNotCutWhatComesAgain(t *testing.T) {
	l := followWithTail(t)
	l.receive(1, Commit, at(5, 2))
	l.given = nil
	l.promiseAgain(5)
	l.receive(1, Trunc, at(5, 1))
	l.proposes(true, at(5, 2))
	l.receive(1, NewLeader, epochZxid(5))
	l.wantDisk("cut 0x500000002", "current 5")
	l.persist()
	l.receive(1, UpToDate, -1)
	l.wantGiven()
	l.proposes(true, at(5, 3))
	l.wantGiven(at(5, 3))
}

func TestLearner_CommitAfterNewLeaderOfWhatItHad(t *testing.T) {
	l := followWithTail(t)
	l.receive(1, Commit, at(5, 2))
	l.given = nil
	l.promiseAgain(5)
	l.receive(1, Trunc, at(5, 1))
	l.proposes(false, at(5, 2), at(5, 3), at(5, 4))
	l.receive(1, NewLeader, epochZxid(5))
	l.wantDisk("log 0x500000004", "current 5")
	l.receive(1, Commit, at(5, 2))
	l.receive(1, Commit, at(5, 3))
	l.persist()
	l.wantSent("1: ACK 0x500000000", "1: ACK 0x500000004")
	l.receive(1, UpToDate, -1)
	l.wantGiven(at(5, 3))
	l.receive(1, Commit, at(5, 4))
	l.wantGiven(at(5, 4))
}

func TestLearner_NeverCutsWhatIsCommitted(t *testing.T) {
	l := followWithTail(t)
	l.promiseAgain(6)
	l.links = nil
	l.receive(1, Trunc, at(3, 7))
	l.receive(1, NewLeader, epochZxid(6))
	l.wantDisk()
	l.wantLost("TRUNC below a commit")
}

// Below an installed snapshot the log cannot be cut: a snapshot has to come instead, to a server without a history.
func TestLearner_AsksForASnapshotWhereItCannotCut(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7), Floor: at(3, 5)})
	l.promise()
	l.receive(1, Trunc, at(3, 4))
	l.receive(1, NewLeader, epochZxid(5))
	l.wantLost("TRUNC below the snapshot")
	l.wantDisk()
	l.dials, l.links = 0, nil
	l.follow()
	l.sent = nil
	l.receiveData(1, LeaderInfo, epochZxid(6), i32(protocolVersion))
	l.persist()
	l.wantSent("1: ACKEPOCH 0x0 epoch -1")
	l.receive(1, Snap, at(3, 4))
	l.receive(1, NewLeader, epochZxid(6))
	l.wantDisk("install 0x300000004 of 1", "current 6")
	l.persist()
	l.wantSent("1: ACK 0x600000000")
}

// LearnerHandler.run takes the snapshot's zxid after it has queued what follows.
func TestLearner_SnapIsAheadOfWhatFollows(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.promise()
	l.receive(1, Snap, at(5, 12))
	l.proposes(true, at(5, 10), at(5, 11))
	l.proposes(false, at(5, 12), at(5, 13))
	l.receive(1, NewLeader, epochZxid(5))
	l.receive(1, Commit, at(5, 12))
	l.wantDisk("install 0x50000000c of 1", "log 0x50000000d", "current 5")
	l.persist()
	l.receive(1, UpToDate, -1)
	l.receive(1, Commit, at(5, 13))
	l.wantGiven(at(5, 13))
}

// A snapshot of Apache's has the leader's epoch, with counter 0, if there was no transaction in it yet.
func TestLearner_SnapOfAnEpoch(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.promise()
	l.receive(1, Snap, at(5, 0))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.proposes(true, at(5, 1))
	l.wantGiven(at(5, 1))
}

func TestLearner_LosesALeaderThatMakesNoSense(t *testing.T) {
	serve := func(l *lone) {
		l.promise()
		l.receive(1, Diff, at(3, 7))
		l.receive(1, NewLeader, epochZxid(5))
		l.persist()
		l.receive(1, UpToDate, -1)
	}
	for _, c := range []struct {
		what string
		do   func(*lone)
	}{
		{"NEWLEADER for LEADERINFO", func(l *lone) { l.follow(); l.receive(1, NewLeader, epochZxid(5)) }},
		{"LEADERINFO without a version", func(l *lone) { l.follow(); l.receive(1, LeaderInfo, epochZxid(5)) }},
		{"LEADERINFO with a counter", func(l *lone) { l.follow(); l.receiveData(1, LeaderInfo, at(5, 1), i32(protocolVersion)) }},
		{"DIFF before the promise is durable", func(l *lone) {
			l.follow()
			l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
			l.receive(1, Diff, at(3, 7))
		}},
		{"PROPOSAL before DIFF", func(l *lone) { l.promise(); l.proposes(false, at(3, 8)) }},
		{"DIFF below the log", func(l *lone) { l.promise(); l.receive(1, Diff, at(3, 6)) }},
		{"TRUNC above the log", func(l *lone) { l.promise(); l.receive(1, Trunc, at(3, 8)) }},
		{"SNAP of a later epoch", func(l *lone) { l.promise(); l.receive(1, Snap, at(6, 1)) }},
		{"a gap behind DIFF", func(l *lone) { l.promise(); l.receive(1, Diff, at(3, 9)); l.proposes(false, at(3, 9)) }},
		{"a gap behind SNAP", func(l *lone) { l.promise(); l.receive(1, Snap, at(3, 9)); l.proposes(false, at(3, 11)) }},
		{"a repetition behind DIFF", func(l *lone) { l.promise(); l.receive(1, Diff, at(3, 7)); l.proposes(false, at(3, 7)) }},
		{"COMMIT of nothing", func(l *lone) { l.promise(); l.receive(1, Diff, at(3, 7)); l.receive(1, Commit, at(3, 8)) }},
		{"COMMIT out of order", func(l *lone) {
			l.promise()
			l.receive(1, Diff, at(3, 9))
			l.proposes(false, at(3, 8), at(3, 9))
			l.receive(1, Commit, at(3, 9))
		}},
		{"NEWLEADER of another epoch", func(l *lone) { l.promise(); l.receive(1, Diff, at(3, 7)); l.receive(1, NewLeader, epochZxid(6)) }},
		{"UPTODATE before the ACK", func(l *lone) {
			l.promise()
			l.receive(1, Diff, at(3, 7))
			l.receive(1, NewLeader, epochZxid(5))
			l.receive(1, UpToDate, -1)
		}},
		{"a gap while serving", func(l *lone) { serve(l); l.proposes(true, at(5, 1)); l.proposes(false, at(5, 3)) }},
		{"a later epoch while serving", func(l *lone) { serve(l); l.proposes(false, at(6, 1)) }},
		{"COMMIT out of order while serving", func(l *lone) {
			serve(l)
			l.proposes(false, at(5, 1), at(5, 2))
			l.receive(1, Commit, at(5, 2))
		}},
		{"INFORM to a follower", func(l *lone) { serve(l); l.receive(1, Inform, at(5, 1)) }},
		{"reconfig", func(l *lone) { serve(l); l.receive(1, CommitAndActivate, at(5, 1)) }},
		{"a second NEWLEADER", func(l *lone) { serve(l); l.receive(1, NewLeader, epochZxid(5)) }},
	} {
		l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
		c.do(l)
		l.wantLost(c.what)
	}
}

// A vote claims what is on the disk.
func TestLearner_VotesOnlyForWhatIsDurable(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.promise()
	l.receive(1, Diff, at(3, 7))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.proposes(false, at(5, 1), at(5, 2))
	l.LinkDown(1)
	l.pump()
	l.ticks(500)
	if n := len(l.ready.Notifications); n != 0 {
		t.Fatalf("%d notifications before the disk was done", n)
	}
	l.Persisted(l.ops[0].Seq)
	l.pump()
	if n := len(l.ready.Notifications); n != 0 {
		t.Fatalf("%d notifications before the disk was done", n)
	}
	l.persist()
	if n := l.ready.Notifications; len(n) != 2 || n[0].Vote != (Vote{Leader: 1, Zxid: at(5, 2), Epoch: 5}) {
		t.Fatalf("notifications %+v", n)
	}
}

// Old reports of the disk, packets of old links and answers to old dials find nobody.
func TestLearner_WhatComesLate(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 4, Current: 3, Last: at(3, 7)})
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
	l.LinkDown(1)
	l.pump()
	l.persist()
	l.dials, l.sent = 0, nil
	l.follow()
	l.wantSent("1: FOLLOWERINFO 0x500000000")
	l.receive(9, UpToDate, -1)
	l.LinkDown(9)
	l.DialFailed()
	l.LinkUp(9)
	l.Probed(9, ProbeResult{Found: true})
	l.pump()
	if l.role.State != Following || len(l.links) != 1 || l.links[0] != 9 {
		t.Errorf("role %+v, closed %v", l.role, l.links)
	}
}
