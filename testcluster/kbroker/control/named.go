package control

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// What one request may name. The controller does nothing else while it looks at a request, and so a request may not take
// longer than a controller can be spared; the bounds of topics and partitions are those of the other requests about topics.
const (
	maxTopics     = 10_000
	maxPartitions = 100_000
	maxReplicas   = 10 * maxPartitions
)

// electionsNamed are the partitions that the request names. It says no where they are too many.
func electionsNamed(req *kmsg.ElectLeadersRequest) (named []kzk.TopicPartition, ok bool) {
	for _, t := range req.Topics {
		if len(named)+len(t.Partitions) > maxPartitions {
			return nil, false
		}
		for _, p := range t.Partitions {
			named = append(named, kzk.TopicPartition{Topic: t.Topic, Partition: p})
		}
	}
	return once(named)
}

// movesNamed are the moves that the request asks for: of several for a partition the last, as in Kafka, which has them in
// a map. It says no where they are too many.
func movesNamed(req *kmsg.AlterPartitionAssignmentsRequest) (moves []controller.Move, ok bool) {
	var named []kzk.TopicPartition
	target := make(map[kzk.TopicPartition][]int32)
	replicas := 0
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			replicas += len(p.Replicas)
			if len(named) == maxPartitions || replicas > maxReplicas {
				return nil, false
			}
			tp := kzk.TopicPartition{Topic: t.Topic, Partition: p.Partition}
			named = append(named, tp)
			target[tp] = p.Replicas
		}
	}
	named, ok = once(named)
	for _, tp := range named {
		moves = append(moves, controller.Move{TopicPartition: tp, Replicas: target[tp]})
	}
	return moves, ok
}

// once is each of the partitions once, those of a topic together, in the order in which they are first named. It says no
// where they are of too many topics.
func once(named []kzk.TopicPartition) ([]kzk.TopicPartition, bool) {
	rank := make(map[string]int)
	seen := make(map[kzk.TopicPartition]bool, len(named))
	var list []kzk.TopicPartition
	for _, tp := range named {
		if _, known := rank[tp.Topic]; !known {
			rank[tp.Topic] = len(rank)
		}
		if !seen[tp] {
			seen[tp] = true
			list = append(list, tp)
		}
	}
	slices.SortStableFunc(list, func(a, b kzk.TopicPartition) int { return cmp.Compare(rank[a.Topic], rank[b.Topic]) })
	return list, len(rank) <= maxTopics
}
