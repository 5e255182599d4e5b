package control_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestElectLeaders in its versions: what was elected, what need not be, and what cannot be.
func TestElectLeaders(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	c.topic("t", []int32{1, 2, 3}, []int32{2, 3, 1})
	c.awaitState("t", 1, 2, 2, 3, 1)
	for version := int16(0); version <= 2; version++ {
		c.writeLeader("t", 0, 2, 2, 3, 1)
		req := kmsg.NewPtrElectLeadersRequest()
		req.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: "t", Partitions: []int32{0, 1, 9}}, {Topic: "none", Partitions: []int32{0}}}
		resp := boss.ask(t, req, version).(*kmsg.ElectLeadersResponse)
		want := "t-0 NONE, t-1 ELECTION_NOT_NEEDED, t-9 UNKNOWN_TOPIC_OR_PARTITION, none-0 UNKNOWN_TOPIC_OR_PARTITION"
		if got := elections(resp); got != want {
			t.Errorf("version %d: %s", version, got)
		}
		if st := c.awaitState("t", 0, 1, 2, 3, 1); st.LeaderEpoch == 0 {
			t.Error("the same leader epoch")
		}
	}
	// All partitions: only what has changed is told.
	c.writeLeader("t", 1, 3, 3, 1, 2)
	req := kmsg.NewPtrElectLeadersRequest()
	if got := elections(boss.ask(t, req, 2).(*kmsg.ElectLeadersResponse)); got != "t-1 NONE" {
		t.Errorf("all partitions: %s", got)
	}
	other := c.brokers[c.others(boss.id)[0]]
	if resp := other.ask(t, req, 2).(*kmsg.ElectLeadersResponse); resp.ErrorCode != int16(kproto.NotController) {
		t.Errorf("not the controller: %+v", resp)
	}
}

// TestElectLeaders_Unclean: a partition of which nobody in sync is left.
func TestElectLeaders_Unclean(t *testing.T) {
	c := startCluster(t, control.Config{}, 1)
	c.awaitController(1)
	c.topic("t", []int32{2, 1})
	c.awaitState("t", 0, 1, 1)
	c.writeLeader("t", 0, 2, 2)
	c.awaitState("t", 0, -1, 2)
	req := kmsg.NewPtrElectLeadersRequest()
	req.ElectionType = 1
	req.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: "t", Partitions: []int32{0}}}
	if got := elections(c.brokers[1].ask(t, req, 1).(*kmsg.ElectLeadersResponse)); got != "t-0 NONE" {
		t.Error(got)
	}
	c.awaitState("t", 0, 1, 1)
}

// TestUncleanTopic: unclean.leader.election.enable needs no request.
func TestUncleanTopic(t *testing.T) {
	c := startCluster(t, control.Config{Unclean: func(i *kzk.Image, topic string) bool {
		return i.TopicConfig(topic)["unclean.leader.election.enable"] == "true"
	}}, 1)
	c.awaitController(1)
	c.topic("t", []int32{2, 1})
	c.awaitState("t", 0, 1, 1)
	c.writeLeader("t", 0, 2, 2)
	c.awaitState("t", 0, -1, 2)
	c.create(kzk.TopicConfigPath("t"), kzk.EncodeConfig(map[string]string{"unclean.leader.election.enable": "true"}), zkproto.ModePersistent)
	c.awaitState("t", 0, 1, 1)
}

// TestRebalance: after some time the preferred leaders lead again.
func TestRebalance(t *testing.T) {
	c := startCluster(t, control.Config{Rebalance: true, RebalanceInterval: 50 * time.Millisecond}, 1, 2)
	c.awaitController(1, 2)
	c.topic("t", []int32{1, 2}, []int32{2, 1})
	c.awaitState("t", 0, 1, 1, 2)
	c.writeLeader("t", 0, 2, 1, 2)
	c.awaitState("t", 0, 1, 1, 2)
}

// TestReassign: begun, listed, ended; begun again and taken back.
func TestReassign(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	c.topic("t", []int32{1, 2}, []int32{1, 2})
	c.awaitState("t", 1, 1, 1, 2)
	move := func(partition int32, replicas ...int32) kmsg.AlterPartitionAssignmentsRequestTopicPartition {
		p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
		p.Partition, p.Replicas = partition, replicas
		return p
	}
	alter := func(parts ...kmsg.AlterPartitionAssignmentsRequestTopicPartition) string {
		t.Helper()
		req := kmsg.NewPtrAlterPartitionAssignmentsRequest()
		topic := kmsg.NewAlterPartitionAssignmentsRequestTopic()
		topic.Topic, topic.Partitions = "t", parts
		req.Topics = append(req.Topics, topic)
		resp := boss.ask(t, req, 0).(*kmsg.AlterPartitionAssignmentsResponse)
		text := kproto.Error(resp.ErrorCode).Name()
		for _, p := range resp.Topics[0].Partitions {
			text += fmt.Sprintf(" %d=%s", p.Partition, kproto.Error(p.ErrorCode).Name())
		}
		return text
	}
	if got := alter(move(0, 3, 2), move(1, 9), move(7, 1)); got !=
		"NONE 0=NONE 1=INVALID_REPLICA_ASSIGNMENT 7=UNKNOWN_TOPIC_OR_PARTITION" {
		t.Errorf("alter: %s", got)
	}
	if got := alter(move(1, 9), move(1)); got != "NONE 1=NO_REASSIGNMENT_IN_PROGRESS" {
		t.Errorf("twice the same partition: %s", got)
	}
	for _, id := range []int32{1, 2, 3} { // any broker can say
		if _, err := c.brokers[id].mirror.Fresh(timeout(t)); err != nil {
			t.Fatal(err)
		}
		list := kmsg.NewPtrListPartitionReassignmentsRequest()
		resp := c.brokers[id].ask(t, list, 0).(*kmsg.ListPartitionReassignmentsResponse)
		if got := fmt.Sprint(resp.Topics); len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
			t.Errorf("broker %d lists %s", id, got)
		} else if p := resp.Topics[0].Partitions[0]; !slices.Equal(p.Replicas, []int32{3, 2, 1}) ||
			!slices.Equal(p.AddingReplicas, []int32{3}) || !slices.Equal(p.RemovingReplicas, []int32{1}) {
			t.Errorf("broker %d lists %s", id, got)
		}
	}
	c.writeISR("t", 0, 1, 2, 3)
	c.awaitState("t", 0, 3, 2, 3)
	c.await("the move has ended", func(i *kzk.Image) bool {
		p := i.Partition("t", 0)
		return slices.Equal(p.Replicas, []int32{3, 2}) && len(p.Adding)+len(p.Removing) == 0
	})
	alter(move(0, 1))
	if got := alter(move(0)); got != "NONE 0=NONE" {
		t.Errorf("take back: %s", got)
	}
	c.await("the replicas are as before", func(i *kzk.Image) bool { return slices.Equal(i.Partition("t", 0).Replicas, []int32{3, 2}) })
	other := c.brokers[c.others(boss.id)[0]]
	if resp := other.ask(t, kmsg.NewPtrAlterPartitionAssignmentsRequest(), 0).(*kmsg.AlterPartitionAssignmentsResponse); resp.ErrorCode != int16(kproto.NotController) {
		t.Errorf("not the controller: %+v", resp)
	}
}

