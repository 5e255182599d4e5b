package zab

import (
	"fmt"
	"slices"
	"testing"
)

// lone is one core of an ensemble of which the test plays the rest. What it sends is kept as text, its disk writes when
// the test says so.
type lone struct {
	*Core
	t     *testing.T
	role  Role
	links []LinkID // closed
	sent  []string
	ops   []DiskOp
	given []Zxid
	dials int
	ready Ready // the last one
}

// newLone is server 1 of three voters and an observer, 4.
func newLone(t *testing.T, id ServerID, d Durable, change ...func(*Config)) *lone {
	t.Helper()
	cfg := Config{ID: id, Members: []Member{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4, Observer: true}}, Text: testConfig,
		TickTime: ticksPerTick, InitLimit: 10, SyncLimit: 5, NotifyMin: 5, NotifyMax: 50, RetryWait: 2, CommitLogCount: 500,
		CommitLogBytes: 1 << 20}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	l := &lone{Core: c, t: t}
	l.pump()
	return l
}

func (l *lone) pump() {
	for r, ok := l.Ready(); ok; r, ok = l.Ready() {
		l.ready = r
		if r.Role != nil {
			l.role = *r.Role
		}
		if r.Dial != nil {
			l.dials++
		}
		l.links = append(l.links, r.Close...)
		l.ops = append(l.ops, r.Disk...)
		for _, o := range r.Send {
			l.sent = append(l.sent, describe(o))
		}
		for _, e := range r.Commit {
			l.given = append(l.given, e.Zxid)
		}
		for _, p := range r.Probe {
			l.sent = append(l.sent, fmt.Sprintf("%d: probe %s", p.Link, p.Zxid))
		}
		for _, token := range r.Confirmed {
			l.sent = append(l.sent, fmt.Sprintf("confirmed %d", token))
		}
	}
}

func describe(o Outgoing) string {
	if o.LogTo != 0 {
		return fmt.Sprintf("%d: files %s-%s", o.Link, o.LogFrom, o.LogTo)
	}
	s := fmt.Sprintf("%d: %s %s", o.Link, o.Packet.Type, o.Packet.Zxid)
	if o.Packet.Type == AckEpoch {
		v, _ := readI32(o.Packet.Data)
		s += fmt.Sprintf(" epoch %d", v)
	}
	return s
}

// lead makes it the leader by the votes of the others.
func (l *lone) lead() {
	l.t.Helper()
	for id := ServerID(2); id <= 3; id++ {
		l.Notified(Notification{From: id, To: l.cfg.ID, State: Looking, Round: l.election.round, Version: 2,
			Vote: Vote{Leader: l.cfg.ID, Zxid: l.log.last(), Epoch: l.current}})
	}
	l.pump()
	if l.role.State != Leading {
		l.t.Fatalf("role %+v", l.role)
	}
	l.links = nil
}

// leadAll brings it to broadcast with server 2 behind link 2, at the same history.
func (l *lone) leadAll() {
	l.t.Helper()
	l.lead()
	l.joins(2, 2, l.log.last(), l.current)
	l.persist()
	l.receive(2, Ack, epochZxid(l.leader.epoch))
	if l.role.Phase != Broadcast {
		l.t.Fatalf("role %+v", l.role)
	}
	l.sent = nil
}

// joins brings a learner as far as it gets before it has to acknowledge NEWLEADER.
func (l *lone) joins(k LinkID, id ServerID, last Zxid, current int64) {
	l.t.Helper()
	l.connects(k, id, current)
	l.persist()
	l.receiveData(k, AckEpoch, last, i32(current))
}

func (l *lone) connects(k LinkID, id ServerID, accepted int64) {
	l.t.Helper()
	kind := FollowerInfo
	if id == 4 {
		kind = ObserverInfo
	}
	l.LinkUp(k)
	l.receiveData(k, kind, epochZxid(accepted), learnerInfo(id))
}

