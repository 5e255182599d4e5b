package controller

import (
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// Input is what a decision rests on. Nothing of it is changed.
type Input struct {
	Image *kzk.Image
	// Epoch is the controller's, EpochVersion the version of /controller_epoch that its election left.
	Epoch, EpochVersion int32
	// Dead are brokers whose registration still stands, but which refuse connections: by id, with the epoch (czxid) of
	// the registration. One that registers anew is not dead any more.
	Dead map[int32]int64
	// Leaving are brokers that have asked for a controlled shutdown, likewise.
	Leaving map[int32]int64
	// Unclean says whether a topic may be led by a replica that is not in sync; nil is never.
	Unclean func(topic string) bool
	// DeleteTopics is delete.topic.enable.
	DeleteTopics bool
	// IDs are the ids of topics whose znode has none, by incarnation (czxid). A topic that is in neither gets none yet.
	IDs map[int64]kproto.UUID
}

// live says whether the broker is registered and has not refused.
func (in *Input) live(id int32) bool {
	b := in.Image.Brokers[id]
	if b == nil {
		return false
	}
	epoch, dead := in.Dead[id]
	return !dead || epoch != b.Epoch
}

// leaving says whether a registered broker has asked for its shutdown.
func (in *Input) leaving(id int32) bool {
	b := in.Image.Brokers[id]
	epoch, leaving := in.Leaving[id]
	return leaving && b != nil && epoch == b.Epoch
}

// stays says whether the broker can be given anything new.
func (in *Input) stays(id int32) bool { return in.live(id) && !in.leaving(id) }

// renewed says whether the broker's process has registered for the first time after the state was written: what the
// state says of it was another process, whose log may have been longer. One that has only lost its session still has all
// that it had.
func (in *Input) renewed(id int32, st *kzk.State) bool {
	b := in.Image.Brokers[id]
	return b != nil && st.Mzxid != 0 && b.FirstEpoch > st.Mzxid
}

// offline says whether the broker's replica cannot lead, as its log folder has failed: by its own word, in the process that
// is registered.
func (in *Input) offline(id int32, st *kzk.State) bool {
	first, said := st.Offline[id]
	b := in.Image.Brokers[id]
	return said && b != nil && b.FirstEpoch == first
}

// keeps says whether a member of the ISR may stay in it.
func (in *Input) keeps(id int32, p *kzk.Partition) bool {
	return in.stays(id) && !in.renewed(id, p.State) && slices.Contains(p.Replicas, id)
}

// deleting says whether the topic is on its way out.
func (in *Input) deleting(topic string) bool {
	_, marked := in.Image.Deletions[topic]
	return marked && in.DeleteTopics
}

// moving says whether a reassignment of the partition is under way.
func moving(p *kzk.Partition) bool { return len(p.Adding)+len(p.Removing) > 0 }

// target is what the replicas will be when the reassignment has ended.
func target(p *kzk.Partition) []int32 { return without(p.Replicas, p.Removing) }

// origin is what the replicas were before the reassignment.
func origin(p *kzk.Partition) []int32 { return without(p.Replicas, p.Adding) }

// without is list in its order, less what is in out.
func without(list, out []int32) []int32 {
	rest := make([]int32, 0, len(list))
	for _, id := range list {
		if !slices.Contains(out, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

// within is list in its order, as far as it is in set.
func within(list, set []int32) []int32 {
	rest := make([]int32, 0, len(list))
	for _, id := range list {
		if slices.Contains(set, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

func subset(list, of []int32) bool { return len(within(list, of)) == len(list) }

// Remaining are the partitions that the broker leads, and of which another replica could take over once it is in sync.
func Remaining(in Input, broker int32) []kzk.TopicPartition {
	var list []kzk.TopicPartition
	for _, name := range slices.Sorted(maps.Keys(in.Image.Topics)) {
		t := in.Image.Topics[name]
		for _, id := range t.IDs() {
			p := t.Partitions[id]
			other := func(r int32) bool { return r != broker && in.stays(r) }
			if p.State != nil && p.State.Leader == broker && slices.ContainsFunc(p.Replicas, other) {
				list = append(list, kzk.TopicPartition{Topic: name, Partition: id})
			}
		}
	}
	return list
}
