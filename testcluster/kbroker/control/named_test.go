package control_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// counted counts how often ZooKeeper is asked for what is new.
type counted struct {
	control.Mirror
	asked *atomic.Int64
}

func (m counted) Fresh(ctx context.Context) (*kzk.Image, error) {
	m.asked.Add(1)
	return m.Mirror.Fresh(ctx)
}

// few is more than a request and what follows from it take, and far less than one for each of many topics.
const few = 100

// TestElectLeaders_ManyTopics: what is not there costs ZooKeeper nothing, and each partition is answered once.
func TestElectLeaders_ManyTopics(t *testing.T) {
	c, boss, asked := startCounted(t)
	c.writeLeader("b", 0, 9, 1, 9)
	req := kmsg.NewPtrElectLeadersRequest()
	name := func(topic string, partitions ...int32) {
		req.Topics = append(req.Topics, kmsg.ElectLeadersRequestTopic{Topic: topic, Partitions: partitions})
	}
	name("a", 0, 0)
	for i := range 9000 {
		name(fmt.Sprint("none-", i), 0)
	}
	name("b", 0)
	name("a", 1, 0)
	before := asked.Load()
	resp := boss.ask(t, req, 2).(*kmsg.ElectLeadersResponse)
	if n := asked.Load() - before; n > few {
		t.Errorf("ZooKeeper was asked %d times", n)
	}
	if n := len(resp.Topics); n != 9002 {
		t.Fatalf("%d topics", n)
	}
	resp.Topics = slices.Delete(resp.Topics, 2, 9001)
	if got := elections(resp); got != "a-0 ELECTION_NOT_NEEDED, a-1 UNKNOWN_TOPIC_OR_PARTITION, none-0-0 UNKNOWN_TOPIC_OR_PARTITION, b-0 NONE" &&
		got != "a-0 ELECTION_NOT_NEEDED, a-1 UNKNOWN_TOPIC_OR_PARTITION, none-0-0 UNKNOWN_TOPIC_OR_PARTITION, b-0 ELECTION_NOT_NEEDED" {
		t.Error(got) // the controller may have seen by itself that broker 9 is not there
	}
	for i := range 1001 {
		name(fmt.Sprint("more-", i), 0)
	}
	if resp := boss.ask(t, req, 2).(*kmsg.ElectLeadersResponse); resp.ErrorCode != int16(kproto.PolicyViolation) {
		t.Errorf("too many topics: %s", kproto.Error(resp.ErrorCode).Name())
	}
	req.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: "a", Partitions: make([]int32, 100_001)}}
	if resp := boss.ask(t, req, 2).(*kmsg.ElectLeadersResponse); resp.ErrorCode != int16(kproto.PolicyViolation) {
		t.Errorf("too many partitions: %s", kproto.Error(resp.ErrorCode).Name())
	}
}

// TestReassign_ManyTopics: the moves of all topics go together, and of several for a partition the last counts.
func TestReassign_ManyTopics(t *testing.T) {
	c, boss, asked := startCounted(t)
	c.start(2)
	c.await("there are two", func(i *kzk.Image) bool { return i.Brokers[2] != nil })
	req := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	name := func(topic string, replicas ...int32) {
		p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
		p.Replicas = replicas
		req.Topics = append(req.Topics, kmsg.AlterPartitionAssignmentsRequestTopic{Topic: topic,
			Partitions: []kmsg.AlterPartitionAssignmentsRequestTopicPartition{p}})
	}
	name("a", 7)
	name("b", 2, 1)
	for i := range 9000 {
		name(fmt.Sprint("none-", i), 1)
	}
	name("a", 1, 2)
	before := asked.Load()
	resp := boss.ask(t, req, 0).(*kmsg.AlterPartitionAssignmentsResponse)
	if n := asked.Load() - before; n > few {
		t.Errorf("ZooKeeper was asked %d times", n)
	}
	if resp.ErrorCode != 0 || len(resp.Topics) != 9002 {
		t.Fatalf("%s, %d topics", kproto.Error(resp.ErrorCode).Name(), len(resp.Topics))
	}
	for i, want := range []kproto.Error{kproto.NoError, kproto.NoError, kproto.UnknownTopicOrPartition} {
		if parts := resp.Topics[i].Partitions; len(parts) != 1 || parts[0].ErrorCode != int16(want) {
			t.Errorf("%s: %+v, want %s", resp.Topics[i].Topic, parts, want.Name())
		}
	}
	c.await("both move, as was said last", func(i *kzk.Image) bool {
		return slices.Equal(i.Partition("a", 0).Replicas, []int32{1, 2}) && slices.Equal(i.Partition("b", 0).Replicas, []int32{2, 1})
	})
	for i := range 1001 {
		name(fmt.Sprint("more-", i), 1)
	}
	if resp := boss.ask(t, req, 0).(*kmsg.AlterPartitionAssignmentsResponse); resp.ErrorCode != int16(kproto.PolicyViolation) {
		t.Errorf("too many topics: %s", kproto.Error(resp.ErrorCode).Name())
	}
}

// startCounted is a cluster of one broker with two topics, a and b, and the count of what it asks ZooKeeper.
func startCounted(t *testing.T) (c *cluster, boss *broker, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	c = startCluster(t, control.Config{})
	c.startWith(1, nil, func(m control.Mirror) control.Mirror { return counted{m, asked} })
	boss = c.awaitController(1)
	c.topic("a", []int32{1})
	c.topic("b", []int32{1})
	c.awaitState("a", 0, 1, 1)
	c.awaitState("b", 0, 1, 1)
	return c, boss, asked
}
