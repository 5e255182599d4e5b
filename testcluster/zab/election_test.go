package zab

import (
	"math"
	"slices"
	"testing"
)

func TestStart_TellsAllOtherVoters(t *testing.T) {
	s := newSolo(t, 2, append(voters(3, 1, 2), Member{ID: 4, Observer: true}))
	s.start(vote(2, 8))
	s.wantTold(s.told(), 1, 3)
	for _, n := range s.sent {
		if n.State != Looking || n.Vote != vote(2, 8) || n.Round != 1 {
			t.Errorf("sent %+v", n)
		}
	}
	s.start(vote(2, 9))
	s.wantVote(2, vote(2, 9))
}

func TestStart_ForgetsTheLastElection(t *testing.T) {
	s := startSolo(t, 1, voters(1, 2, 3))
	s.hears(3, Leading, 7, vote(3, 8))
	s.start(vote(1, 8))
	s.hears(2, Following, 7, vote(3, 8))
	s.wantLooking()
}

func TestStart_AloneDecidesAtOnce(t *testing.T) {
	s := startSolo(t, 7, voters(7))
	s.wantDecided(Leading, vote(7, 8))
}

func TestBetter(t *testing.T) {
	members := grouped([2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 0})
	s := newSolo(t, 1, members)
	for _, tt := range []struct {
		a, b Vote
		want bool
	}{
		{Vote{1, 0, 2}, Vote{2, 9, 1}, true}, // epoch before zxid
		{Vote{2, 9, 1}, Vote{1, 0, 2}, false},
		{Vote{1, 9, 1}, Vote{2, 8, 1}, true}, // zxid before id
		{Vote{2, 8, 1}, Vote{1, 9, 1}, false},
		{Vote{2, 8, 1}, Vote{1, 8, 1}, true},
		{Vote{1, 8, 1}, Vote{2, 8, 1}, false},
		{Vote{1, 8, 1}, Vote{1, 8, 1}, false},
		{Vote{3, 99, 99}, Vote{1, 8, 1}, false}, // without weight
		{Vote{1, 8, 1}, Vote{math.MinInt64, math.MinInt64, math.MinInt64}, true},
		{Vote{99, 99, 99}, Vote{1, 8, 1}, false}, // not a voter
		{Vote{1, 1 << 62, 1}, Vote{1, -1 << 62, 1}, true},
	} {
		if got := s.better(tt.a, tt.b); got != tt.want {
			t.Errorf("better(%v, %v): %v", tt.a, tt.b, got)
		}
	}
}

