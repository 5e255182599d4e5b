package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// atOnce bounds the partitions of one topic whose reassignment begins or ends in one transaction.
const atOnce = 200

// draft is a topic's znode being rewritten, with the states of the partitions that it concerns. One write of a topic has
// everything that is due to it.
type draft struct {
	topic  kzk.Topic
	own    bool // topic.Partitions is no longer the image's
	states []zkproto.MultiOp
	why    []string
}

func newDraft(t *kzk.Topic) *draft { return &draft{topic: *t} }

func (d *draft) identify(id kproto.UUID) {
	d.topic.ID, d.topic.HasID = id, true
	d.why = append(d.why, "topic id "+id.String())
}

// assign gives the partition new replicas, and the state that goes with them. A state that stays as it is must still be so
// when the write is carried out.
func (d *draft) assign(partition int32, p kzk.Partition, next *kzk.State, why string) {
	if !d.own {
		d.topic.Partitions, d.own = maps.Clone(d.topic.Partitions), true
	}
	st := d.topic.Partitions[partition].State
	p.State = st
	d.topic.Partitions[partition] = &p
	text := fmt.Sprintf("partition %d: replicas %d", partition, p.Replicas)
	switch {
	case st == nil:
	case next.Leader == st.Leader && slices.Equal(next.ISR, st.ISR):
		d.states = append(d.states, checkOp(kzk.StatePath(d.topic.Name, partition), st.Version))
	default:
		d.states = append(d.states, stateOp(d.topic.Name, partition, *next))
		text += fmt.Sprintf(", leader %d, ISR %d, leader epoch %d", next.Leader, next.ISR, next.LeaderEpoch)
	}
	d.why = append(d.why, text+": "+why)
}

// change is the write, if there is any.
func (d *draft) change() (Change, bool) {
	if len(d.why) == 0 {
		return Change{}, false
	}
	ops := []zkproto.MultiOp{setOp(kzk.TopicPath(d.topic.Name), kzk.EncodeTopic(&d.topic), d.topic.Version)}
	return Change{What: d.topic.Name + ": " + strings.Join(d.why, "; "), Ops: append(ops, d.states...)}, true
}

// full says whether the draft has as many partitions as go into one transaction.
func (d *draft) full() bool { return len(d.states) >= atOnce }

// move gives the partition new replicas, if a live one of them can lead.
func (in *Input) move(d *draft, partition int32, next kzk.Partition, why string) bool {
	p := d.topic.Partitions[partition]
	if p.State == nil {
		d.assign(partition, next, nil, why)
		return true
	}
	st, ok := in.confined(d.topic.Name, p, next.Replicas)
	if ok {
		d.assign(partition, next, &st, why)
	}
	return ok
}

// start begins to move a partition to target: both the old and the new replicas are replicas until the new ones are in
// sync. A target being moved away from is left at once. Source: ReplicaAssignment.reassignTo.
func (in *Input) start(d *draft, partition int32, target []int32) bool {
	p := d.topic.Partitions[partition]
	if p.State == nil {
		return in.move(d, partition, kzk.Partition{Replicas: target}, "it is new, and has nothing to move")
	}
	from := origin(p)
	all := append(slices.Clone(target), without(from, target)...)
	next := kzk.Partition{Replicas: all, Adding: without(all, from), Removing: without(all, target)}
	return in.move(d, partition, next, fmt.Sprintf("it moves to %d", target))
}

// finish ends the move of a partition whose targets are all in sync.
func (in *Input) finish(d *draft, partition int32) {
	p := d.topic.Partitions[partition]
	if to := target(p); p.State != nil && len(to) > 0 && subset(to, p.State.ISR) {
		in.move(d, partition, kzk.Partition{Replicas: to}, "it has moved")
	}
}

// takeBack undoes the move of a partition.
func (in *Input) takeBack(d *draft, partition int32) bool {
	from := origin(d.topic.Partitions[partition])
	return in.move(d, partition, kzk.Partition{Replicas: from}, "its move is taken back")
}

// confined is the state in which only replicas have a part. What is due to the state anyway is in it: once it is written
// nobody can tell any more who had started anew. It needs a live one of them in the ISR, unless the leader may go on.
func (in *Input) confined(topic string, p *kzk.Partition, replicas []int32) (next kzk.State, ok bool) {
	if due, why := in.due(topic, p); why != "" {
		due.LeaderEpoch = p.State.LeaderEpoch // it is one step
		settled := *p
		settled.State = &due
		p = &settled
	}
	isr := within(p.State.ISR, replicas)
	leader := p.State.Leader
	if leader != noLeader && !slices.Contains(replicas, leader) {
		i := slices.IndexFunc(replicas, func(id int32) bool { return in.stays(id) && slices.Contains(isr, id) })
		if i < 0 {
			return next, false
		}
		leader = replicas[i]
	}
	return in.state(p, leader, isr), len(isr) > 0
}

// Move is a request to reassign a partition: Replicas nil takes back the move that is under way.
type Move struct {
	kzk.TopicPartition
	Replicas []int32
}

