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
	moves, ok := movesNamed(&req)
	if !ok {
		refuse(kproto.PolicyViolation)
		return
	}
	if !c.post(func() {
		if c.office == nil {
			refuse(kproto.NotController)
			return
		}
		refused, err := c.reassign(moves)
		if err != nil {
			refuse(kproto.Code(err))
			return
		}
		for i, m := range moves {
			addMove(&resp, m, refused[i])
		}
		r.Reply(&resp)
	}) {
		refuse(kproto.NotController)
	}
}

func addMove(resp *kmsg.AlterPartitionAssignmentsResponse, m controller.Move, refusal controller.Refusal) {
	if n := len(resp.Topics); n == 0 || resp.Topics[n-1].Topic != m.Topic {
		t := kmsg.NewAlterPartitionAssignmentsResponseTopic()
		t.Topic = m.Topic
		resp.Topics = append(resp.Topics, t)
	}
	p := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
	p.Partition = m.Partition
	if refusal.Code != kproto.NoError {
		p.ErrorCode, p.ErrorMessage = int16(refusal.Code), &refusal.Message
	}
	t := &resp.Topics[len(resp.Topics)-1]
	t.Partitions = append(t.Partitions, p)
}

// reassign carries out the moves of a request together; those of a topic are one change. The refusals are by index. The
// error is a code of the whole request.
func (c *Control) reassign(moves []controller.Move) (map[int]controller.Refusal, error) {
	tried := make(map[int]bool) // accepted, but perhaps not carried out
	for range attempts {
		image, err := c.fresh()
		if err != nil {
			return nil, kproto.RequestTimedOut
		}
		changes, refused := controller.Reassign(c.input(image), moves)
		for i, m := range moves {
			why, bad := refused[i]
			switch {
			case !bad:
				tried[i] = true
			case tried[i] && m.Replicas == nil && why.Code == kproto.NoReassignmentInProgress:
				delete(refused, i) // it has been taken back, only another topic's change has failed
			}
		}
		if len(changes) == 0 {
			return refused, nil
		}
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
	return c.unmet(moves, tried)
}

// unmet refuses the moves that the cluster does not show after all attempts: their topics have changed each time, or
// take more than a transaction.
func (c *Control) unmet(moves []controller.Move, tried map[int]bool) (map[int]controller.Refusal, error) {
	image, err := c.fresh()
	if err != nil {
		return nil, kproto.RequestTimedOut
	}
	_, refused := controller.Reassign(c.input(image), moves)
	for i, m := range moves {
		if !tried[i] {
			continue
		}
		if m.Met(image) {
			delete(refused, i)
		} else if _, bad := refused[i]; !bad {
			refused[i] = controller.Refusal{Code: kproto.RequestTimedOut, Message: "The topic could not be written."}
		}
	}
	return refused, nil
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
