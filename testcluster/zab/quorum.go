package zab

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// quorum is the rule for how many of the voters are enough: a majority of them, or, where they are divided into groups,
// more than half of the weight in more than half of the groups. A plain majority is one group of servers that weigh 1
// each. Any two quorums share a voter.
//
// Source: QuorumMaj, QuorumHierarchical.
type quorum struct {
	// voters are sorted by group and then by id: a group is a run.
	voters []Member
}

// newQuorum takes the rule from the members. Observers' groups and weights mean nothing. An error says which member
// makes no sense.
func newQuorum(members []Member) (*quorum, error) {
	q := &quorum{}
	seen := make(map[ServerID]bool, len(members))
	grouped := 0
	for _, m := range members {
		if seen[m.ID] {
			return nil, fmt.Errorf("quorum: server %d is listed twice", m.ID)
		}
		seen[m.ID] = true
		if m.Observer {
			continue
		}
		q.voters = append(q.voters, m)
		if m.Group != 0 {
			grouped++
		}
	}
	slices.SortFunc(q.voters, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.ID, b.ID))
	})
	switch grouped {
	case 0:
		for i := range q.voters {
			q.voters[i].Weight = 1
		}
	case len(q.voters):
	default:
		i := slices.IndexFunc(q.voters, func(m Member) bool { return m.Group == 0 })
		return nil, fmt.Errorf("quorum: server %d is in no group, others are", q.voters[i].ID)
	}
	return q, q.check()
}

// check refuses weights with which nothing can be decided or summed up.
func (q *quorum) check() error {
	if len(q.voters) == 0 {
		return errors.New("quorum: no server has a vote")
	}
	var sum int64
	for _, m := range q.voters {
		if m.Weight < 0 {
			return fmt.Errorf("quorum: weight %d of server %d is negative", m.Weight, m.ID)
		}
		if m.Weight > math.MaxInt64-sum {
			return fmt.Errorf("quorum: weight %d of server %d is too great", m.Weight, m.ID)
		}
		sum += m.Weight
	}
	if sum == 0 {
		return errors.New("quorum: no server has weight")
	}
	return nil
}

// has says whether the voters for which acks is true are a quorum. It asks once for each voter, always in the same
// order. Groups without weight do not count.
func (q *quorum) has(acks func(ServerID) bool) bool {
	groups, won := 0, 0
	for i := 0; i < len(q.voters); {
		group := q.voters[i].Group
		var total, acked int64
		for ; i < len(q.voters) && q.voters[i].Group == group; i++ {
			m := &q.voters[i]
			total += m.Weight
			if acks(m.ID) {
				acked += m.Weight
			}
		}
		if total > 0 {
			groups++
		}
		if acked > total/2 {
			won++
		}
	}
	return won > groups/2
}

// voter says whether a server takes part in votes.
func (q *quorum) voter(id ServerID) bool { return q.find(id) != nil }

// weight is what a server's vote weighs: 0 of a server that has none.
func (q *quorum) weight(id ServerID) int64 {
	if m := q.find(id); m != nil {
		return m.Weight
	}
	return 0
}

// ids are the voters in ascending order.
func (q *quorum) ids() []ServerID {
	ids := make([]ServerID, len(q.voters))
	for i, m := range q.voters {
		ids[i] = m.ID
	}
	slices.Sort(ids)
	return ids
}

func (q *quorum) find(id ServerID) *Member {
	for i := range q.voters {
		if q.voters[i].ID == id {
			return &q.voters[i]
		}
	}
	return nil
}
