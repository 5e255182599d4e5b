package kmodel

import "slices"

// Topic is a topic as the brokers' metadata has it.
type Topic struct {
	Name       string      `json:"name"`
	ID         string      `json:"id,omitempty"` // 22 characters; "" from brokers before 2.8
	Internal   bool        `json:"internal,omitempty"`
	Partitions []Partition `json:"partitions"` // by id
	Err        error       `json:"-"`          // the topic is not there, or may not be seen
}

// Partition is a partition with its replicas.
type Partition struct {
	ID          int32   `json:"id"`
	Leader      int32   `json:"leader"`       // -1: none
	LeaderEpoch int32   `json:"leader_epoch"` // -1: not told
	Replicas    []int32 `json:"replicas"`     // the preferred leader first
	ISR         []int32 `json:"isr"`
	Offline     []int32 `json:"offline,omitempty"` // replicas on brokers or disks that are down
	Err         error   `json:"-"`                 // such as LEADER_NOT_AVAILABLE
}

// Electable are a partition's replicas that may become leaders though they are not in sync (KIP-966).
type Electable struct {
	ELR       []int32 // have all that is committed
	LastKnown []int32 // had it last, where nobody has it now
}

// UnderReplicated tells that not all replicas are in sync.
func (p Partition) UnderReplicated() bool { return len(p.ISR) < len(p.Replicas) }

// Unavailable tells that there is no leader, or that it is a broker that is down.
func (p Partition) Unavailable() bool { return p.Leader < 0 || slices.Contains(p.Offline, p.Leader) }

// ReplicationFactor is the number of replicas of the first partition, 0 if there is none.
func (t Topic) ReplicationFactor() int {
	if len(t.Partitions) == 0 {
		return 0
	}
	return len(t.Partitions[0].Replicas)
}

// NewTopic is a topic to create. With an Assignment the counts are its own, and those here are not looked at.
type NewTopic struct {
	Name       string
	Partitions int32 // -1: the brokers' default
	Replicas   int16 // -1: the brokers' default
	Assignment [][]int32
	Configs    map[string]string
	// ValidateOnly creates nothing.
	ValidateOnly bool
}

// Reassignment is a partition whose replicas are being moved.
type Reassignment struct {
	TopicPartition
	Replicas []int32 `json:"replicas"` // all of them, old and new
	Adding   []int32 `json:"adding"`
	Removing []int32 `json:"removing"`
}
