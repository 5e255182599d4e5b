package zab

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// stages are cores in every step of either role, each with a link 1 to whoever is to be heard.
var stages = []struct {
	name string
	core func(*testing.T) *lone
}{
	{"looking", func(t *testing.T) *lone { return newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)}) }},
	{"greeting", func(t *testing.T) *lone {
		l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
		l.follow()
		return l
	}},
	{"promised", func(t *testing.T) *lone {
		l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
		l.promise()
		return l
	}},
	{"syncing", func(t *testing.T) *lone { return stageSyncing(t, 1, Diff, at(3, 7)) }},
	{"syncing by TRUNC", func(t *testing.T) *lone { return stageSyncing(t, 1, Trunc, at(3, 6)) }},
	{"syncing by SNAP", func(t *testing.T) *lone { return stageSyncing(t, 1, Snap, at(3, 9)) }},
	{"observer syncing", func(t *testing.T) *lone { return stageSyncing(t, 4, Snap, at(3, 9)) }},
	{"saving", func(t *testing.T) *lone {
		l := stageSyncing(t, 1, Diff, at(3, 7))
		l.receive(1, NewLeader, epochZxid(5))
		return l
	}},
	{"saved", func(t *testing.T) *lone { return stageServing(t, 1, false) }},
	{"serving", func(t *testing.T) *lone { return stageServing(t, 1, true) }},
	{"observer serving", func(t *testing.T) *lone { return stageServing(t, 4, true) }},
	{"leader: discovery", func(t *testing.T) *lone {
		l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
		l.lead()
		l.LinkUp(1)
		return l
	}},
	{"leader: informed", func(t *testing.T) *lone {
		l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
		l.lead()
		l.connects(1, 2, 3)
		l.persist()
		return l
	}},
	{"leader: planned", func(t *testing.T) *lone {
		l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
		l.lead()
		l.joins(1, 2, at(3, 7), 3)
		return l
	}},
	{"leader: late learner", func(t *testing.T) *lone { l := stageLeading(t); l.LinkUp(1); return l }},
	{"leader: probing", func(t *testing.T) *lone { l := stageLeading(t); l.joins(1, 3, at(3, 1), 3); return l }},
	{"leader: active", func(t *testing.T) *lone {
		l := stageLeading(t)
		l.joins(1, 3, at(3, 7), 3)
		l.receive(1, Ack, epochZxid(4))
		return l
	}},
}

func stageSyncing(t *testing.T, id ServerID, kind PacketType, z Zxid) *lone {
	l := newLone(t, id, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
	l.promise()
	l.receive(1, kind, z)
	l.proposes(true, z+1)
	l.proposes(false, z+2)
	return l
}

func stageServing(t *testing.T, id ServerID, upToDate bool) *lone {
	l := stageSyncing(t, id, Diff, at(3, 7))
	l.receive(1, NewLeader, epochZxid(5))
	l.persist()
	if upToDate {
		l.receive(1, UpToDate, -1)
	}
	return l
}

func stageLeading(t *testing.T) *lone {
	l := newLone(t, 1, Durable{Accepted: 3, Current: 3, Last: at(3, 7)})
	l.leadAll()
	l.propose(2)
	return l
}

// TestGarbage_EveryTypeInEveryStep: a packet of whatever type is taken or ends the link, and what it wants of the disk
// is in order.
func TestGarbage_EveryTypeInEveryStep(t *testing.T) {
	zxids := []Zxid{-1, 0, 1, at(3, 7), at(3, 8), at(4, 0), at(4, 1), at(4, 2), at(4, 3), at(5, 0), at(5, 1), at(5, 2),
		at(maxEpoch, 0), at(maxEpoch, 0xffffffff), -1 << 63}
	datas := [][]byte{nil, {}, {1}, {0, 0, 0, 3}, {0xff, 0xff, 0xff, 0xff}, learnerInfo(2), learnerInfo(3)[:8], learnerInfo(-1)[:12],
		make([]byte, 100)}
	for _, s := range stages {
		for kind := PacketType(-1); kind <= 21; kind++ {
			for _, z := range zxids {
				for _, data := range datas {
					l := s.core(t)
					l.receiveData(1, kind, z, data)
					l.sane(s.name)
				}
			}
		}
	}
}

// sane checks what holds whatever has been heard.
func (l *lone) sane(what string) {
	l.t.Helper()
	l.persist()
	l.ticks(1)
	st := l.Status()
	if st.Committed > st.Logged || st.Persisted != st.Logged || st.Current > st.Accepted {
		l.t.Fatalf("%s: %+v", what, st)
	}
	if (l.leader != nil) != (l.role.State == Leading) || (l.learner != nil) != (l.role.State == Following || l.role.State == Observing) {
		l.t.Fatalf("%s: role %+v", what, l.role)
	}
}

func TestGarbage_Random(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 2))
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		garbageCore(t, b)
	}
}

func FuzzCore(f *testing.F) {
	for i := range stages {
		f.Add([]byte{byte(i), 2, 1, 1, 3, 4, 1, 0, 10, 5, 0, 0})
	}
	f.Fuzz(garbageCore)
}

// garbageCore has a core in some stage hear what the bytes say.
func garbageCore(t *testing.T, b []byte) {
	if len(b) == 0 {
		return
	}
	s := stages[int(b[0])%len(stages)]
	l := s.core(t)
	for b = b[1:]; len(b) >= 4; b = b[4:] {
		z := at(3+int64(b[1]%4), uint32(b[2]%12))
		k := LinkID(1 + b[3]%3)
		switch b[0] % 32 {
		case 21:
			l.LinkUp(k)
		case 22:
			l.LinkDown(k)
		case 23:
			l.DialFailed()
		case 24:
			l.Probed(k, ProbeResult{Found: b[1] < 128, Before: z})
		case 25:
			if len(l.ops) > 0 {
				n := int(b[1]) % len(l.ops)
				seq := l.ops[n].Seq
				l.ops = l.ops[n+1:]
				l.Persisted(seq)
			}
		case 26:
			l.Persisted(uint64(b[1])) // too early, or long ago
		case 27:
			l.ticks(int(b[1]))
		case 28:
			_ = l.Propose(func(Zxid) []byte { return b[:2] })
		case 29:
			_ = l.Confirm(uint64(b[1]))
		case 30:
			l.Notified(Notification{From: ServerID(b[1] % 6), State: State(b[2] % 5), Round: int64(b[3] % 8),
				Vote: Vote{Leader: ServerID(b[3] % 5), Zxid: z, Epoch: z.Epoch()}, Version: 2})
		case 31:
			l.LinkAlive(k)
		default:
			l.Receive(k, &Packet{Type: PacketType(b[0] % 32), Zxid: z, Data: garbageData(b)})
		}
		l.pump()
	}
	l.sane(s.name)
}

func garbageData(b []byte) []byte {
	switch b[1] % 5 {
	case 0:
		return nil
	case 1:
		return learnerInfo(ServerID(b[2] % 6))
	case 2:
		return i32(int64(b[2]%8) - 1)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(b[2]))
}
