package zab

import "testing"

func TestDecision_WaitsForBetterVotes(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.hears(1, Looking, 1, vote(2, 8))
	s.ticks(4)
	s.wantLooking()
	s.tick()
	s.wantDecided(Leading, vote(2, 8))
}

func TestDecision_ABetterVoteStartsTheWaitAgain(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3, 4, 5))
	s.hears(1, Looking, 1, vote(2, 8))
	s.hears(3, Looking, 1, vote(2, 8))
	s.ticks(4)
	s.hears(4, Looking, 1, vote(4, 8))
	s.ticks(10)
	s.wantLooking() // 4 has only 2 and 4
	s.hears(1, Looking, 1, vote(4, 8))
	s.ticks(4)
	s.wantLooking()
	s.tick()
	s.wantDecided(Following, vote(4, 8))
}

func TestDecision_TalkDoesNotProlongTheWait(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	for range 5 {
		s.wantLooking()
		s.hears(1, Looking, 1, vote(2, 8))
		s.hears(3, Observing, 1, vote(3, 8))
		s.tick()
	}
	s.wantDecided(Leading, vote(2, 8))
}

func TestDecision_ABetterVoteWithAQuorumOfItsOwn(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.hears(1, Looking, 1, vote(2, 8))
	s.ticks(4)
	s.hears(3, Looking, 1, vote(3, 8))
	s.ticks(4)
	s.wantLooking()
	s.tick()
	s.wantDecided(Following, vote(3, 8))
}

func TestDecision_FallsWithItsQuorum(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.hears(1, Looking, 1, vote(2, 8))
	s.ticks(4)
	s.hears(1, Following, 7, vote(3, 8)) // it has found another
	s.ticks(100)
	s.wantLooking()
}

func TestDecision_AtOnce(t *testing.T) {
	agree := func(s *solo, id ServerID) { s.hears(id, Looking, s.round, vote(5, 8)) }
	for _, tt := range []struct {
		name   string
		do     func(s *solo)
		atOnce bool
	}{
		{"all agree", func(s *solo) { agree(s, 1); agree(s, 2); agree(s, 3); agree(s, 4) }, true},
		{"one is missing", func(s *solo) { agree(s, 1); agree(s, 2); agree(s, 3) }, false},
		{"one is dead", func(s *solo) { agree(s, 1); agree(s, 2); agree(s, 3); s.reachable(4, false) }, true},
		{"it was known before", func(s *solo) { s.reachable(4, false); agree(s, 1); agree(s, 2); agree(s, 3) }, true},
		{"two are dead", func(s *solo) { s.reachable(4, false); agree(s, 1); s.reachable(2, false); agree(s, 3) }, true},
		{"three are dead: no quorum", func(s *solo) { s.reachable(4, false); s.reachable(2, false); s.reachable(3, false); agree(s, 1) }, false},
		{"it is back", func(s *solo) {
			s.reachable(4, false)
			s.reachable(4, true)
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
		}, false},
		{"it speaks", func(s *solo) {
			s.reachable(4, false)
			s.hears(4, Looking, 1, vote(4, 8))
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
		}, false},
		{"it speaks nonsense", func(s *solo) {
			s.reachable(4, false)
			s.hears(4, State(55), 1, vote(4, 8))
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
		}, false},
		{"one does not agree yet", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Looking, 1, vote(4, 8))
		}, false},
		{"one has settled elsewhere", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Following, 7, vote(3, 8))
		}, false},
		{"one has settled on another in this round", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Following, 1, vote(3, 8))
		}, false},
		{"one has settled on it in another round", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Following, 7, vote(5, 8))
		}, false},
		{"one has settled on it already", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Following, 1, vote(5, 8))
		}, true},
		{"and has synchronised", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Following, 1, Vote{Leader: 5, Zxid: 8, Epoch: 2})
		}, true},
		{"one looks for the same leader with another zxid", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 3)
			s.hears(4, Looking, 1, vote(5, 7))
		}, false},
		{"strangers do not matter", func(s *solo) {
			agree(s, 1)
			agree(s, 2)
			agree(s, 99)
			s.reachable(99, false)
			s.reachable(6, false)
			agree(s, 3)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startSolo(t, 5, append(voters(1, 2, 3, 4, 5), Member{ID: 6, Observer: true}))
			tt.do(s)
			if tt.atOnce {
				s.wantDecided(Leading, vote(5, 8))
				return
			}
			s.wantLooking()
		})
	}
}

func TestDecision_DeathsAreRememberedFromBeforeStart(t *testing.T) {
	s := startSolo(t, 2, voters(1, 2, 3))
	s.settle(Following, vote(3, 8))
	s.reachable(3, false)
	s.start(vote(2, 9))
	s.hears(1, Looking, 2, vote(2, 9))
	s.wantDecided(Leading, vote(2, 9))
}
