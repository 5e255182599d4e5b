package admin

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
)

// What a topic's znode may take, and what a partition and a replica take in it at least.
const (
	maxZnode     = zkclient.DefaultMaxBuffer - 1<<12 // the rest of the request is small
	minPartition = len(`"0":[],`) - 1                // the last replica has no comma
	minReplica   = len(`1,`)
)

// tooManyPartitions is the refusal of a topic that no znode can hold.
func tooManyPartitions(n int) error {
	return refuse(kproto.InvalidPartitions, "%d partitions are more than a znode can hold.", n)
}

// layout places replicas on brokers as Kafka does: leaders go round the brokers from a start, and the other replicas
// follow with a gap that grows with each round, so that the followers of one broker's partitions are spread.
// Source: AdminUtils.assignReplicasToBrokers.
type layout struct {
	brokers []int32          // the order to go round
	rack    map[int32]string // nil: racks do not matter
	racks   int
	start   int
	shift   int
	first   int32 // the first partition to be placed
}

// newLayout begins at a random broker with a random gap.
func newLayout(brokers map[int32]*kzk.Broker, random *rand.Rand) layout {
	l := layoutOf(brokers)
	if len(l.brokers) > 0 {
		l.start, l.shift = random.IntN(len(l.brokers)), random.IntN(len(l.brokers))
	}
	return l
}

// moreOf continues a topic: first is the number of its partitions, leader the first replica of its partition 0.
func moreOf(brokers map[int32]*kzk.Broker, leader, first int32) layout {
	l := layoutOf(brokers)
	sorted := slices.Sorted(slices.Values(l.brokers))
	start := max(0, slices.IndexFunc(sorted, func(id int32) bool { return id >= leader }))
	l.start, l.shift, l.first = start, start, first
	return l
}

// layoutOf minds racks if all brokers have one.
func layoutOf(brokers map[int32]*kzk.Broker) layout {
	var l layout
	for id := range brokers {
		l.brokers = append(l.brokers, id)
	}
	slices.Sort(l.brokers)
	byRack := map[string][]int32{}
	for _, id := range l.brokers {
		if !brokers[id].HasRack {
			return l
		}
		byRack[brokers[id].Rack] = append(byRack[brokers[id].Rack], id)
	}
	l.rack, l.racks = map[int32]string{}, len(byRack)
	for rack, ids := range byRack {
		for _, id := range ids {
			l.rack[id] = rack
		}
	}
	l.brokers = alternate(byRack)
	return l
}

// alternate takes one broker of each rack in turn.
func alternate(byRack map[string][]int32) []int32 {
	type seat struct {
		round int
		rack  string
		id    int32
	}
	var seats []seat
	for rack, ids := range byRack {
		for i, id := range ids {
			seats = append(seats, seat{i, rack, id})
		}
	}
	slices.SortFunc(seats, func(a, b seat) int {
		return cmp.Or(cmp.Compare(a.round, b.round), cmp.Compare(a.rack, b.rack))
	})
	ids := make([]int32, len(seats))
	for i, s := range seats {
		ids[i] = s.id
	}
	return ids
}

// assign places so many partitions with so many replicas.
func (l layout) assign(partitions int32, replicas int) (map[int32][]int32, error) {
	n := len(l.brokers)
	switch {
	case partitions <= 0:
		return nil, refuse(kproto.InvalidPartitions, "Number of partitions must be larger than 0.")
	case replicas <= 0:
		return nil, refuse(kproto.InvalidReplicationFactor, "Replication factor must be larger than 0.")
	case replicas > n:
		return nil, refuse(kproto.InvalidReplicationFactor, "Replication factor: %d larger than available brokers: %d.", replicas, n)
	case int(partitions) > maxZnode/(minPartition+minReplica*replicas):
		return nil, tooManyPartitions(int(partitions))
	}
	out := make(map[int32][]int32, partitions)
	for p := l.first; p < l.first+partitions; p++ {
		if p > 0 && int(p)%n == 0 {
			l.shift++
		}
		out[p] = l.place((int(p)+l.start)%n, replicas)
	}
	return out, nil
}

// place chooses one partition's replicas, the leader first. Where racks matter every rack gets a replica before one gets
// a second.
func (l layout) place(leader, replicas int) []int32 {
	n, shift := len(l.brokers), l.shift
	if l.rack != nil {
		shift *= l.racks
	}
	chosen := []int32{l.brokers[leader]}
	usedRacks := map[string]bool{l.rack[chosen[0]]: true}
	for k := 0; len(chosen) < replicas; k++ {
		id := l.brokers[(leader+1+(shift+k)%(n-1))%n]
		if l.rack != nil && usedRacks[l.rack[id]] && len(usedRacks) < l.racks || slices.Contains(chosen, id) {
			continue
		}
		chosen = append(chosen, id)
		usedRacks[l.rack[id]] = true
	}
	return chosen
}
