package zab

import (
	"math"
	"slices"
	"testing"
)

var testConfig = []byte("server.1=127.0.0.1:2888:3888:participant\nversion=0")

// solo is one election, with what it sends.
type solo struct {
	*election
	t    *testing.T
	sent []Notification
}

// startSolo has server id begin, LOOKING in round 1, with zxid 8 in epoch 1, and forgets what it sent.
func startSolo(t *testing.T, id ServerID, members []Member) *solo {
	t.Helper()
	s := newSolo(t, id, members)
	own := Vote{Leader: id, Zxid: 8, Epoch: 1}
	if !s.q.voter(id) {
		own = Vote{Leader: math.MinInt64, Zxid: math.MinInt64, Epoch: math.MinInt64}
	}
	s.start(own)
	s.sent = nil
	return s
}

func newSolo(t *testing.T, id ServerID, members []Member) *solo {
	t.Helper()
	cfg := &Config{ID: id, Members: members, Text: testConfig, FinalizeWait: 5, NotifyMin: 20, NotifyMax: 100}
	q, err := newQuorum(members)
	if err != nil {
		t.Fatal(err)
	}
	s := &solo{t: t}
	s.election = newElection(cfg, q, func(n Notification) { s.sent = append(s.sent, n) })
	return s
}

// hears delivers a notification of today's format and returns to whom something went out because of it.
func (s *solo) hears(from ServerID, st State, round int64, v Vote) []ServerID {
	return s.hearsVersion(2, from, st, round, v)
}

func (s *solo) hearsVersion(version int32, from ServerID, st State, round int64, v Vote) []ServerID {
	s.t.Helper()
	s.sent = nil
	s.receive(&Notification{From: from, To: s.cfg.ID, State: st, Round: round, Vote: v, Version: version, Config: testConfig})
	return s.told()
}

// told is to whom something was sent, and checks that it is what the server stands for.
func (s *solo) told() []ServerID {
	s.t.Helper()
	var to []ServerID
	for _, n := range s.sent {
		to = append(to, n.To)
		if n.From != s.cfg.ID || n.Version != 2 || string(n.Config) != string(testConfig) {
			s.t.Errorf("sent %+v", n)
		}
	}
	return to
}

func (s *solo) wantTold(got []ServerID, want ...ServerID) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Fatalf("told %v, want %v", got, want)
	}
}

func (s *solo) wantVote(round int64, v Vote) {
	s.t.Helper()
	if s.round != round || s.vote != v {
		s.t.Fatalf("round %d, vote %v; want round %d, vote %v", s.round, s.vote, round, v)
	}
}

func (s *solo) wantLooking() {
	s.t.Helper()
	if st, v, ok := s.decided(); ok || s.state != Looking {
		s.t.Fatalf("decided: %v, %v", st, v)
	}
}

func (s *solo) wantDecided(st State, v Vote) {
	s.t.Helper()
	if gotState, gotVote, ok := s.decided(); !ok || gotState != st || gotVote != v {
		s.t.Fatalf("decided: %v, %v, %v; want %v, %v", gotState, gotVote, ok, st, v)
	}
}

func (s *solo) ticks(n int) {
	for range n {
		s.tick()
	}
}

// vote is one with epoch 1.
func vote(leader ServerID, zxid Zxid) Vote { return Vote{Leader: leader, Zxid: zxid, Epoch: 1} }
