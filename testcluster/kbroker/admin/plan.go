package admin

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// NewTopic is a topic to be made.
type NewTopic struct {
	Name              string
	Partitions        int32             // -1: num.partitions
	ReplicationFactor int16             // -1: default.replication.factor
	Configs           map[string]string // overrides

	assignment  []assigned // instead of the two numbers
	nullConfigs []string   // overrides without value
}

// assigned are the replicas that a client has chosen for a partition.
type assigned struct {
	partition int32
	replicas  []int32
}

// plan is a topic that may be made.
type plan struct {
	topic   *kzk.Topic
	configs map[string]string
}

// plan checks a wish against an image and settles what is left open. Topics named more are there too, under other names.
// Source: AdminManager.createTopics, AdminZkClient.validateTopicCreate.
func (a *Admin) plan(img *kzk.Image, more []string, t NewTopic) (*plan, error) {
	if img.Topics[t.Name] != nil {
		return nil, refuse(kproto.TopicAlreadyExists, "Topic '%s' already exists.", t.Name)
	}
	if len(t.nullConfigs) > 0 {
		return nil, refuse(kproto.InvalidRequest, "Null value not supported for topic configs : %s", strings.Join(t.nullConfigs, ","))
	}
	partitions, err := a.replicas(img, t)
	if err != nil {
		return nil, err
	}
	if err := kproto.ValidTopicName(t.Name); err != nil {
		return nil, err
	}
	if err := collisions(img, more, t.Name); err != nil {
		return nil, err
	}
	if err := consistent(partitions); err != nil {
		return nil, err
	}
	if err := a.o.Config.CheckTopics(t.Configs, a.dynamic(img)...); err != nil {
		return nil, refuse(kproto.InvalidConfig, "%s", err)
	}
	topic := &kzk.Topic{Name: t.Name, ID: a.newID(), HasID: true, Partitions: map[int32]*kzk.Partition{}}
	for p, replicas := range partitions {
		topic.Partitions[p] = &kzk.Partition{Replicas: replicas}
	}
	if len(kzk.EncodeTopic(topic)) > maxZnode {
		return nil, tooManyPartitions(len(partitions))
	}
	return &plan{topic, t.Configs}, nil
}

// replicas is the assignment: the client's, or one of ours.
func (a *Admin) replicas(img *kzk.Image, t NewTopic) (map[int32][]int32, error) {
	if len(t.assignment) == 0 {
		partitions, factor := t.Partitions, t.ReplicationFactor
		if partitions == -1 {
			partitions = a.o.Config.Topics.NumPartitions
		}
		if factor == -1 {
			factor = a.o.Config.Topics.ReplicationFactor
		}
		return a.newLayout(img).assign(partitions, int(factor))
	}
	if t.Partitions != -1 || t.ReplicationFactor != -1 {
		return nil, refuse(kproto.InvalidRequest,
			"Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.")
	}
	out := make(map[int32][]int32, len(t.assignment))
	for _, p := range t.assignment {
		out[p.partition] = p.replicas
	}
	return out, nil
}

// collisions refuses a name that gives the same metrics as another topic's.
func collisions(img *kzk.Image, more []string, name string) error {
	if !strings.ContainsAny(name, "._") {
		return nil
	}
	var colliding []string
	for _, other := range slices.Concat(slices.Collect(maps.Keys(img.Topics)), more) {
		if kproto.TopicsCollide(name, other) {
			colliding = append(colliding, other)
		}
	}
	if len(colliding) == 0 {
		return nil
	}
	slices.Sort(colliding)
	return refuse(kproto.InvalidTopicException, "Topic '%s' collides with existing topics: %s", name, strings.Join(colliding, ", "))
}

// consistent refuses assignments that no topic can have. Brokers that are not there are no such reason: they may come.
func consistent(partitions map[int32][]int32) error {
	size := -1
	for _, p := range slices.Sorted(maps.Keys(partitions)) {
		replicas := partitions[p]
		if size < 0 {
			size = len(replicas)
		}
		if len(replicas) != size || size == 0 {
			return refuse(kproto.InvalidReplicaAssignment, "All partitions should have the same number of replicas")
		}
		if duplicates(replicas) {
			return refuse(kproto.InvalidReplicaAssignment, "Duplicate replica assignment found: %s", scalaMap(partitions))
		}
	}
	for p := range int32(len(partitions)) {
		if partitions[p] == nil {
			return refuse(kproto.InvalidReplicaAssignment, "partitions should be a consecutive 0-based integer sequence")
		}
	}
	return nil
}

func duplicates(ids []int32) bool {
	sorted := slices.Sorted(slices.Values(ids))
	return len(slices.Compact(sorted)) < len(ids)
}

// scalaMap prints an assignment as Kafka's messages have it.
func scalaMap(partitions map[int32][]int32) string {
	var parts []string
	for _, p := range slices.Sorted(maps.Keys(partitions)) {
		parts = append(parts, fmt.Sprintf("%d -> ArrayBuffer(%s)", p, commas(partitions[p])))
	}
	return "HashMap(" + strings.Join(parts, ", ") + ")"
}

func commas(ids []int32) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ", "), "[]")
}

// newID is a random id of a topic, which is never one of those that mean something else.
func newID(random *rand.Rand) (id kproto.UUID) {
	for i := range id {
		id[i] = byte(random.UintN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4 of RFC 9562
	if id.String()[0] == '-' {                      // tools would take it for an option
		id[0] ^= 0x80
	}
	return id
}

func (a *Admin) newID() kproto.UUID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return newID(a.o.Rand)
}

func (a *Admin) newLayout(img *kzk.Image) layout {
	a.mu.Lock()
	defer a.mu.Unlock()
	return newLayout(img.Brokers, a.o.Rand)
}

// entries are a topic's configuration as responses have it.
func (a *Admin) entries(img *kzk.Image, configs map[string]string) []kconf.Entry {
	return a.o.Config.DescribeTopic(configs, a.dynamic(img)...)
}
