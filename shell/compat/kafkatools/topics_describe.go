package kafkatools

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

// described is a topic with all that --describe tells of it.
type described struct {
	kmodel.Topic
	configs []kmodel.Config
	moves   map[int32]kmodel.Reassignment
	elect   map[kmodel.TopicPartition]kmodel.Electable
	live    map[int32]bool // brokers
	marked  bool           // it is to be deleted
}

// describeTopics is --describe.
func (c *call) describeTopics(ctx context.Context, kafka Cluster, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if !c.has("zookeeper") {
		hashOrder(names, len(names), func(n string) string { return n })
	}
	topics, err := kafka.Topics(ctx, names...)
	if err != nil {
		return err
	}
	cluster, err := kafka.Cluster(ctx)
	if err != nil {
		return err
	}
	live := map[int32]bool{}
	for _, b := range cluster.Brokers {
		live[b.ID] = true
	}
	moves, err := kafka.Reassignments(ctx, names...)
	if err != nil {
		return err
	}
	var elect map[kmodel.TopicPartition]kmodel.Electable
	if !c.is27() {
		if elect, err = kafka.Electable(ctx, names...); err != nil {
			return err
		}
	}
	marked, err := c.marked(ctx)
	if err != nil {
		return err
	}
	var resources []kmodel.Resource
	for _, name := range names {
		resources = append(resources, kmodel.Resource{Type: kmodel.TopicResource, Name: name})
	}
	configs, err := kafka.Configs(ctx, false, resources...)
	if err != nil {
		return err
	}
	for i, name := range names {
		at := slices.IndexFunc(topics, func(t kmodel.Topic) bool { return t.Name == name })
		if at < 0 {
			continue // it has been deleted meanwhile
		}
		t := described{Topic: topics[at], configs: configs[i].Entries, moves: map[int32]kmodel.Reassignment{}, elect: elect, live: live, marked: marked[name]}
		if err := errors.Join(t.Err, configs[i].Err); err != nil {
			return command.At(name, err)
		}
		for _, m := range moves {
			if m.Topic == name {
				t.moves[m.Partition] = m
			}
		}
		c.describeTopic(&t)
	}
	return nil
}

func (c *call) describeTopic(t *described) {
	overrides := c.overrides(t)
	if c.has("topics-with-overrides") && len(overrides) == 0 {
		return
	}
	if !c.any(reports...) {
		c.printf("Topic: %s", t.Name)
		if t.ID != "" && !c.is27() {
			c.printf("\tTopicId: %s", t.ID)
		}
		c.printf("\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: %s%s\n", len(t.Partitions), t.factor(0), strings.Join(overrides, ","), t.mark())
	}
	if c.has("topics-with-overrides") {
		return
	}
	for i := range t.Partitions {
		if c.reported(t, i) {
			c.describePartition(t, t.Partitions[i])
		}
	}
}

// overrides are the configurations that are not the defaults, name=value.
func (c *call) overrides(t *described) []string {
	configs := slices.Clone(t.configs)
	capacity := 0
	if c.has("zookeeper") { // the topic's own, and nobody else's
		capacity = 16
		configs = slices.DeleteFunc(configs, func(e kmodel.Config) bool { return e.Source != kmodel.DynamicTopic })
	}
	hashOrder(configs, capacity, func(e kmodel.Config) string { return e.Name })
	var out []string
	for _, e := range configs {
		switch {
		case e.Source == kmodel.DefaultConfig:
		case e.Null:
			out = append(out, e.Name+"=null")
		default:
			out = append(out, e.Name+"="+e.Value)
		}
	}
	return out
}

// factor is the number of replicas that a partition is to have.
func (t *described) factor(i int) int {
	if i >= len(t.Partitions) {
		return 0
	}
	p := t.Partitions[i]
	if m, ok := t.moves[p.ID]; ok {
		return len(m.Replicas) - len(m.Adding)
	}
	return len(p.Replicas)
}

// reported tells whether a partition is among those that were asked for.
func (c *call) reported(t *described, i int) bool {
	if !c.any(reports...) {
		return true
	}
	p := t.Partitions[i]
	least := 0
	for _, e := range t.configs {
		if e.Name == "min.insync.replicas" {
			least, _ = strconv.Atoi(e.Value) // a broker's number
		}
	}
	return c.has(reports[0]) && len(p.ISR) < t.factor(i) ||
		c.has(reports[1]) && (p.Leader < 0 || !t.live[p.Leader]) ||
		c.has(reports[2]) && (p.Leader < 0 || len(p.ISR) < least) ||
		c.has(reports[3]) && len(p.ISR) == least
}

func (c *call) describePartition(t *described, p kmodel.Partition) {
	leader := "none"
	if p.Leader >= 0 {
		leader = strconv.Itoa(int(p.Leader))
	}
	c.printf("\tTopic: %s\tPartition: %d\tLeader: %s\tReplicas: %s\tIsr: %s", t.Name, p.ID, leader, ids(p.Replicas), ids(p.ISR))
	if m, ok := t.moves[p.ID]; ok {
		c.printf("\tAdding Replicas: %s\tRemoving Replicas: %s", ids(m.Adding), ids(m.Removing))
	}
	if !c.is27() {
		elr, last := "N/A", "N/A"
		if e, told := t.elect[kmodel.TopicPartition{Topic: t.Name, Partition: p.ID}]; told {
			elr, last = ids(e.ELR), ids(e.LastKnown)
		}
		c.printf("\tElr: %s\tLastKnownElr: %s", elr, last)
	}
	c.printf("%s\n", t.mark())
}

// mark is what stands behind what is to be deleted.
func (t *described) mark() string {
	if t.marked {
		return "\tMarkedForDeletion: true"
	}
	return ""
}

// ids are brokers with commas between.
func ids(list []int32) string {
	var texts []string
	for _, id := range list {
		texts = append(texts, strconv.Itoa(int(id)))
	}
	return strings.Join(texts, ",")
}
