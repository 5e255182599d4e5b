package control_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestKilledBroker: its partitions have other leaders, and the ISRs are without it, though its session lasts. When it
// answers again it may take part again.
func TestKilledBroker(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	victim, heir := others[0], others[1]
	c.topic("t", []int32{victim, heir, boss.id}, []int32{boss.id, victim, heir})
	c.awaitState("t", 0, victim, victim, heir, boss.id)
	c.awaitState("t", 1, boss.id, boss.id, victim, heir)

	killed := time.Now()
	c.brokers[victim].server.Kill()
	if st := c.awaitState("t", 0, heir, heir, boss.id); st.LeaderEpoch != 1 {
		t.Errorf("leader epoch %d", st.LeaderEpoch)
	}
	if st := c.awaitState("t", 1, boss.id, boss.id, heir); st.LeaderEpoch != 1 {
		t.Errorf("leader epoch %d", st.LeaderEpoch)
	}
	t.Logf("it took %v", time.Since(killed))
	if took := time.Since(killed); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if c.view.Image().Brokers[victim] == nil {
		t.Fatal("its session has ended: nothing was tried")
	}

	// Nothing new for it, until somebody listens there again.
	c.topic("new", []int32{victim, heir})
	c.awaitState("new", 0, heir, heir)
	c.brokers[victim].listen()
	c.topicUntil(victim)
}

// topicUntil creates topics until the broker leads one.
func (c *cluster) topicUntil(id int32) {
	c.t.Helper()
	for n := 0; ; n++ {
		name := "try-" + string(rune('a'+n%26)) + time.Now().Format("150405.000000")
		c.topic(name, []int32{id, c.others(id)[0]})
		image := c.await(name+" has a leader", func(i *kzk.Image) bool { return i.Partition(name, 0) != nil && i.Partition(name, 0).State != nil })
		if image.Partition(name, 0).State.Leader == id {
			return
		}
	}
}

// TestKilledController: another takes over at once, though /controller and the registration of the dead one last; and
// what that one led has other leaders.
func TestKilledController(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	c.topic("t", []int32{boss.id, others[0], others[1]})
	c.awaitState("t", 0, boss.id, boss.id, others[0], others[1])

	killed := time.Now()
	boss.kill()
	next := c.awaitController(others...)
	c.awaitState("t", 0, others[0], others...)
	if took := time.Since(killed); took > time.Second {
		t.Errorf("it took %v", took)
	}
	image := c.await("the epoch is 2", func(i *kzk.Image) bool { return i.ControllerEpoch == 2 })
	if image.Brokers[boss.id] == nil {
		t.Fatal("the dead controller's session has ended: nothing was tried")
	}

	// It comes back as another process, with the same id.
	if err := c.client.Delete(timeout(t), kzk.BrokerPath(boss.id), -1); err != nil {
		t.Fatal(err)
	}
	c.start(boss.id)
	c.writeISR("t", 0, append(slices.Clone(others), boss.id)...)
	c.topicUntil(boss.id)
	if now := c.view.Image(); now.Controller != next.id || now.ControllerEpoch != 2 {
		t.Errorf("controller %d in epoch %d", now.Controller, now.ControllerEpoch)
	}
}

// TestKilledBroker_WithManyPartitions: all of them are seen to.
func TestKilledBroker_WithManyPartitions(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	const topics, partitions = 10, 100
	replicas := make([][]int32, partitions)
	for i := range replicas {
		replicas[i] = []int32{others[0], others[1], boss.id}
	}
	for n := range topics {
		c.topic(fmt.Sprint("t", n), replicas...)
	}
	led := func(by int32) func(*kzk.Image) bool {
		return func(i *kzk.Image) bool {
			for _, topic := range i.Topics {
				for _, p := range topic.Partitions {
					if p.State == nil || p.State.Leader != by {
						return false
					}
				}
			}
			return len(i.Topics) == topics
		}
	}
	c.await("all have leaders", led(others[0]))
	killed := time.Now()
	c.brokers[others[0]].server.Kill()
	c.await("all have other leaders", led(others[1]))
	t.Logf("%d partitions took %v", topics*partitions, time.Since(killed))
}

// TestKilledTwo: the controller and another die at once. The one that is left sees to both.
func TestKilledTwo(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	c.topic("t", []int32{boss.id, others[0], others[1]})
	c.awaitState("t", 0, boss.id, boss.id, others[0], others[1])
	c.brokers[others[0]].kill()
	boss.kill()
	c.awaitController(others[1])
	c.awaitState("t", 0, others[1], others[1])
}

// TestDrop_IsNotRepeatedAtOnce: a broker without a session goes on fetching, and the leader takes it in again and again.
// The controller does not answer each time with a new leader epoch.
func TestDrop_IsNotRepeatedAtOnce(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2)
	boss := c.awaitController(1, 2)
	other := c.others(boss.id)[0]
	c.topic("t", []int32{boss.id, other})
	c.awaitState("t", 0, boss.id, boss.id, other)
	if err := c.client.Delete(timeout(t), kzk.BrokerPath(other), -1); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for epoch := int32(1); epoch <= 4; epoch++ {
		c.await("it is dropped", func(i *kzk.Image) bool { return i.Partition("t", 0).State.LeaderEpoch == epoch })
		c.writeISR("t", 0, boss.id, other)
	}
	if took := time.Since(begun); took < time.Second/2 {
		t.Errorf("dropped four times within %v", took)
	}
}
