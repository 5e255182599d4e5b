package ensemble_test

import (
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestExcused: who has a majority near must serve, though not soon where the leader may be behind a cut.
func TestExcused(t *testing.T) {
	nodes := func(groups ...[]int) []ensemble.Node {
		list := []ensemble.Node{{ID: 1, State: ensemble.Running}, {ID: 2, State: ensemble.Running}, {ID: 3, State: ensemble.Running}}
		if len(groups) > 0 {
			if err := (ensemble.Partition{Groups: groups}).Apply(list); err != nil {
				t.Fatal(err)
			}
		}
		return list
	}
	for _, c := range []struct {
		what  string
		nodes []ensemble.Node
		after time.Duration
		want  bool
	}{
		{"whole", nodes(), time.Hour, false},
		{"alone", nodes([]int{1}, []int{2, 3}), 0, true},
		{"one link cut", nodes([]int{1}, []int{3}), time.Second, false},
		{"one link cut for long", nodes([]int{1}, []int{3}), time.Minute, true},
	} {
		if got := ensemble.Excused(c.nodes, 1, c.after); got != c.want {
			t.Errorf("%s: node 1 is excused: %v", c.what, got)
		}
	}
}
