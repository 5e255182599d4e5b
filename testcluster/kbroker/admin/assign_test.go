package admin

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// registered are brokers by id, with racks; "" is none.
func registered(racks ...string) map[int32]*kzk.Broker {
	all := map[int32]*kzk.Broker{}
	for id, rack := range racks {
		all[int32(id)] = &kzk.Broker{ID: int32(id), Rack: rack, HasRack: rack != ""}
	}
	return all
}

// The example of AdminUtils' comment: ten partitions of three replicas on five brokers, from broker 0 on.
func TestAssign_KafkasExample(t *testing.T) {
	l := layoutOf(registered("", "", "", "", ""))
	got, err := l.assign(10, 3)
	want := map[int32][]int32{
		0: {0, 1, 2}, 1: {1, 2, 3}, 2: {2, 3, 4}, 3: {3, 4, 0}, 4: {4, 0, 1},
		5: {0, 2, 3}, 6: {1, 3, 4}, 7: {2, 4, 0}, 8: {3, 0, 1}, 9: {4, 1, 2},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// The other example: six brokers in three racks take turns by rack, and every partition has a replica in each rack.
func TestAssign_KafkasExampleWithRacks(t *testing.T) {
	l := layoutOf(registered("rack1", "rack3", "rack3", "rack2", "rack2", "rack1"))
	if !slices.Equal(l.brokers, []int32{0, 3, 1, 5, 4, 2}) {
		t.Fatalf("the order is %v", l.brokers)
	}
	got, err := l.assign(7, 3)
	want := map[int32][]int32{
		0: {0, 3, 1}, 1: {3, 1, 5}, 2: {1, 5, 4}, 3: {5, 4, 2}, 4: {4, 2, 0}, 5: {2, 0, 3}, 6: {0, 4, 2},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAssign_IsEvenAndSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := 1 + r.IntN(9)
		racks := make([]string, n)
		mode := r.IntN(3)
		for i := range racks {
			if mode == 1 || mode == 2 && i > 0 { // 2: not all have one, so racks do not count
				racks[i] = fmt.Sprintf("r%d", r.IntN(3))
			}
		}
		brokers, partitions, replicas := registered(racks...), int32(n*(1+r.IntN(4))), 1+r.IntN(n)
		got, err := newLayout(brokers, r).assign(partitions, replicas)
		if err != nil || len(got) != int(partitions) {
			t.Fatalf("%d partitions, %v", len(got), err)
		}
		leaders, all := map[int32]int{}, map[string]bool{}
		for _, rack := range racks {
			all[rack] = true
		}
		for p, ids := range got {
			used := map[string]bool{}
			for _, id := range ids {
				used[racks[id]] = true
			}
			if len(ids) != replicas || duplicates(ids) || p < 0 || p >= partitions {
				t.Fatalf("partition %d has %v", p, ids)
			}
			if mode == 1 && len(used) != min(replicas, len(all)) {
				t.Fatalf("racks %v: %v is in %d of them", racks, ids, len(used))
			}
			leaders[ids[0]]++
		}
		for id := range brokers {
			if leaders[id] != int(partitions)/n {
				t.Fatalf("leaders are %v", leaders)
			}
		}
	}
}

// What is added continues where the topic began, as in AdminZkClient.createNewPartitionsAssignment.
func TestMoreOf(t *testing.T) {
	brokers := registered("", "", "", "")
	got, err := moreOf(brokers, 2, 3).assign(2, 2)
	if want := (map[int32][]int32{3: {1, 0}, 4: {2, 3}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	got, err = moreOf(brokers, 9, 4).assign(1, 4) // the first leader is gone
	if err != nil || got[4][0] != 0 || len(got[4]) != 4 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAssign_Refuses(t *testing.T) {
	for _, c := range []struct {
		brokers    int
		partitions int32
		replicas   int
		code       kproto.Error
	}{
		{3, 0, 1, kproto.InvalidPartitions}, {3, -5, 1, kproto.InvalidPartitions}, {3, 1, 0, kproto.InvalidReplicationFactor},
		{3, 1, 4, kproto.InvalidReplicationFactor}, {0, 1, 1, kproto.InvalidReplicationFactor},
	} {
		brokers := registered(make([]string, c.brokers)...)
		_, err := newLayout(brokers, rand.New(rand.NewPCG(1, 1))).assign(c.partitions, c.replicas)
		if !errors.Is(err, c.code) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestNewID_IsRandomAndNoOption(t *testing.T) {
	r, seen := rand.New(rand.NewPCG(1, 1)), map[kproto.UUID]bool{}
	for range 1000 {
		id := newID(r)
		if seen[id] || id.IsZero() || id.String()[0] == '-' {
			t.Fatalf("%s", id)
		}
		seen[id] = true
	}
}

func TestTold(t *testing.T) {
	code, text := told(refuse(kproto.InvalidConfig, "a %s", "b"))
	if code != 40 || text == nil || *text != "a b" {
		t.Errorf("%d, %v", code, text)
	}
	if code, text := told(kproto.UnknownTopicID); code != 100 || text != nil {
		t.Errorf("%d, %v", code, text)
	}
	if code, text := told(errors.New("x")); code != -1 || *text != "x" {
		t.Errorf("%d, %v", code, text)
	}
	if code, text := told(nil); code != 0 || text != nil {
		t.Errorf("%d, %v", code, text)
	}
}