// The rows of the table in election's comment, for a server that is LOOKING in round 3 with vote (2, 8).
func TestReceive_Looking(t *testing.T) {
	mine := vote(2, 8)
	for _, tt := range []struct {
		name  string
		from  ServerID
		state State
		round int64
		vote  Vote
		told  []ServerID
		after Vote
		in    int64
	}{
		{"later round, better", 3, Looking, 9, vote(3, 8), []ServerID{1, 3, 4, 5}, vote(3, 8), 9},
		{"later round, worse", 1, Looking, 9, vote(1, 8), []ServerID{1, 3, 4, 5}, mine, 9},
		{"same round, better", 3, Looking, 3, vote(3, 8), []ServerID{1, 3, 4, 5}, vote(3, 8), 3},
		{"same round, worse, first", 1, Looking, 3, vote(1, 8), []ServerID{1}, mine, 3},
		{"same round, the same, first", 3, Looking, 3, mine, []ServerID{3}, mine, 3},
		{"earlier round, better", 3, Looking, 2, vote(3, 99), []ServerID{3}, mine, 3},
		{"negative round", 3, Looking, math.MinInt64, vote(3, 99), []ServerID{3}, mine, 3},
		{"for an observer", 3, Looking, 4, vote(6, 99), nil, mine, 3},
		{"for a stranger", 3, Looking, 4, vote(77, 99), nil, mine, 3},
		{"of a server without a database", 3, Looking, 4, vote(3, -1), nil, mine, 3},
		{"settled, better", 3, Following, 3, vote(5, 99), nil, mine, 3},
		{"leading, better, later", 5, Leading, 4, vote(5, 99), nil, mine, 3},
		{"observing", 3, Observing, 4, vote(5, 99), nil, mine, 3},
		{"no state of this world", 3, State(17), 4, vote(5, 99), nil, mine, 3},
		{"from itself", 2, Looking, 4, vote(5, 99), nil, mine, 3},
		{"from itself, in this round", 2, Looking, 3, vote(5, 99), nil, mine, 3},
		{"an observer asks", 6, Looking, 1, vote(math.MinInt64, math.MinInt64), []ServerID{6}, mine, 3},
		{"an observer in a later round, which would answer", 6, Looking, 4, vote(5, 99), nil, mine, 3},
		{"an observer that has settled", 6, Observing, 3, vote(5, 99), nil, mine, 3},
		{"a stranger asks", -77, Looking, 3, vote(5, 99), []ServerID{-77}, mine, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startSolo(t, 2, append(voters(1, 2, 3, 4, 5), Member{ID: 6, Observer: true}))
			s.start(mine)
			s.start(mine)
			s.wantTold(s.hears(tt.from, tt.state, tt.round, tt.vote), tt.told...)
			s.wantVote(tt.in, tt.after)
			s.wantLooking()
		})
	}
}

func TestReceive_SecondOfARoundIsNotAnswered(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3, 4, 5))
	s.wantTold(s.hears(1, Looking, 1, vote(1, 8)), 1)
	s.wantTold(s.hears(1, Looking, 1, vote(1, 8)))
	s.hears(3, Looking, 2, vote(1, 8))
	s.wantTold(s.hears(1, Looking, 2, vote(1, 8)), 1)
	s.wantTold(s.hears(1, Looking, 2, vote(1, 8)))
}

// ZooKeeper: a server whose own database is missing (zxid -1) listens to no LOOKING peer, but joins a leader.
func TestReceive_WithoutADatabase(t *testing.T) {
	s := newSolo(t, 3, voters(1, 2, 3))
	s.start(Vote{Leader: 3, Zxid: -1, Epoch: 0})
	s.wantTold(s.hears(1, Looking, 5, vote(1, 8)))
	s.wantVote(1, Vote{Leader: 3, Zxid: -1, Epoch: 0})
	s.hears(1, Following, 5, vote(2, 8))
	s.hears(2, Leading, 5, vote(2, 8))
	s.wantDecided(Following, vote(2, 8))
}

func TestReceive_SettledAnswersLookingOnly(t *testing.T) {
	for _, st := range []State{Following, Leading} {
		t.Run(st.String(), func(t *testing.T) {
			s := startSolo(t, 2, append(voters(1, 2, 3), Member{ID: 4, Observer: true}))
			s.settle(st, vote(3, 8))
			for _, from := range []ServerID{1, 3, 4, 99} {
				for _, round := range []int64{0, 1, 77} {
					s.wantTold(s.hears(from, Looking, round, vote(1, 99)), from)
					if n := s.sent[0]; n.State != st || n.Vote != vote(3, 8) || n.Round != 1 {
						t.Errorf("sent %+v", n)
					}
				}
				for _, other := range []State{Following, Leading, Observing, 4, -1} {
					s.wantTold(s.hears(from, other, 77, vote(1, 99)))
				}
			}
			s.sent = nil
			s.ticks(1000)
			s.reachable(1, true)
			s.wantTold(s.told())
		})
	}
}

