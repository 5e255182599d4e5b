package control

import (
	"errors"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// handleReassign answers AlterPartitionReassignments: moves begin, or are taken back. They go on by themselves.
// Source: KafkaController.processApiPartitionReassignment.
func (c *Control) handleReassign(r *wire.Request) {
	req, resp := kmsg.NewAlterPartitionAssignmentsRequest(), kmsg.NewAlterPartitionAssignmentsResponse()
	if r.Decode(&req) != nil {
		return
	}
	refuse := func(code kproto.Error) {
		text := code.Info().Text
		resp.ErrorCode, resp.ErrorMessage = int16(code), &text
		r.Reply(&resp)
	}
	if !c.post(func() {
		if c.office == nil {
			refuse(kproto.NotController)
			return
		}
		for i := range req.Topics {
			t, err := c.reassignTopic(&req.Topics[i])
			if err != nil {
				refuse(kproto.Code(err))
				return
			}
			resp.Topics = append(resp.Topics, t)
		}
		r.Reply(&resp)
	}) {
		refuse(kproto.NotController)
	}
}

// reassignTopic carries out the moves of one topic, which are one change. The error is a code of the whole request.
func (c *Control) reassignTopic(req *kmsg.AlterPartitionAssignmentsRequestTopic) (kmsg.AlterPartitionAssignmentsResponseTopic, error) {
	moves := make([]controller.Move, len(req.Partitions))
	for i, p := range req.Partitions {
		moves[i] = controller.Move{TopicPartition: kzk.TopicPartition{Topic: req.Topic, Partition: p.Partition}, Replicas: p.Replicas}
	}
	resp := kmsg.NewAlterPartitionAssignmentsResponseTopic()
	resp.Topic = req.Topic
	refused, err := c.reassign(moves)
	if err != nil {
		return resp, err
	}
	for i, m := range moves {
		p := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
		p.Partition = m.Partition
		if why, bad := refused[i]; bad {
			p.ErrorCode, p.ErrorMessage = int16(why.Code), &why.Message
		}
		resp.Partitions = append(resp.Partitions, p)
	}
	return resp, nil
}

func (c *Control) reassign(moves []controller.Move) (map[int]controller.Refusal, error) {
	for range attempts {
		image, err := c.fresh()
		if err != nil {
			return nil, kproto.RequestTimedOut
		}
		changes, refused := controller.Reassign(c.input(image), moves)
		failed, err := c.carryOut(changes)
		switch {
		case errors.Is(err, errFenced):
			c.resign(err.Error())
			return nil, kproto.NotController
		case err != nil:
			return nil, kproto.RequestTimedOut
		case !slices.ContainsFunc(failed, func(err error) bool { return err != nil }):
			if err := c.refresh(); err != nil {
				return nil, kproto.RequestTimedOut
			}
			return refused, nil
		}
	}
	return nil, kproto.RequestTimedOut
}

// handleListReassignments answers ListPartitionReassignments. Any broker can, from what it sees.
func (c *Control) handleListReassignments(r *wire.Request) {
	req, resp := kmsg.NewListPartitionReassignmentsRequest(), kmsg.NewListPartitionReassignmentsResponse()
	if r.Decode(&req) != nil {
		return
	}
	listReassignments(c.o.Mirror.Image(), &req, &resp)
	r.Reply(&resp)
}

// listReassignments adds the partitions that are moving, of those asked for: all, where no topics are named.
func listReassignments(image *kzk.Image, req *kmsg.ListPartitionReassignmentsRequest, resp *kmsg.ListPartitionReassignmentsResponse) {
	asked := req.Topics
	if asked == nil {
		for _, name := range slices.Sorted(maps.Keys(image.Topics)) {
			t := kmsg.NewListPartitionReassignmentsRequestTopic()
			t.Topic, t.Partitions = name, image.Topics[name].IDs()
			asked = append(asked, t)
		}
	}
	for _, a := range asked {
		t := kmsg.NewListPartitionReassignmentsResponseTopic()
		t.Topic = a.Topic
		for _, id := range a.Partitions {
			p := image.Partition(a.Topic, id)
			if p == nil || len(p.Adding)+len(p.Removing) == 0 {
				continue
			}
			row := kmsg.NewListPartitionReassignmentsResponseTopicPartition()
			row.Partition, row.Replicas, row.AddingReplicas, row.RemovingReplicas = id, p.Replicas, p.Adding, p.Removing
			t.Partitions = append(t.Partitions, row)
		}
		if len(t.Partitions) > 0 {
			resp.Topics = append(resp.Topics, t)
		}
	}
}
