package zab

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func voters(ids ...ServerID) []Member {
	ms := make([]Member, len(ids))
	for i, id := range ids {
		ms[i] = Member{ID: id}
	}
	return ms
}

// grouped has servers 1, 2, 3 ... with one {group, weight} each.
func grouped(gw ...[2]int64) []Member {
	ms := make([]Member, len(gw))
	for i, x := range gw {
		ms[i] = Member{ID: ServerID(i + 1), Group: x[0], Weight: x[1]}
	}
	return ms
}

var nine = grouped([2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 1}, [2]int64{2, 1}, [2]int64{2, 1}, [2]int64{2, 1},
	[2]int64{3, 1}, [2]int64{3, 1}, [2]int64{3, 1})

func TestQuorumHas(t *testing.T) {
	withObserver := append(voters(1, 2, 3), Member{ID: 4, Observer: true, Group: 7, Weight: 9})
	uneven := grouped([2]int64{1, 3}, [2]int64{1, 1}, [2]int64{1, 1}, [2]int64{2, 1})
	weightless := grouped([2]int64{1, 1}, [2]int64{2, 1}, [2]int64{3, 0}, [2]int64{3, 0})
	threeAndOne := grouped([2]int64{1, 1}, [2]int64{2, 1}, [2]int64{3, 1}, [2]int64{4, 0})
	even := grouped([2]int64{1, 2}, [2]int64{1, 2})
	for _, tt := range []struct {
		name    string
		members []Member
		acks    []ServerID
		want    bool
	}{
		{"nobody", voters(1, 2, 3), nil, false},
		{"1 of 3", voters(1, 2, 3), []ServerID{3}, false},
		{"2 of 3", voters(1, 2, 3), []ServerID{1, 3}, true},
		{"2 of 4 is half", voters(1, 2, 3, 4), []ServerID{1, 2}, false},
		{"3 of 4", voters(1, 2, 3, 4), []ServerID{1, 2, 4}, true},
		{"2 of 5", voters(5, 4, 3, 2, 1), []ServerID{4, 5}, false},
		{"3 of 5", voters(5, 4, 3, 2, 1), []ServerID{1, 4, 5}, true},
		{"the only one", voters(9), []ServerID{9}, true},
		{"an observer does not count", withObserver, []ServerID{1, 4}, false},
		{"an observer does not raise the bar", withObserver, []ServerID{1, 2}, true},
		{"a stranger does not count", voters(1, 2, 3), []ServerID{1, 99, -4}, false},
		{"2 servers in each of 2 groups of 3", nine, []ServerID{1, 2, 8, 9}, true},
		{"a majority of servers in one group too few", nine, []ServerID{1, 2, 3, 4, 7}, false},
		{"one whole group", nine, []ServerID{1, 2, 3}, false},
		{"a heavy server stands for its group", uneven, []ServerID{1, 4}, true},
		{"one of two groups is half", uneven, []ServerID{1, 2, 3}, false},
		{"the light ones do not", uneven, []ServerID{2, 3, 4}, false},
		{"a group without weight does not count", weightless, []ServerID{1, 2}, true},
		{"nor does it raise the bar", threeAndOne, []ServerID{1, 3}, true},
		{"nor does it make up for another", weightless, []ServerID{1, 3, 4}, false},
		{"half of a group's weight", even, []ServerID{1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := newQuorum(tt.members)
			if err != nil {
				t.Fatal(err)
			}
			got := q.has(func(id ServerID) bool { return slices.Contains(tt.acks, id) })
			if got != tt.want {
				t.Errorf("%v of %v: %v, want %v", tt.acks, tt.members, got, tt.want)
			}
		})
	}
}

// Whatever the rule, a set and its complement are never both quorums: that is what makes two quorums meet.
func TestQuorumsIntersect(t *testing.T) {
	for _, members := range [][]Member{voters(1, 2, 3, 4), voters(1, 2, 3, 4, 5), nine,
		grouped([2]int64{1, 2}, [2]int64{1, 2}, [2]int64{2, 0}, [2]int64{3, 5}, [2]int64{3, 1}, [2]int64{-4, 1})} {
		q, err := newQuorum(members)
		if err != nil {
			t.Fatal(err)
		}
		for set := range 1 << len(members) {
			in := func(id ServerID) bool { return set>>(id-1)&1 == 1 }
			if q.has(in) && q.has(func(id ServerID) bool { return !in(id) }) {
				t.Errorf("%v: %b and its complement are quorums", members, set)
			}
		}
		if !q.has(func(ServerID) bool { return true }) {
			t.Errorf("%v: all of them are no quorum", members)
		}
	}
}

func TestQuorumMembers(t *testing.T) {
	q, err := newQuorum([]Member{{ID: 5, Group: 2, Weight: 3}, {ID: 7, Observer: true, Weight: 4}, {ID: 1, Group: 4}, {ID: 3, Group: 1, Weight: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if got := q.ids(); !slices.Equal(got, []ServerID{1, 3, 5}) {
		t.Errorf("ids: %v", got)
	}
	for id, want := range []int64{0, 0, 0, 1, 0, 3, 0, 0} {
		if got := q.weight(ServerID(id)); got != want {
			t.Errorf("weight of %d: %d, want %d", id, got, want)
		}
		if got, want := q.voter(ServerID(id)), id == 1 || id == 3 || id == 5; got != want {
			t.Errorf("voter %d: %v", id, got)
		}
	}
}

func TestNewQuorum_Refuses(t *testing.T) {
	for want, members := range map[string][]Member{
		"no server has a vote":         {{ID: 1, Observer: true}},
		"server 2 is listed twice":     {{ID: 2}, {ID: 1}, {ID: 2, Observer: true}},
		"server 3 is in no group":      {{ID: 1, Group: 1, Weight: 1}, {ID: 3}},
		"server 2 is negative":         {{ID: 1, Group: 1, Weight: 1}, {ID: 2, Group: 1, Weight: -1}},
		"no server has weight":         {{ID: 1, Group: 1}},
		"of server 2 is too great":     {{ID: 1, Group: 1, Weight: math.MaxInt64}, {ID: 2, Group: 2, Weight: 1}},
		"quorum: no server has a vote": nil,
	} {
		if _, err := newQuorum(members); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", members, err, want)
		}
	}
}
