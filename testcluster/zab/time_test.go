package zab

import "testing"

// Each row of the table of timeouts, to the tick: a tickTime is 10 ticks, initLimit 10 and syncLimit 5 of them.
const (
	testInit = 10 * ticksPerTick
	testSync = 5 * ticksPerTick
)

// wantLasts checks that something that is to come after n ticks without a sign comes then, and not before.
func (l *lone) wantLasts(what string, n int, over func() bool) {
	l.t.Helper()
	l.ticks(n - 1)
	if over() {
		l.t.Errorf("%s: before %d ticks", what, n)
	}
	l.ticks(1)
	if !over() {
		l.t.Errorf("%s: not after %d ticks; role %+v", what, n, l.role)
	}
}

func (l *lone) looking() bool { return l.role.State == Looking }

func TestTime_Leader(t *testing.T) {
	start := func() *lone { return newLone(t, 1, Durable{}) }
	l := start()
	for _, patience := range []int{1, 2, 4, 8, 10, 10} {
		l.lead()
		l.wantLasts("quorum of FOLLOWERINFO", patience*ticksPerTick, l.looking)
	}

	l = start()
	l.lead()
	l.ticks(5)
	l.connects(2, 2, 0)
	l.persist()
	l.wantLasts("quorum of ACKEPOCH", testInit, l.looking)

	l = start()
	l.lead()
	l.joins(2, 2, 0, 0)
	l.persist()
	l.wantLasts("quorum of NEWLEADER's ACKs", testInit, l.looking)

	l = start()
	l.leadAll()
	l.ticks(3)
	l.receive(2, Ack, epochZxid(1))
	l.wantLasts("a quorum of silent learners", testSync+7, l.looking) // looked at once per tickTime
}

// answer keeps a learner alive for a while.
func (l *lone) answer(k LinkID, ticks int) {
	l.t.Helper()
	for range ticks {
		l.ticks(1)
		if l.leader == nil {
			return
		}
		if h := l.leader.byLink[k]; h != nil && h.answered < h.pinged {
			l.receive(k, Ping, 0)
		}
	}
}

func TestTime_LearnerOfALeader(t *testing.T) {
	closed := func(l *lone, k LinkID) bool { return len(l.links) > 0 && l.links[len(l.links)-1] == k }
	for _, c := range []struct {
		what  string
		limit int
		do    func(*lone)
	}{
		{"says nothing", testInit, func(l *lone) { l.LinkUp(3) }},
		{"does not answer LEADERINFO", testInit, func(l *lone) { l.connects(3, 3, 0) }},
		{"does not acknowledge NEWLEADER", testInit, func(l *lone) { l.joins(3, 3, 0, 0) }},
		{"is silent after UPTODATE", testSync, func(l *lone) { l.joins(3, 3, 0, 0); l.receive(3, Ack, epochZxid(1)) }},
	} {
		l := newLone(t, 1, Durable{})
		l.leadAll()
		c.do(l)
		l.answer(2, c.limit-1)
		if closed(l, 3) {
			t.Errorf("a learner that %s is dropped before %d ticks", c.what, c.limit)
		}
		l.ticks(1)
		if !closed(l, 3) {
			t.Errorf("a learner that %s is not dropped after %d ticks", c.what, c.limit)
		}
	}
}

func TestTime_LearnerWithASlowDiskIsDropped(t *testing.T) {
	l := newLone(t, 1, Durable{})
	l.leadAll()
	l.answer(2, 3*testSync)
	l.propose(1)
	l.answer(2, 30)
	l.propose(1)
	l.receive(2, Ack, at(1, 1))
	l.answer(2, testSync-1)
	if len(l.links) != 0 {
		t.Fatalf("closed %v", l.links)
	}
	l.answer(2, 1)
	if len(l.links) != 1 {
		t.Fatal("a learner that answers, and writes nothing, is kept")
	}
}