// Met says whether the image shows what the move asks for: that it has begun, or that it has been taken back.
func (m Move) Met(image *kzk.Image) bool {
	p := image.Partition(m.Topic, m.Partition)
	switch {
	case p == nil:
		return false
	case m.Replicas == nil:
		return !moving(p)
	}
	return slices.Equal(target(p), m.Replicas)
}

// Refusal is why a partition's request cannot be met.
type Refusal struct {
	Code    kproto.Error
	Message string
}

// Reassign turns requests into changes. The refusals are those of the moves, by their index; there is none where a move
// is accepted, or is what is already so. Source: KafkaController.processApiPartitionReassignment.
func Reassign(in Input, moves []Move) ([]Change, map[int]Refusal) {
	refused := make(map[int]Refusal)
	drafts := make(map[string]*draft)
	var order []*draft
	dropped, seen := make(map[kzk.TopicPartition]bool), make(map[kzk.TopicPartition]bool)
	for i, m := range moves {
		r, bad := in.refuse(m)
		if !bad && seen[m.TopicPartition] {
			r, bad = Refusal{kproto.InvalidRequest, "The partition is named twice."}, true
		}
		if bad {
			refused[i] = r
			continue
		}
		seen[m.TopicPartition] = true
		d := drafts[m.Topic]
		if d == nil {
			d = newDraft(in.Image.Topics[m.Topic])
			drafts[m.Topic], order = d, append(order, d)
		}
		if !in.accept(d, m) {
			refused[i] = Refusal{kproto.InvalidReplicaAssignment, "No replica that would remain is in sync and alive."}
			continue
		}
		dropped[m.TopicPartition] = true
	}
	var changes []Change
	if c, ok := in.reassignNode(func(r kzk.ReassignPartition) bool { return dropped[r.TopicPartition] }); ok {
		changes = append(changes, c)
	}
	for _, d := range order {
		if c, ok := d.change(); ok {
			changes = append(changes, c)
		}
	}
	return changes, refused
}

// accept writes one request into the draft.
func (in *Input) accept(d *draft, m Move) bool {
	switch {
	case m.Replicas == nil:
		return in.takeBack(d, m.Partition)
	case slices.Equal(target(d.topic.Partitions[m.Partition]), m.Replicas):
		return true
	}
	return in.start(d, m.Partition, m.Replicas)
}

// refuse checks a request by itself.
func (in *Input) refuse(m Move) (Refusal, bool) {
	p := in.Image.Partition(m.Topic, m.Partition)
	if p == nil || in.deleting(m.Topic) {
		return Refusal{kproto.UnknownTopicOrPartition, "The partition does not exist."}, true
	}
	if m.Replicas == nil {
		if !moving(p) {
			return Refusal{kproto.NoReassignmentInProgress, "No partition reassignment is in progress."}, true
		}
		return Refusal{}, false
	}
	if why := malformed(m.Replicas); why != "" {
		return Refusal{kproto.InvalidReplicaAssignment, why}, true
	}
	for _, id := range m.Replicas {
		if !in.live(id) {
			return Refusal{kproto.InvalidReplicaAssignment, "Replica assignment has brokers that are not alive. Replica list: " +
				listText(m.Replicas) + ", live broker list: " + listText(in.liveIDs())}, true
		}
	}
	return Refusal{}, false
}

// malformed says why a list of replicas cannot be one, "" if it can.
func malformed(replicas []int32) string {
	if len(replicas) == 0 {
		return "Empty replica list specified in partition reassignment."
	}
	seen := make(map[int32]bool)
	for _, id := range replicas {
		if id < 0 {
			return "Invalid broker id in replica list: " + listText(replicas)
		}
		if seen[id] {
			return "Duplicate replica ids in partition reassignment replica list: " + listText(replicas)
		}
		seen[id] = true
	}
	return ""
}

// listText is a list of brokers for people, who need not see what does not fit a line.
func listText(ids []int32) string {
	const fits = 20
	if len(ids) > fits {
		return fmt.Sprintf("%d and %d more", ids[:fits], len(ids)-fits)
	}
	return fmt.Sprint(ids)
}

func (in *Input) liveIDs() []int32 {
	return slices.DeleteFunc(in.Image.BrokerIDs(), func(id int32) bool { return !in.live(id) })
}

// reassignNode takes out of /admin/reassign_partitions what drop says.
func (in *Input) reassignNode(drop func(kzk.ReassignPartition) bool) (Change, bool) {
	r := in.Image.Reassign
	if r == nil {
		return Change{}, false
	}
	rest := slices.DeleteFunc(slices.Clone(r.Partitions), drop)
	switch {
	case len(rest) == 0:
		return Change{What: "the old tool's reassignment has ended",
			Ops: []zkproto.MultiOp{deleteOp(kzk.ReassignmentPath, r.Version)}}, true
	case len(rest) == len(r.Partitions):
		return Change{}, false
	}
	next := kzk.Reassignment{Partitions: rest}
	return Change{What: fmt.Sprintf("partitions left of the old tool's reassignment: %d", len(rest)),
		Ops: []zkproto.MultiOp{setOp(kzk.ReassignmentPath, kzk.EncodeReassignment(&next), r.Version)}}, true
}
