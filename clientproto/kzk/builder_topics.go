package kzk

import (
	"maps"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// topic returns a topic of the image to be changed, nil if there is none.
func (b *Builder) topic(name string) *Topic {
	t := b.image.Topics[name]
	if t == nil || b.ownTopic[name] {
		b.changed()
		return t
	}
	mine := *t
	mine.Partitions = maps.Clone(t.Partitions)
	b.setTopic(&mine)
	return &mine
}

func (b *Builder) setTopic(t *Topic) {
	own(b, &b.ownTopics, &b.image.Topics)[t.Name] = t
	b.ownTopic[t.Name] = true
}

func (b *Builder) putTopic(name string, data []byte, stat zkproto.Stat) error {
	t, err := DecodeTopic(name, data)
	if err != nil {
		return err
	}
	t.Czxid, t.Version = int64(stat.Czxid), stat.Version
	for id, state := range b.states[name] {
		if b.nodes[StatePath(name, id)].czxid < stat.Czxid {
			b.Remove(StatePath(name, id)) // of another topic of this name, which is gone
		} else if p := t.Partitions[id]; p != nil {
			p.State = state
		}
	}
	b.setTopic(t)
	return nil
}

func (b *Builder) removeTopic(name string) {
	delete(own(b, &b.ownTopics, &b.image.Topics), name)
	delete(b.ownTopic, name)
	for id := range b.states[name] {
		delete(b.nodes, StatePath(name, id))
	}
	delete(b.states, name)
}

func (b *Builder) putState(p TopicPartition, data []byte, stat zkproto.Stat) error {
	state, err := DecodeState(data)
	if err != nil {
		return err
	}
	state.Version, state.Mzxid = stat.Version, int64(stat.Mzxid)
	if b.states[p.Topic] == nil {
		b.states[p.Topic] = map[int32]*State{}
	}
	b.states[p.Topic][p.Partition] = state
	if t := b.image.Topics[p.Topic]; t != nil && int64(stat.Czxid) >= t.Czxid { // equal where one transaction made both
		b.setState(p, state)
	}
	return nil
}

// setState puts a state, or nil, into the image, if its topic has the partition.
func (b *Builder) setState(p TopicPartition, state *State) {
	if b.image.Partition(p.Topic, p.Partition) == nil {
		return
	}
	t := b.topic(p.Topic)
	partition := *t.Partitions[p.Partition]
	partition.State = state
	t.Partitions[p.Partition] = &partition
}

func (b *Builder) removeState(p TopicPartition) {
	delete(b.states[p.Topic], p.Partition)
	if len(b.states[p.Topic]) == 0 {
		delete(b.states, p.Topic)
	}
	b.setState(p, nil)
}
