package records_test

import (
	"slices"
	"testing"

	"github.com/zoka-project/zoka/testcluster/check/records"
)

func sent(producer, number int, partition int32, offset int64) records.Sent {
	return records.Sent{ID: records.ID{Producer: producer, Number: number}, Partition: partition, Offset: offset, Unknown: offset < 0}
}

func stored(producer, number int, partition int32, offset int64) records.Stored {
	return records.Stored{ID: records.ID{Producer: producer, Number: number}, Partition: partition, Offset: offset}
}

func given(s records.Stored) records.Given { return records.Given{Stored: s, Member: "m"} }

// rules are those that were broken, each once for every time.
func rules(found []records.Problem) []string {
	var names []string
	for _, p := range found {
		names = append(names, p.Rule)
	}
	slices.Sort(names)
	return names
}

func demand(t *testing.T, found []records.Problem, want []string) {
	t.Helper()
	slices.Sort(want)
	if got := rules(found); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v:\n%v", got, want, found)
	}
}

// calls are two producers', in two partitions; the third record of the first was never answered.
var calls = []records.Sent{
	sent(1, 0, 0, 0), sent(1, 1, 1, 0), sent(1, 2, 0, -1), sent(1, 3, 0, 3),
	sent(2, 0, 0, 1), sent(2, 1, 0, 4),
}

// log is what a cluster has that has done nothing wrong.
func log() []records.Stored {
	return []records.Stored{
		stored(1, 0, 0, 0), stored(2, 0, 0, 1), stored(1, 2, 0, 2), stored(1, 3, 0, 3), stored(2, 1, 0, 4),
		stored(1, 1, 1, 0),
	}
}

func TestKept(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func([]records.Stored) []records.Stored
		want []string
	}{
		{"nothing is wrong", func(l []records.Stored) []records.Stored { return l }, nil},
		{"what was not acknowledged may be missing", func(l []records.Stored) []records.Stored { return slices.Delete(l, 2, 3) }, nil},
		{"lost", func(l []records.Stored) []records.Stored { return slices.Delete(l, 4, 5) }, []string{records.Lost}},
		{"all lost", func([]records.Stored) []records.Stored { return nil },
			[]string{records.Lost, records.Lost, records.Lost, records.Lost, records.Lost}},
		{"moved", func(l []records.Stored) []records.Stored { l[4].Offset = 5; return l }, []string{records.Moved}},
		{"twice", func(l []records.Stored) []records.Stored { return slices.Insert(l, 5, stored(2, 1, 0, 5)) }, []string{records.Twice}},
		{"the second one was acknowledged", func(l []records.Stored) []records.Stored {
			l[2] = stored(1, 3, 0, 2)
			return l
		}, []string{records.Twice}},
		{"what was not acknowledged, twice", func(l []records.Stored) []records.Stored {
			return append(l[:5:5], stored(1, 2, 0, 5), l[5])
		}, []string{records.Twice, records.Reordered}},
		{"reordered", func(l []records.Stored) []records.Stored {
			l[2].ID, l[3].ID = l[3].ID, l[2].ID
			return l
		}, []string{records.Moved, records.Reordered}},
		{"in another partition", func(l []records.Stored) []records.Stored { l[5].Partition, l[5].Offset = 0, 5; return l },
			[]string{records.NeverSent, records.Lost, records.Reordered}},
		{"never sent", func(l []records.Stored) []records.Stored { return append(l, stored(9, 0, 1, 1)) }, []string{records.NeverSent}},
		{"an offset twice", func(l []records.Stored) []records.Stored { return slices.Insert(l, 3, stored(3, 0, 0, 2)) },
			[]string{records.SameOffset, records.NeverSent}},
	} {
		t.Run(test.name, func(t *testing.T) { demand(t, records.Kept(calls, test.harm(log())), test.want) })
	}
}

func TestConsumed(t *testing.T) {
	all := func() (g []records.Given) {
		for _, s := range log() {
			g = append(g, given(s))
		}
		return g
	}
	for _, test := range []struct {
		name  string
		given []records.Given
		want  []string
	}{
		{"all once", all(), nil},
		{"some twice", append(all(), all()[:3]...), nil},
		{"one not", slices.Delete(all(), 0, 1), []string{records.Withheld}},
		{"what was not acknowledged not", slices.Delete(all(), 2, 3), nil},
		{"one that is gone", append(all(), given(stored(2, 1, 0, 5))), []string{records.Phantom}},
		{"another than is there", append(all(), given(stored(1, 2, 0, 3))), []string{records.Phantom}},
	} {
		t.Run(test.name, func(t *testing.T) { demand(t, records.Consumed(calls, log(), test.given), test.want) })
	}
}

func replica(who string, batches ...records.Batch) records.Replica {
	return records.Replica{Who: who, Batches: batches}
}

func TestSame(t *testing.T) {
	a, b, c := records.Batch{Base: 0, Next: 3, Bytes: []byte("abc")}, records.Batch{Base: 3, Next: 4, Bytes: []byte("d")}, records.Batch{Base: 4, Next: 6, Bytes: []byte("ef")}
	other := records.Batch{Base: 3, Next: 4, Bytes: []byte("x")}
	long := records.Batch{Base: 0, Next: 4, Bytes: []byte("abcd")}
	for _, test := range []struct {
		name     string
		hw       int64
		replicas []records.Replica
		want     []string
	}{
		{"nothing is there", 0, []records.Replica{replica("1"), replica("2")}, nil},
		{"the same", 6, []records.Replica{replica("1", a, b, c), replica("2", a, b, c), replica("3", a, b, c)}, nil},
		{"above the high watermark", 3, []records.Replica{replica("1", a, b), replica("2", a, other), replica("3", a)}, nil},
		{"other bytes", 6, []records.Replica{replica("1", a, b, c), replica("2", a, b, c), replica("3", a, other, c)}, []string{records.Diverged}},
		{"other batches", 4, []records.Replica{replica("1", a, b), replica("2", long)}, []string{records.Diverged}},
		{"the first has fewer batches", 4, []records.Replica{replica("1", long), replica("2", a, b)}, []string{records.Diverged, records.Diverged}},
		{"short", 6, []records.Replica{replica("1", a, b, c), replica("2", a, b)}, []string{records.Short}},
		{"empty", 6, []records.Replica{replica("1", a, b, c), replica("2")}, []string{records.Short}},
		{"a hole", 6, []records.Replica{replica("1", a, b, c), replica("2", a, c)}, []string{records.Short}},
		{"old segments are gone", 6, []records.Replica{replica("1", a, b, c), replica("2", b, c)}, nil},
		{"of the first too", 6, []records.Replica{replica("1", b, c), replica("2", a, b, c)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) { demand(t, records.Same("t-0", test.hw, test.replicas), test.want) })
	}
}
