package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/zoka-project/zoka/testcluster/check/history"
)

// mover has partitions go to other brokers, changes its mind, and has the first replicas lead again. Who asks for that
// while brokers die may be refused.
type mover struct {
	*kafka
	rnd *rand.Rand
}

func (m *mover) close()            {}
func (m *mover) ops() []history.Op { return nil }

func (m *mover) work(ctx context.Context) {
	for {
		pause(ctx, time.Duration(500+m.rnd.IntN(4000))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = m.move(once, int32(m.rnd.IntN(kafkaPartitions))) // refused, or cut short by the end
		cancel()
	}
}

func (m *mover) move(ctx context.Context, p int32) error {
	var req kadm.AlterPartitionAssignmentsReq
	switch m.rnd.IntN(4) {
	case 0:
		var set kadm.TopicsSet
		set.Add(kafkaTopic, p)
		_, err := m.admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, set)
		return err
	case 1:
		req.CancelAssign(kafkaTopic, p)
	default:
		var to []int32
		for _, i := range m.rnd.Perm(len(m.nodes))[:3] {
			to = append(to, int32(m.nodes[i].ID))
		}
		m.say("partition %d is to go to %v", p, to)
		req.Assign(kafkaTopic, p, to)
	}
	_, err := m.admin.AlterPartitionAssignments(ctx, req)
	return err
}

// moved tells which partition is still on its way, or has left something behind.
func (k *kafka) moved(ctx context.Context) error {
	var set kadm.TopicsSet
	for p := range int32(kafkaPartitions) {
		set.Add(kafkaTopic, p)
	}
	on, err := k.admin.ListPartitionReassignments(ctx, set)
	if err != nil {
		return err
	}
	for _, r := range on.Sorted() {
		return fmt.Errorf("%s-%d: adding %v, removing %v, replicas %v", r.Topic, r.Partition, r.AddingReplicas, r.RemovingReplicas, r.Replicas)
	}
	m, err := k.admin.Metadata(ctx, kafkaTopic)
	if err != nil {
		return err
	}
	for _, p := range parts(m) {
		name := p.Topic + "-" + strconv.Itoa(int(p.Partition))
		for _, n := range k.nodes {
			_, err := os.Stat(filepath.Join(k.kafkaDir(n.ID), name))
			if has, should := err == nil, slices.Contains(p.Replicas, int32(n.ID)); has != should {
				return fmt.Errorf("%s is on %v; that it has a folder on node %d is %v", name, p.Replicas, n.ID, has)
			}
		}
	}
	return nil
}