// TestDelete: a topic of more znodes than one transaction takes, its configuration, and the mark.
func TestDelete(t *testing.T) {
	c := startCluster(t, control.Config{DeleteTopics: true}, 1)
	c.awaitController(1)
	replicas := make([][]int32, 700)
	for i := range replicas {
		replicas[i] = []int32{1}
	}
	c.topic("big", replicas...)
	c.create(kzk.TopicConfigPath("big"), kzk.EncodeConfig(map[string]string{"retention.ms": "1"}), zkproto.ModePersistent)
	c.awaitState("big", 699, 1, 1)
	version := c.view.Image().TopicsVersion
	c.create(kzk.DeleteTopicPath("none"), nil, zkproto.ModePersistent)
	c.create(kzk.DeleteTopicPath("big"), nil, zkproto.ModePersistent)
	c.await("both marks are gone", func(i *kzk.Image) bool { return len(i.Deletions) == 0 && i.Topics["big"] == nil })
	for _, path := range []string{kzk.TopicPath("big"), kzk.TopicConfigPath("big")} {
		if _, err := c.client.Exists(timeout(t), path, nil); !errors.Is(err, zkproto.NoNode) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if now := c.view.Image().TopicsVersion; now != version+1 {
		t.Errorf("the version of %s is %d, before the deletion of a topic it was %d", kzk.TopicsPath, now, version)
	}
	// The same name again.
	c.topic("big", []int32{1})
	c.awaitState("big", 0, 1, 1)
}

// TestFirstStates_WhereFoldersAre: what another controller has left half done is finished.
func TestFirstStates_WhereFoldersAre(t *testing.T) {
	c := startCluster(t, control.Config{})
	c.topic("t", []int32{1}, []int32{1}, []int32{1})
	c.create(kzk.PartitionsPath("t"), nil, zkproto.ModePersistent)
	c.create(kzk.PartitionPath("t", 1), nil, zkproto.ModePersistent)
	c.topic("u", []int32{1})
	c.start(1)
	for p := range int32(3) {
		c.awaitState("t", p, 1, 1)
	}
	c.awaitState("u", 0, 1, 1)
}

// TestConflict: leaders write ISRs all the time, with versions that the controller has not seen. Each of its own changes
// comes through, one in each leader epoch.
func TestConflict(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	const partitions = 20
	replicas := make([][]int32, partitions)
	for i := range replicas {
		replicas[i] = []int32{boss.id, others[0], others[1]}
	}
	c.topic("t", replicas...)
	c.awaitState("t", partitions-1, boss.id, boss.id, others[0], others[1])
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // the leader, whose writes may fail
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			p := int32(n % partitions)
			st := *c.view.Image().Partition("t", p).State
			st.ISR = []int32{boss.id, others[0], others[1]}
			if st.Leader == boss.id {
				c.client.Set(timeout(t), kzk.StatePath("t", p), kzk.EncodeState(&st), st.Version)
			}
		}
	}()
	c.brokers[others[0]].server.Kill()
	c.await("the dead are out of the ISRs", func(i *kzk.Image) bool { return i.Partition("t", 0).State.LeaderEpoch > 0 })
	close(stop)
	<-done
	for p := range int32(partitions) {
		c.awaitState("t", p, boss.id, boss.id, others[1])
	}
}

// writeLeader is what another controller would write.
func (c *cluster) writeLeader(topic string, partition, leader int32, isr ...int32) {
	c.t.Helper()
	fresh, err := c.view.Fresh(timeout(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	st := *fresh.Partition(topic, partition).State
	st.Leader, st.ISR, st.LeaderEpoch = leader, isr, st.LeaderEpoch+1
	if _, err := c.client.Set(timeout(c.t), kzk.StatePath(topic, partition), kzk.EncodeState(&st), st.Version); err != nil {
		c.t.Fatal(err)
	}
}

func elections(resp *kmsg.ElectLeadersResponse) string {
	text := ""
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s-%d %s", topic.Topic, p.Partition, kproto.Error(p.ErrorCode).Name())
		}
	}
	return text
}
