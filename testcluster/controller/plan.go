package controller

import (
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Plan finds what is due, in the order of topics and partitions, leaders before housekeeping. No two changes write the
// same znode, so that each can be carried out, or fail, by itself; what depends on another comes with the next image.
func Plan(in Input) []Change {
	p := &plan{Input: in, asked: make(map[kzk.TopicPartition][]int32), settled: make(map[kzk.TopicPartition]bool)}
	p.readRequests()
	for _, name := range slices.Sorted(maps.Keys(in.Image.Topics)) {
		if t := in.Image.Topics[name]; !in.deleting(name) || held(t) {
			p.topic(t)
		}
	}
	p.preferredNode()
	if c, ok := in.reassignNode(func(r kzk.ReassignPartition) bool { return p.settled[r.TopicPartition] }); ok {
		p.changes = append(p.changes, c)
	}
	p.deletions()
	return p.changes
}

type plan struct {
	Input
	changes []Change
	// asked are the moves of /admin/reassign_partitions that have not begun; settled those that need no more.
	asked   map[kzk.TopicPartition][]int32
	settled map[kzk.TopicPartition]bool
	// busy are partitions with a change of state in this plan.
	busy map[kzk.TopicPartition]bool
}

// held says whether a reassignment keeps the topic from being deleted.
func held(t *kzk.Topic) bool {
	for _, p := range t.Partitions {
		if moving(p) {
			return true
		}
	}
	return false
}

// readRequests sorts the old tool's moves into those to begin and those that are over: done, or impossible.
func (p *plan) readRequests() {
	if p.Image.Reassign == nil {
		return
	}
	seen := make(map[kzk.TopicPartition]bool)
	for _, r := range p.Image.Reassign.Partitions {
		if seen[r.TopicPartition] {
			continue // who asks twice gets the first
		}
		seen[r.TopicPartition] = true
		part := p.Image.Partition(r.Topic, r.Partition)
		switch {
		case part == nil || malformed(r.Replicas) != "":
			p.settled[r.TopicPartition] = true
		case slices.Equal(target(part), r.Replicas):
			if !moving(part) {
				p.settled[r.TopicPartition] = true
			}
		case p.deleting(r.Topic):
			p.settled[r.TopicPartition] = true
		default:
			p.asked[r.TopicPartition] = r.Replicas
		}
	}
}

// topic is what is due to a topic's partitions. What concerns its own znode is one change.
func (p *plan) topic(t *kzk.Topic) {
	d := newDraft(t)
	if id, ok := p.IDs[t.Czxid]; ok && !t.HasID {
		d.identify(id)
	}
	begun := started(t)
	for _, id := range t.IDs() {
		part, tp := t.Partitions[id], kzk.TopicPartition{Topic: t.Name, Partition: id}
		next, why := p.due(t.Name, part)
		switch replicas, asked := p.asked[tp]; {
		case why != "" && part.State == nil:
			p.changes = append(p.changes, p.firstChange(t, begun, id, next, why))
		case why != "":
			p.changes = append(p.changes, stateChange(t, id, next, why))
		case asked && !d.full():
			p.start(d, id, replicas)
			continue
		case moving(part) && !d.full():
			p.finish(d, id)
			continue
		default:
			continue
		}
		p.setBusy(tp)
	}
	if c, ok := d.change(); ok {
		p.changes = append(p.changes, c)
	}
}

func (p *plan) setBusy(tp kzk.TopicPartition) {
	if p.busy == nil {
		p.busy = make(map[kzk.TopicPartition]bool)
	}
	p.busy[tp] = true
}

// preferredNode moves leaders as /admin/preferred_replica_election asks, and removes it when nothing is left to move.
func (p *plan) preferredNode() {
	asked := p.Image.Preferred
	if asked == nil {
		return
	}
	open := false
	for _, tp := range asked.Partitions {
		part := p.Image.Partition(tp.Topic, tp.Partition)
		if part == nil || part.State == nil || p.deleting(tp.Topic) {
			continue
		}
		if p.busy[tp] || p.drafted(tp) {
			open = true
			continue
		}
		if next, why, code := p.prefer(part); code == kproto.NoError {
			p.changes = append(p.changes, stateChange(p.Image.Topics[tp.Topic], tp.Partition, next, why))
			p.setBusy(tp)
			open = true
		}
	}
	if !open {
		p.changes = append(p.changes, Change{What: "the preferred leaders that were asked for lead, as far as they can",
			Ops: []zkproto.MultiOp{deleteOp(kzk.PreferredElectionPath, asked.Version)}})
	}
}

// drafted says whether a reassignment has something to do with the partition, now or soon.
func (p *plan) drafted(tp kzk.TopicPartition) bool {
	_, asked := p.asked[tp]
	part := p.Image.Partition(tp.Topic, tp.Partition)
	return asked || moving(part) && subset(target(part), part.State.ISR)
}

// deletions removes the topics that are marked, and the marks of topics that are not there. Replicas need not be live:
// each deletes its folders when it finds the topic gone, or another topic in its place. Without delete.topic.enable a
// mark is dropped, as Kafka does: it would come into force later, when nobody thinks of it any more.
func (p *plan) deletions() {
	for _, name := range slices.Sorted(maps.Keys(p.Image.Deletions)) {
		c := Change{Ops: []zkproto.MultiOp{deleteOp(kzk.DeleteTopicPath(name), -1)}}
		switch t := p.Image.Topics[name]; {
		case !p.DeleteTopics:
			c.What = name + ": it is not deleted, as delete.topic.enable is false"
		case t == nil:
			c.What, c.Sure = name+": there is no such topic to delete", true
		case held(t):
			continue
		default:
			c.What, c.Sure = name+": delete it", true
			c.Trees = []string{kzk.TopicPath(name), kzk.TopicConfigPath(name)}
			c.Ops = append(c.Ops, setOp(kzk.TopicsPath, nil, -1)) // its version tells of it
		}
		p.changes = append(p.changes, c)
	}
}
