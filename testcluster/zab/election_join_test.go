package zab

import (
	"fmt"
	"testing"
)

func TestJoin_ARunningLeader(t *testing.T) {
	for _, round := range []int64{1, 5, -3} { // its own, a later one, and an earlier one
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			s := startSolo(t, 4, voters(1, 2, 3, 4, 5))
			led := Vote{Leader: 3, Zxid: 2, Epoch: 1}
			s.hears(1, Following, round, led)
			s.hears(2, Following, round, led)
			s.hears(5, Following, round, led)
			s.wantLooking() // nobody leads
			s.hears(3, Leading, round, led)
			s.wantDecided(Following, led)
			if s.round != round {
				t.Errorf("round %d, want the ensemble's, %d", s.round, round)
			}
		})
	}
}

func TestJoin_NeedsAQuorum(t *testing.T) {
	s := startSolo(t, 4, voters(1, 2, 3, 4, 5))
	s.hears(3, Leading, 5, vote(3, 8))
	s.hears(1, Following, 5, vote(3, 8))
	s.ticks(15)
	s.wantLooking()
	s.hears(3, Leading, 5, vote(3, 8)) // the same twice
	s.wantLooking()
	s.hears(2, Following, 6, vote(3, 8)) // the round does not matter
	s.wantDecided(Following, vote(3, 8))
}

// Those who are LOOKING follow nobody in another round, and who OBSERVES has no vote.
func TestJoin_OnlySettledVotersCount(t *testing.T) {
	s := startSolo(t, 5, voters(1, 2, 3, 4, 5))
	s.hears(2, Looking, 1, vote(3, 9))
	s.hears(1, Observing, 5, vote(3, 9))
	s.hears(4, Following, 5, vote(3, 9))
	s.hears(3, Leading, 5, vote(3, 9))
	s.hears(1, State(7), 5, vote(3, 9))
	s.ticks(15)
	s.wantLooking()
	s.hears(1, Following, 5, vote(3, 9))
	s.wantDecided(Following, vote(3, 9))
}

// In the server's own round LOOKING votes and its own one count too, if they are exactly the leader's.
func TestJoin_InItsOwnRound(t *testing.T) {
	s := startSolo(t, 1, voters(1, 2, 3, 4, 5))
	s.hears(3, Looking, 1, vote(3, 8))
	s.hears(3, Leading, 1, vote(3, 8))
	s.wantLooking()
	s.hears(2, Following, 1, Vote{Leader: 3, Zxid: 8, Epoch: 2}) // synchronised: the new epoch
	s.wantLooking()                                              // 2 and 3, this vote is not exactly 2's
	s.hears(3, Leading, 1, vote(3, 8))
	s.wantDecided(Following, vote(3, 8)) // 3, 2 and this server
}

func TestJoin_EpochsMustAgreeAcrossRounds(t *testing.T) {
	s := startSolo(t, 1, voters(1, 2, 3))
	s.hears(2, Following, 5, Vote{Leader: 3, Zxid: 8, Epoch: 1})
	s.hears(3, Leading, 5, Vote{Leader: 3, Zxid: 8, Epoch: 2})
	s.wantLooking()
	s.hears(2, Following, 5, Vote{Leader: 3, Zxid: 6, Epoch: 2})
	s.wantDecided(Following, Vote{Leader: 3, Zxid: 6, Epoch: 2})
}

// Version 0 is a server of before 3.4.6, whose peerEpoch is not to be relied on; but two of them are alike.
func TestJoin_Version0(t *testing.T) {
	for _, tt := range []struct {
		follower, leader int32
		joins            bool
	}{{0, 2, true}, {2, 0, true}, {0, 1, true}, {0, 0, false}, {1, 2, false}, {2, 2, false}} {
		s := startSolo(t, 1, voters(1, 2, 3))
		s.hearsVersion(tt.follower, 2, Following, 5, Vote{Leader: 3, Zxid: 8, Epoch: 1})
		s.hearsVersion(tt.leader, 3, Leading, 5, Vote{Leader: 3, Zxid: 8, Epoch: 2})
		if _, _, ok := s.decided(); ok != tt.joins {
			t.Errorf("follower's version %d, leader's %d: joined %v", tt.follower, tt.leader, ok)
		}
	}
}

// The others follow this server, which has been away: it leads only if they mean this round.
func TestJoin_AsTheLeader(t *testing.T) {
	s := startSolo(t, 3, voters(1, 2, 3))
	s.hears(1, Following, 4, vote(3, 8))
	s.hears(2, Following, 4, vote(3, 8))
	s.wantLooking()
	s.hears(1, Following, 1, vote(3, 8))
	s.wantDecided(Leading, vote(3, 8))
}

func TestLivelock_NobodyFollowsADeadLeader(t *testing.T) {
	for _, round := range []int64{1, 4} {
		s := startSolo(t, 1, voters(1, 2, 3, 4, 5))
		for _, id := range []ServerID{2, 3, 4} {
			s.hears(id, Following, round, vote(5, 8))
		}
		s.hears(5, Following, round, vote(2, 8)) // it follows another, and they have not noticed
		s.hears(4, Following, round, vote(5, 8))
		s.ticks(15)
		s.wantLooking()
		s.wantVote(1, vote(1, 8)) // nor does what settled servers say change the vote
	}
}

// ZOOKEEPER-3537: that 5 has led in round 6 does not make it the leader of round 7.
func TestLivelock_LeaderOfAnotherRound(t *testing.T) {
	s := startSolo(t, 1, voters(1, 2, 3, 4, 5))
	s.hears(2, Looking, 7, vote(2, 8))
	s.hears(5, Leading, 6, Vote{Leader: 5, Zxid: 8, Epoch: 9})
	for _, id := range []ServerID{2, 3, 4} {
		s.hears(id, Following, 7, Vote{Leader: 5, Zxid: 8, Epoch: int64(id)}) // alike in this round alone
	}
	s.ticks(15)
	s.wantLooking()
	s.hears(5, Leading, 7, Vote{Leader: 5, Zxid: 8, Epoch: 9})
	s.wantDecided(Following, Vote{Leader: 5, Zxid: 8, Epoch: 9})
}

func TestLivelock_LeaderHasGivenUp(t *testing.T) {
	s := startSolo(t, 1, voters(1, 2, 3))
	s.start(vote(1, 8))
	s.hears(3, Leading, 6, vote(3, 8))
	s.hears(3, Looking, 1, vote(3, 8)) // restarted
	s.hears(2, Following, 6, vote(3, 8))
	s.ticks(15)
	s.wantLooking()
}
