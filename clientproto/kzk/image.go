package kzk

import (
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Image is what ZooKeeper says of a Kafka cluster, as one value. A published Image is never
// changed again, nor is anything it refers to: newer images share what is the same.
type Image struct {
	ClusterID string            // "" before the first broker
	Brokers   map[int32]*Broker // those registered
	// BrokersVersion is the version of /brokers/ids, which grows with each registration of a broker of zoka's; -1: absent.
	// TopicsVersion is that of /brokers/topics, which grows with each deletion of a topic. A write on condition of them
	// comes before any broker, and any topic of an old name, that the image does not have.
	BrokersVersion, TopicsVersion int32

	Controller             int32 // -1: none
	ControllerZxid         int64 // czxid of /controller
	ControllerEpoch        int32 // -1: none yet
	ControllerEpochVersion int32 // the fencing token: the version of /controller_epoch; -1: none yet

	Topics map[string]*Topic

	// Configs are the overrides by entity: its path below /config, as "topics/t", "brokers/1",
	// "brokers/<default>", "users/u/clients/c". See [Entity.Key] and [ParseEntity].
	Configs map[string]map[string]string

	Deletions map[string]struct{} // topics in /admin/delete_topics
	Reassign  *Reassignment       // of the old tools; nil: absent
	Preferred *PreferredElection  // of the old tools; nil: absent

	// Unreadable are the paths of znodes that are there but say nothing that can be understood, with
	// the reason. What was read before stands; a topic that never was is in Topics only once it is.
	Unreadable map[string]string
}

// Broker is a registration in /brokers/ids.
type Broker struct {
	ID          int32
	Epoch       int64  // czxid of the znode
	FirstEpoch  int64  // that of the first registration of its process: Epoch, where the session has not been renewed
	Host        string // of the first plain listener; "" where there is none
	Port        int32  // -1 where there is none
	Endpoints   []Endpoint
	Rack        string
	HasRack     bool
	JMXPort     int32 // -1: none
	TimestampMs int64
	Version     int // of the JSON, 1 to 5
}

// Endpoint is a listener that clients or other brokers may connect to.
type Endpoint struct {
	Listener string // its name
	Security string // PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
	Host     string
	Port     int32
}

// Topic is a znode of /brokers/topics, with the states below it.
type Topic struct {
	Name       string
	ID         kproto.UUID
	HasID      bool
	Czxid      int64 // the incarnation: it survives every rewrite
	Version    int32 // of the znode
	Partitions map[int32]*Partition
}

// Partition is a partition's replicas and, once a leader was elected, its state.
type Partition struct {
	Replicas []int32
	Adding   []int32 // of Replicas, those being added
	Removing []int32 // of Replicas, those to go
	State    *State  // nil before the first election
}

// State is who leads a partition. Source: LeaderIsrAndControllerEpoch.
type State struct {
	Leader          int32 // -1: none
	LeaderEpoch     int32
	ControllerEpoch int32
	ISR             []int32
	// Offline are replicas whose log folder has failed, and which were elected all the same: by id, with the FirstEpoch of
	// the process that says so. Nearly always nil; Kafka knows no such field, and passes over it.
	Offline map[int32]int64
	Version int32 // of the znode; it guards changes of the ISR
	Mzxid   int64 // when it was written: a broker with a later FirstEpoch has started since
}

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Reassignment is /admin/reassign_partitions: replicas that an old tool asks for.
type Reassignment struct {
	Partitions []ReassignPartition
	Version    int32 // of the znode
}

// ReassignPartition is one partition of a [Reassignment].
type ReassignPartition struct {
	TopicPartition
	Replicas []int32
}

// PreferredElection is /admin/preferred_replica_election: partitions for which an old tool asks
// that the first replica lead.
type PreferredElection struct {
	Partitions []TopicPartition
	Version    int32 // of the znode
}

// IDs are the topic's partitions in ascending order.
func (t *Topic) IDs() []int32 {
	ids := make([]int32, 0, len(t.Partitions))
	for id := range t.Partitions {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// BrokerIDs are the registered brokers in ascending order.
func (i *Image) BrokerIDs() []int32 {
	ids := make([]int32, 0, len(i.Brokers))
	for id := range i.Brokers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Partition is the partition of a topic, nil if there is none.
func (i *Image) Partition(topic string, partition int32) *Partition {
	if t := i.Topics[topic]; t != nil {
		return t.Partitions[partition]
	}
	return nil
}

// Config are the overrides of an entity; they may be nil.
func (i *Image) Config(entity string) map[string]string { return i.Configs[entity] }

// TopicConfig are the overrides of a topic; they may be nil.
func (i *Image) TopicConfig(topic string) map[string]string { return i.Configs["topics/"+topic] }