// After synchronisation the vote has the new epoch, so that all members answer alike (ZOOKEEPER-1732).
func TestSettle_Again(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.hears(1, Looking, 1, vote(2, 8))
	s.hears(3, Looking, 1, vote(2, 8))
	s.wantDecided(Leading, vote(2, 8))
	// Even before the core has taken notice the decision stands.
	s.hears(3, Looking, 9, vote(3, 99))
	if n := s.sent[0]; n.State != Leading || n.Round != 1 {
		t.Errorf("sent %+v", n)
	}
	s.settle(Leading, vote(2, 8))
	if _, _, ok := s.decided(); ok {
		t.Error("decided after settle")
	}
	s.settle(Leading, Vote{Leader: 2, Zxid: 8, Epoch: 2})
	s.hears(3, Looking, 1, vote(3, 8))
	if n := s.sent[0]; n.Epoch != 2 || n.Round != 1 {
		t.Errorf("sent %+v", n)
	}
}

func TestSilence(t *testing.T) {
	s := newSolo(t, 2, voters(1, 2, 3))
	silent := func() {
		t.Helper()
		s.wantTold(s.hears(1, Looking, 1, vote(1, 8)))
		s.wantTold(s.hears(99, Looking, 1, vote(1, 8)))
		s.reachable(3, true)
		s.ticks(100)
		s.wantTold(s.told())
		s.wantLooking()
	}
	silent() // before the first start
	s.start(vote(2, 8))
	s.settle(Following, vote(3, 8))
	s.settle(Looking, Vote{}) // its leader is gone, its disk is not done
	silent()
	s.start(vote(2, 9))
	s.wantVote(2, vote(2, 9))
	s.wantTold(s.hears(1, Looking, 2, vote(1, 9)), 1)
}

func TestRoundsStartAnew_AfterTheLast(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.hears(1, Looking, math.MaxInt64, vote(1, 8))
	s.wantVote(math.MaxInt64, vote(2, 8))
	s.start(vote(2, 8))
	s.wantVote(1, vote(2, 8))
}

func TestRepetition_DoublesItsWait(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	var at []int
	repeats := func(n int) {
		at = nil
		for i := 1; i <= n; i++ {
			s.sent = nil
			if s.tick(); len(s.sent) > 0 {
				s.wantTold(s.told(), 1, 3)
				at = append(at, i)
			}
		}
	}
	repeats(400)
	if want := []int{20, 60, 140, 240, 340}; !slices.Equal(at, want) {
		t.Errorf("repeated at %v, want %v", at, want)
	}
	s.sent = nil
	s.reachable(3, true)
	s.wantTold(s.told(), 3)
	repeats(100)
	if want := []int{20, 60}; !slices.Equal(at, want) {
		t.Errorf("somebody reachable: repeated at %v, want %v", at, want)
	}
	s.hears(3, Looking, 1, vote(3, 8)) // tells all
	repeats(79)
	if len(at) > 0 {
		t.Errorf("repeated at %v, sooner than the wait", at)
	}
}

// A late LOOKING of an earlier round does not take away the vote of this one.
func TestEarlierRound_KeepsTheVote(t *testing.T) {
	s := startSolo(t, 3, voters(1, 2, 3, 4, 5))
	s.start(vote(3, 8))
	s.hears(1, Looking, 2, vote(3, 8))
	s.hears(1, Looking, 1, vote(1, 8))
	s.hears(2, Looking, 2, vote(3, 8))
	s.ticks(5)
	s.wantDecided(Leading, vote(3, 8))
}

// A new round is entered with the server's own vote, not with whom it has gone over to before.
func TestLaterRound_BeginsWithItsOwnVote(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3, 4, 5))
	s.hears(3, Looking, 1, vote(5, 99))
	s.wantVote(1, vote(5, 99))
	s.wantTold(s.hears(1, Looking, 4, vote(3, 8)), 1, 3, 4, 5)
	s.wantVote(4, vote(3, 8))
	s.hears(3, Looking, 5, vote(1, 8))
	s.wantVote(5, vote(2, 8))
}