// follow makes it a learner of server 3, which it has reached by link 1.
func (l *lone) follow() {
	l.t.Helper()
	for id := ServerID(2); id <= 3; id++ {
		state := Following
		if id == 3 {
			state = Leading
		}
		l.Notified(Notification{From: id, To: l.cfg.ID, State: state, Round: 7, Version: 2, Vote: Vote{Leader: 3, Epoch: 9}})
	}
	l.pump()
	if l.dials != 1 {
		l.t.Fatalf("role %+v, %d dials", l.role, l.dials)
	}
	l.LinkUp(1)
	l.pump()
}

// promise takes it through discovery with epoch 5.
func (l *lone) promise() {
	l.t.Helper()
	l.follow()
	l.receiveData(1, LeaderInfo, epochZxid(5), i32(protocolVersion))
	l.persist()
	l.sent = nil
}

func (l *lone) receive(k LinkID, kind PacketType, z Zxid) {
	l.t.Helper()
	l.receiveData(k, kind, z, nil)
}

func (l *lone) receiveData(k LinkID, kind PacketType, z Zxid, data []byte) {
	l.t.Helper()
	l.Receive(k, &Packet{Type: kind, Zxid: z, Data: data})
	l.pump()
}

// proposes delivers proposals, each followed by its COMMIT if so wanted.
func (l *lone) proposes(commit bool, zs ...Zxid) {
	l.t.Helper()
	for _, z := range zs {
		l.receiveData(1, Proposal, z, []byte(z.String()))
		if commit {
			l.receive(1, Commit, z)
		}
	}
}

func (l *lone) propose(n int) {
	l.t.Helper()
	for range n {
		if err := l.Propose(func(z Zxid) []byte { return []byte(z.String()) }); err != nil {
			l.t.Fatal(err)
		}
	}
	l.pump()
}

// persist makes everything durable that has been handed out.
func (l *lone) persist() {
	for len(l.ops) > 0 {
		seq := l.ops[len(l.ops)-1].Seq
		l.ops = nil
		l.Persisted(seq)
		l.pump()
	}
}

func (l *lone) ticks(n int) {
	for range n {
		l.Tick()
		l.pump()
	}
}

// disk is what was handed out and is not durable yet.
func (l *lone) wantDisk(want ...string) {
	l.t.Helper()
	var got []string
	for _, op := range l.ops {
		switch op.Kind {
		case AppendTxn:
			got = append(got, "log "+op.Entry.Zxid.String())
		case WriteAccepted:
			got = append(got, fmt.Sprint("accepted ", op.Epoch))
		case WriteCurrent:
			got = append(got, fmt.Sprint("current ", op.Epoch))
		case TruncateLog:
			got = append(got, "cut "+op.Zxid.String())
		case InstallSnapshot:
			got = append(got, fmt.Sprintf("install %s of %d", op.Zxid, op.Link))
		}
	}
	if !slices.Equal(got, want) {
		l.t.Fatalf("disk:\n got %v\nwant %v", got, want)
	}
}

// wantSent checks what was sent since the last call.
func (l *lone) wantSent(want ...string) {
	l.t.Helper()
	if !slices.Equal(l.sent, want) {
		l.t.Fatalf("sent:\n got %q\nwant %q", l.sent, want)
	}
	l.sent = nil
}

func (l *lone) wantGiven(want ...Zxid) {
	l.t.Helper()
	if !slices.Equal(l.given, want) {
		l.t.Fatalf("given out: %v, want %v", l.given, want)
	}
	l.given = nil
}

// wantLost checks that the term has ended because of what came, and the link with it.
func (l *lone) wantLost(what string) {
	l.t.Helper()
	if l.role.State != Looking || len(l.links) != 1 {
		l.t.Errorf("%s: role %+v, closed %v", what, l.role, l.links)
	}
}

// at is a zxid.
func at(epoch int64, counter uint32) Zxid { return epochZxid(epoch) + Zxid(counter) }