// A snapshot may take longer than any limit, as long as it moves.
func TestTime_LongSnapshot(t *testing.T) {
	l := newLone(t, 1, Durable{Accepted: 1, Current: 1, Last: at(1, 5)})
	l.leadAll()
	l.joins(3, 3, 0, 0)
	for range 5 {
		l.answer(2, testInit-1)
		l.LinkAlive(3)
	}
	if len(l.links) != 0 {
		t.Errorf("the leader closed %v", l.links)
	}

	l = newLone(t, 1, Durable{})
	l.promise()
	for range 5 {
		l.ticks(testInit - 1)
		l.LinkAlive(1)
	}
	if l.looking() {
		t.Error("the learner gave up")
	}
}

func TestTime_Learner(t *testing.T) {
	start := func() *lone { return newLone(t, 1, Durable{}) }
	l := start()
	l.follow()
	l.wantLasts("LEADERINFO", testInit, l.looking)

	l = start()
	l.promise()
	l.ticks(50)
	l.receive(1, Diff, 0)
	l.ticks(testInit - 1)
	l.proposes(true, at(1, 1))
	l.wantLasts("the rest of the history", testInit, l.looking)

	l = start()
	l.promise()
	l.receive(1, Diff, 0)
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.ticks(testSync - 1)
	l.receive(1, Ping, 0)
	l.wantLasts("UPTODATE", testSync, l.looking)

	l = start()
	l.promise()
	l.receive(1, Diff, 0)
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	l.receive(1, UpToDate, -1)
	l.wantLasts("a PING", testSync, l.looking)
}

func TestTime_Dialling(t *testing.T) {
	refused := func(l *lone) {
		l.t.Helper()
		for id := ServerID(2); id <= 3; id++ {
			state := Following
			if id == 3 {
				state = Leading
			}
			l.Notified(Notification{From: id, State: state, Round: 7, Version: 2, Vote: Vote{Leader: 3, Epoch: 9}})
		}
		l.pump()
	}
	l := newLone(t, 1, Durable{}, func(c *Config) { c.RetryWait = 10 })
	refused(l)
	for i, wait := range []int{1, 2, 4, 8, 10, 10} {
		l.DialFailed()
		l.pump()
		l.wantLasts("the wait before another dial", wait, func() bool { return l.dials == i+2 })
	}
	l.DialFailed()
	l.pump()
	if !l.looking() {
		t.Errorf("still dials after %d times", l.dials)
	}

	l = newLone(t, 1, Durable{}, func(c *Config) { c.ConnectLimit = 3 })
	refused(l)
	l.wantLasts("a dial without an answer", 3*ticksPerTick, l.looking)
}

// A learner that waits for the leader's quorum hears that the leader is there, and the leader waits for it.
func TestTime_WaitingForTheQuorum(t *testing.T) {
	l := newLone(t, 1, Durable{}, func(c *Config) { c.Members = append(c.Members, Member{ID: 5}, Member{ID: 6}) })
	for _, id := range []ServerID{2, 3} {
		l.Notified(Notification{From: id, State: Looking, Round: l.election.round, Version: 2, Vote: Vote{Leader: 1}})
	}
	l.ticks(1)
	l.connects(2, 2, 0)
	l.joins(3, 3, 0, 0)
	l.receiveData(2, AckEpoch, 0, i32(0))
	l.persist()
	l.receive(2, Ack, epochZxid(1))
	for range 80 / 5 {
		l.sent = nil
		l.ticks(5)
		l.wantSent("2: PING 0x0", "3: PING 0x0")
	}
	if len(l.links) != 0 || l.role.Phase != Synchronization {
		t.Errorf("closed %v, role %+v", l.links, l.role)
	}
}

func TestTime_ObserverWaitsALittle(t *testing.T) {
	waits := map[int64]bool{}
	for seed := range uint64(20) {
		l := newLone(t, 4, Durable{}, func(c *Config) { c.Seed = seed; c.FinalizeWait = 20 })
		l.follow()
		l.LinkDown(1)
		l.pump()
		start := l.now
		for l.waiting && l.now < start+100 {
			l.ticks(1)
		}
		if l.now-start >= 20 {
			t.Errorf("waits for %d ticks", l.now-start)
		}
		waits[l.now-start] = true
	}
	if len(waits) < 5 {
		t.Errorf("all wait for the same time: %v", waits)
	}
}
