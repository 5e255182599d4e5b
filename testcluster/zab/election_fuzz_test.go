package zab

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// garbage is a notification that may be anything, more often than not nearly sensible.
func garbage(from ServerID, rng *rand.Rand) *Notification {
	number := func() int64 {
		switch rng.IntN(8) {
		case 0:
			return math.MinInt64
		case 1:
			return math.MaxInt64
		case 2:
			return int64(rng.Uint64())
		}
		return rng.Int64N(10) - 2
	}
	return &Notification{
		From: from, To: ServerID(number()), State: State(rng.IntN(6) - 1), Round: number(), Version: int32(number()),
		Vote:   Vote{Leader: ServerID(number()), Zxid: Zxid(number()), Epoch: number()},
		Config: make([]byte, rng.IntN(3)),
	}
}

// checkGarbage feeds one election with inputs and sees that it stays what it is: its sends come from itself, there are no
// more of them than one to each voter and one answer, it remembers nobody new, and whom it decides on may lead.
func checkGarbage(t *testing.T, id ServerID, members []Member, steps int, rng *rand.Rand) {
	s := startSolo(t, id, members)
	voters := len(s.q.ids())
	for range steps {
		s.sent = nil
		from := ServerID(rng.IntN(12) - 2)
		switch rng.IntN(12) {
		case 0:
			s.reachable(from, rng.IntN(2) == 0)
		case 1:
			s.tick()
		case 2:
			if st, v, ok := s.decided(); ok {
				s.settle(st, v)
			} else if !s.looking() || rng.IntN(20) == 0 {
				s.start(s.own)
			}
		default:
			s.receive(garbage(from, rng))
		}
		s.told()
		if len(s.sent) > voters+1 {
			t.Fatalf("%d notifications at once", len(s.sent))
		}
		if st, v, ok := s.decided(); ok {
			leads := v.Leader == id
			if s.q.weight(v.Leader) == 0 || leads != (st == Leading) || st == Looking {
				t.Fatalf("decided on %v, %v", st, v)
			}
		}
		for _, p := range s.peers {
			if p.said != nil && p.said.Config != nil {
				t.Fatal("keeps a configuration")
			}
		}
	}
	if len(s.peers) > voters {
		t.Fatalf("remembers %d", len(s.peers))
	}
	checkRecovers(t, s)
}

// checkRecovers has everybody be reasonable again: the server joins their leader.
func checkRecovers(t *testing.T, s *solo) {
	ids := s.q.ids()
	leader := ids[0]
	if leader == s.cfg.ID {
		leader = ids[1]
	}
	s.start(s.own)
	for _, id := range ids {
		if id != leader && id != s.cfg.ID {
			s.hears(id, Following, 3, Vote{Leader: leader, Zxid: 8, Epoch: 1})
		}
	}
	s.hears(leader, Leading, 3, Vote{Leader: leader, Zxid: 8, Epoch: 1})
	if st, v, ok := s.decided(); !ok || v.Leader != leader || st == Leading {
		t.Fatalf("does not find the leader: %v, %v, %v", st, v, ok)
	}
}

func garbageMembers(kind int) []Member {
	switch kind % 3 {
	case 0:
		return append(voters(1, 2, 3), Member{ID: 4, Observer: true})
	case 1:
		return voters(1, 2, 3, 4, 5)
	}
	return append(nine[:9:9], Member{ID: 10, Observer: true})
}

func TestGarbage(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 18))
		checkGarbage(t, ServerID(1+rng.IntN(5)), garbageMembers(int(seed)), 1000, rng)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzGarbage(f *testing.F) {
	f.Add(uint64(1), uint8(0), uint8(1))
	f.Add(uint64(2), uint8(1), uint8(2))
	f.Add(uint64(3), uint8(2), uint8(9))
	f.Fuzz(func(t *testing.T, seed uint64, kind, id uint8) {
		checkGarbage(t, ServerID(id%10)+1, garbageMembers(int(kind)), 300, rand.New(rand.NewPCG(seed, 19)))
	})
}

// FuzzReceive takes the notifications' fields from the input itself.
func FuzzReceive(f *testing.F) {
	field := binary.BigEndian.AppendUint64
	f.Add(field(field(field(field(field(nil, 3<<8), 3), 8), 1), 1))
	f.Add(field(field(field(field(field(nil, 3<<8|2), 3), 8), 1), 1))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := startSolo(t, 2, append(voters(1, 2, 3), Member{ID: 4, Observer: true}))
		for ; len(in) >= 40; in = in[40:] {
			at := func(i int) int64 { return int64(binary.BigEndian.Uint64(in[8*i:])) }
			s.sent = nil
			s.receive(&Notification{From: ServerID(int8(in[6])), State: State(int8(in[7])), Version: int32(in[5]),
				Vote: Vote{Leader: ServerID(at(1)), Zxid: Zxid(at(2)), Epoch: at(4)}, Round: at(3)})
			if len(s.sent) > 3 {
				t.Fatalf("%d notifications at once", len(s.sent))
			}
			if st, v, ok := s.decided(); ok && (!s.q.voter(v.Leader) || st == Looking) {
				t.Fatalf("decided on %v, %v", st, v)
			}
		}
	})
}

// While processes that are in nobody's configuration talk nonsense, every message between the others is the same.
func TestSim_StrangersDoNotMatter(t *testing.T) {
	run := func(seed uint64, strangers bool) string {
		b := newBag(t, seed, append(voters(1, 2, 3, 4, 5), Member{ID: 6, Observer: true}))
		rng := rand.New(rand.NewPCG(seed, 20))
		for range 40 {
			for _, n := range b.nodes {
				for k := 0; strangers && n.up && k < 5; k++ {
					n.e.receive(garbage([]ServerID{-1, 7, 1 << 60}[rng.IntN(3)], rng))
					n.take()
				}
			}
			b.chaos(10)
		}
		checkUnites(t, seed, b)
		return b.sum()
	}
	for seed := range uint64(10) {
		if with, without := run(seed, true), run(seed, false); with != without {
			t.Errorf("seed %d: %s with strangers, %s without", seed, with, without)
		}
	}
}