func TestObserver(t *testing.T) {
	none := Vote{Leader: math.MinInt64, Zxid: math.MinInt64, Epoch: math.MinInt64}
	members := append(voters(1, 2, 3), Member{ID: 9, Observer: true})
	t.Run("asks the voters", func(t *testing.T) {
		s := newSolo(t, 9, members)
		s.start(none)
		s.wantTold(s.told(), 1, 2, 3)
		if n := s.sent[0]; n.Vote != none || n.State != Looking {
			t.Errorf("sent %+v", n)
		}
	})
	t.Run("sees an election", func(t *testing.T) {
		s := startSolo(t, 9, members)
		s.hears(1, Looking, 4, vote(1, 8))
		s.hears(2, Looking, 4, vote(2, 8))
		s.wantVote(4, vote(2, 8))
		s.ticks(21) // it has repeated its question once: the next wait is longer
		s.hears(1, Looking, 4, vote(2, 8))
		s.hears(3, Looking, 4, vote(2, 8))
		s.sent = nil
		s.ticks(20)
		s.wantLooking() // votes may have changed without its having been told
		s.wantTold(s.told(), 1, 2, 3)
		s.hears(1, Following, 4, vote(2, 8))
		s.hears(2, Leading, 4, vote(2, 8))
		s.wantDecided(Observing, vote(2, 8))
	})
	t.Run("does not count itself", func(t *testing.T) {
		s := startSolo(t, 9, members)
		s.hears(1, Looking, 1, vote(1, 8))
		s.ticks(15)
		s.wantLooking()
	})
	t.Run("finds a leader", func(t *testing.T) {
		s := startSolo(t, 9, members)
		s.hears(1, Following, 4, vote(2, 8))
		s.hears(2, Leading, 4, vote(2, 8))
		s.wantDecided(Observing, vote(2, 8))
	})
	t.Run("does not lead, whoever says so", func(t *testing.T) {
		s := startSolo(t, 9, members)
		for _, st := range []State{Looking, Following, Leading} {
			for id := range ServerID(4) {
				s.hears(id, st, 1, vote(9, 8))
			}
		}
		s.ticks(15)
		s.wantLooking()
	})
	t.Run("answers nobody", func(t *testing.T) {
		s := startSolo(t, 9, members)
		s.start(none)
		s.wantTold(s.hears(1, Looking, 1, vote(1, 8)))
		s.wantTold(s.hears(99, Looking, 1, vote(1, 8)))
		s.settle(Observing, vote(2, 8))
		s.wantTold(s.hears(1, Looking, 1, vote(1, 8)))
	})
}

// A server without weight cannot win, and its agreement is not needed for a quorum.
func TestWeightless(t *testing.T) {
	members := grouped([2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 0})
	s := startSolo(t, 3, members)
	s.hears(4, Looking, 1, vote(4, 99))
	s.wantVote(1, vote(3, 8))
	s.hears(1, Looking, 1, vote(3, 8))
	s.ticks(5)
	s.wantDecided(Leading, vote(3, 8))

	s = startSolo(t, 4, members)
	s.wantTold(s.hears(3, Looking, 1, vote(3, 9)), 1, 2, 3)
	s.hears(2, Looking, 1, vote(3, 9))
	s.ticks(5)
	s.wantDecided(Following, vote(3, 9))
}

// Whoever talks, only configured voters are remembered, one notification each, without its configuration.
func TestMemory_IsBounded(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	for id := ServerID(-500); id < 500; id++ {
		for _, st := range []State{Looking, Following, Leading, Observing, 9} {
			s.hears(id, st, 1, vote(1, 1))
			s.reachable(id, id%2 == 0)
		}
	}
	if len(s.peers) != 2 {
		t.Errorf("remembers %d", len(s.peers))
	}
	for _, p := range s.peers {
		if p.said != nil && p.said.Config != nil {
			t.Errorf("keeps the configuration of %d", p.id)
		}
	}
}
