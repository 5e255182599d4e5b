package controller

import (
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// Elect is the change by which the partition gets its preferred leader, the first of its replicas; or, with unclean, by
// which a partition without a live leader gets one, if need be one that is not in sync. The code is NoError, or says why
// there is nothing to change. Source: KafkaController.processReplicaLeaderElection.
func Elect(in Input, topic string, partition int32, unclean bool) (Change, kproto.Error) {
	t, p := in.Image.Topics[topic], in.Image.Partition(topic, partition)
	switch {
	case p == nil:
		return Change{}, kproto.UnknownTopicOrPartition
	case in.deleting(topic):
		return Change{}, kproto.InvalidTopicException
	case p.State == nil:
		return Change{}, kproto.LeaderNotAvailable
	}
	elect := in.prefer
	if unclean {
		elect = in.rescue
	}
	next, why, code := elect(p)
	if code != kproto.NoError {
		return Change{}, code
	}
	return stateChange(t, partition, next, why), kproto.NoError
}

// prefer moves the leadership to the first replica. One that has started anew has to come back into the ISR first: it may lack
// what the others have.
func (in *Input) prefer(p *kzk.Partition) (next kzk.State, why string, code kproto.Error) {
	switch {
	case len(p.Replicas) == 0:
		return next, "", kproto.PreferredLeaderNotAvailable
	case p.State.Leader == p.Replicas[0]:
		return next, "", kproto.ElectionNotNeeded
	case !slices.Contains(p.State.ISR, p.Replicas[0]) || !in.stays(p.Replicas[0]) ||
		in.renewed(p.Replicas[0], p.State) || in.offline(p.Replicas[0], p.State):
		return next, "", kproto.PreferredLeaderNotAvailable
	}
	return in.led(p, p.Replicas[0]), "it is the preferred leader", kproto.NoError
}

// rescue gives a leader to a partition that has no live one.
func (in *Input) rescue(p *kzk.Partition) (next kzk.State, why string, code kproto.Error) {
	if in.live(p.State.Leader) {
		return next, "", kproto.ElectionNotNeeded
	}
	if leader, ok := in.candidate(p); ok {
		return in.led(p, leader), "a leader was asked for", kproto.NoError
	}
	if next, ok := in.unclean(p); ok {
		return next, "an unclean election was asked for, records may be lost", kproto.NoError
	}
	return next, "", kproto.EligibleLeadersNotAvailable
}

// Rebalance are the changes by which brokers get back the leaderships that they are preferred for: those of each live
// broker of whose partitions more than percentage are led elsewhere.
// Source: KafkaController.checkAndTriggerAutoLeaderRebalance.
func Rebalance(in Input, percentage int) []Change {
	preferred := make(map[int32]int) // partitions by their first replica
	elsewhere := make(map[int32][]kzk.TopicPartition)
	for _, name := range slices.Sorted(maps.Keys(in.Image.Topics)) {
		if in.deleting(name) {
			continue
		}
		t := in.Image.Topics[name]
		for _, id := range t.IDs() {
			p := t.Partitions[id]
			if p.State == nil || len(p.Replicas) == 0 {
				continue
			}
			first := p.Replicas[0]
			preferred[first]++
			if p.State.Leader != first {
				elsewhere[first] = append(elsewhere[first], kzk.TopicPartition{Topic: name, Partition: id})
			}
		}
	}
	var changes []Change
	for _, broker := range slices.Sorted(maps.Keys(elsewhere)) {
		if 100*len(elsewhere[broker]) <= percentage*preferred[broker] {
			continue
		}
		for _, tp := range elsewhere[broker] {
			t := in.Image.Topics[tp.Topic]
			p := t.Partitions[tp.Partition]
			if moving(p) || in.busy(tp.Topic, p) {
				continue
			}
			if next, why, code := in.prefer(p); code == kproto.NoError {
				changes = append(changes, stateChange(t, tp.Partition, next, why))
			}
		}
	}
	return changes
}

// busy says whether a change of the partition is due anyway.
func (in *Input) busy(topic string, p *kzk.Partition) bool {
	_, why := in.due(topic, p)
	return why != ""
}
