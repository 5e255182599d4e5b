package kzk

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// EncodeTopic writes an assignment: in version 2, that of Kafka 2.7, or in version 3 if the topic
// has an id, as Kafka 3 does.
// Source: TopicZNode.encode.
func EncodeTopic(t *Topic) []byte {
	ids := t.IDs()
	b := []byte{'{'}
	if !t.HasID {
		b = append(b, `"version":2,`...)
	}
	b = append(b, `"partitions":`...)
	b = appendAssignment(b, t, ids, func(p *Partition) []int32 { return p.Replicas }, true)
	if t.HasID {
		b = appendString(append(b, `,"topic_id":`...), t.ID.String())
	}
	b = append(b, `,"adding_replicas":`...)
	b = appendAssignment(b, t, ids, func(p *Partition) []int32 { return p.Adding }, false)
	b = append(b, `,"removing_replicas":`...)
	b = appendAssignment(b, t, ids, func(p *Partition) []int32 { return p.Removing }, false)
	if t.HasID {
		b = append(b, `,"version":3`...)
	}
	return append(b, '}')
}

func appendAssignment(b []byte, t *Topic, ids []int32, of func(*Partition) []int32, empty bool) []byte {
	b = append(b, '{')
	first := true
	for _, id := range ids {
		replicas := of(t.Partitions[id])
		if len(replicas) == 0 && !empty {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = appendInt(b, int64(id))
		b = append(b, `":`...)
		b = appendIDs(b, replicas)
	}
	return append(b, '}')
}

// DecodeTopic reads an assignment of any version, 1 to 3. Czxid and Version are left to the caller,
// states are not in it.
func DecodeTopic(name string, data []byte) (*Topic, error) {
	var j struct {
		Version    number             `json:"version"`
		TopicID    *string            `json:"topic_id"`
		Partitions map[string][]int32 `json:"partitions"`
		Adding     map[string][]int32 `json:"adding_replicas"`
		Removing   map[string][]int32 `json:"removing_replicas"`
	}
	if err := decode(data, &j); err != nil {
		return nil, err
	}
	if j.Partitions == nil {
		return nil, errors.New("partitions are missing")
	}
	t := &Topic{Name: name, Partitions: make(map[int32]*Partition, len(j.Partitions))}
	for key, replicas := range j.Partitions {
		id, ok := parseID(key)
		if !ok {
			return nil, fmt.Errorf("%q is not a partition's number", key)
		}
		for i, r := range replicas {
			if r < 0 || slices.Contains(replicas[:i], r) {
				return nil, fmt.Errorf("partition %d has the replicas %v", id, replicas)
			}
		}
		t.Partitions[id] = &Partition{Replicas: replicas, Adding: j.Adding[key], Removing: j.Removing[key]}
	}
	if j.TopicID != nil {
		id, err := kproto.ParseUUID(*j.TopicID)
		if err != nil {
			return nil, fmt.Errorf("topic_id: %w", err)
		}
		t.ID, t.HasID = id, !id.IsZero()
	}
	return t, nil
}

// EncodeState writes a partition's state, as Kafka does where no replica says that it is offline.
// Source: TopicPartitionStateZNode.encode.
func EncodeState(s *State) []byte {
	b := appendInt([]byte(`{"controller_epoch":`), int64(s.ControllerEpoch))
	b = appendInt(append(b, `,"leader":`...), int64(s.Leader))
	b = appendInt(append(b, `,"version":1,"leader_epoch":`...), int64(s.LeaderEpoch))
	b = appendIDs(append(b, `,"isr":`...), s.ISR)
	for i, id := range slices.Sorted(maps.Keys(s.Offline)) {
		if i == 0 {
			b = append(b, `,"offline":{"`...)
		} else {
			b = append(b, `,"`...)
		}
		b = appendInt(b, int64(id))
		b = appendInt(append(b, `":`...), s.Offline[id])
	}
	if len(s.Offline) > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}

// DecodeState reads a partition's state. Version and Mzxid are left to the caller.
func DecodeState(data []byte) (*State, error) {
	var j struct {
		Leader          *int32          `json:"leader"`
		LeaderEpoch     *int32          `json:"leader_epoch"`
		ControllerEpoch *int32          `json:"controller_epoch"`
		ISR             []int32         `json:"isr"`
		Offline         map[int32]int64 `json:"offline"`
	}
	if err := decode(data, &j); err != nil {
		return nil, err
	}
	if j.Leader == nil || j.LeaderEpoch == nil || j.ControllerEpoch == nil || j.ISR == nil {
		return nil, errors.New("leader, leader_epoch, controller_epoch or isr is missing")
	}
	return &State{Leader: *j.Leader, LeaderEpoch: *j.LeaderEpoch, ControllerEpoch: *j.ControllerEpoch, ISR: j.ISR, Offline: j.Offline}, nil
}
