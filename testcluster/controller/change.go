package controller

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Change is one thing to do in ZooKeeper: whole or not at all.
type Change struct {
	// What is done, and why, for the log.
	What string
	// Trees are znodes to remove with everything below them, before Ops. An absent one is no fault.
	Trees []string
	// Parents create what must be there before Ops. That they are there already is no fault.
	Parents []zkproto.MultiOp
	// Ops are one transaction.
	Ops []zkproto.MultiOp
	// Drops are who is taken out of the ISR of Partition by a change that does nothing else.
	Drops     []int32
	Partition kzk.TopicPartition
	// Sure marks a change that cannot be undone and rests on what the image does not show: it needs an image that has
	// everything that was acknowledged.
	Sure bool
}

// Fence is the first operation of every multi: it fails when another controller has been elected.
func Fence(epochVersion int32) zkproto.MultiOp {
	return checkOp(kzk.ControllerEpochPath, epochVersion)
}

func checkOp(path string, version int32) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: path, Version: version}}
}

func createOp(path string, data []byte) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: path, Data: data, ACL: zkproto.OpenACL()}}
}

func setOp(path string, data []byte, version int32) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: path, Data: data, Version: version}}
}

func deleteOp(path string, version int32) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: path, Version: version}}
}

// stateChange writes the next state of a partition over the one it has.
func stateChange(t *kzk.Topic, partition int32, next kzk.State, why string) Change {
	c := Change{
		What: stateText(t.Name, partition, next, why),
		Ops:  []zkproto.MultiOp{stateOp(t.Name, partition, next)},
	}
	if was := t.Partitions[partition].State; was.Leader == next.Leader {
		c.Drops, c.Partition = without(was.ISR, next.ISR), kzk.TopicPartition{Topic: t.Name, Partition: partition}
	}
	return c
}

func stateOp(topic string, partition int32, next kzk.State) zkproto.MultiOp {
	return setOp(kzk.StatePath(topic, partition), kzk.EncodeState(&next), next.Version)
}

func stateText(topic string, partition int32, next kzk.State, why string) string {
	return fmt.Sprintf("%s-%d: leader %d, ISR %d, leader epoch %d: %s", topic, partition, next.Leader, next.ISR, next.LeaderEpoch, why)
}

// firstChange creates the first state of a partition, and what it stands in. The topic's folder of partitions remembers
// the topic's id (see [RememberedID]); it is there already if the topic has started.
func (in *Input) firstChange(t *kzk.Topic, started bool, partition int32, next kzk.State, why string) Change {
	c := Change{
		What: stateText(t.Name, partition, next, why),
		Ops:  []zkproto.MultiOp{createOp(kzk.StatePath(t.Name, partition), kzk.EncodeState(&next))},
	}
	if !started {
		id := t.ID
		if !t.HasID {
			id = in.IDs[t.Czxid]
		}
		c.Parents = append(c.Parents, createOp(kzk.PartitionsPath(t.Name), memory(id)))
	}
	c.Parents = append(c.Parents, createOp(kzk.PartitionPath(t.Name, partition), nil))
	return c
}

// started says whether a partition of the topic has a state.
func started(t *kzk.Topic) bool {
	for _, p := range t.Partitions {
		if p.State != nil {
			return true
		}
	}
	return false
}
