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

// attempts is how often a request's change is tried, when leaders write the same state at the same time.
const attempts = 5

// uncleanElection is the ElectionType of ElectLeaders that asks for a leader at any price.
const uncleanElection = 1

// handleElect answers ElectLeaders: every partition that is named, or all of them where none is.
// Source: KafkaApis.handleElectReplicaLeader, KafkaController.processReplicaLeaderElection.
func (c *Control) handleElect(r *wire.Request) {
	req, resp := kmsg.NewElectLeadersRequest(), kmsg.NewElectLeadersResponse()
	if r.Decode(&req) != nil {
		return
	}
	refuse := func(code kproto.Error) {
		resp.ErrorCode = int16(code)
		for _, t := range req.Topics {
			for _, p := range t.Partitions {
				addElection(&resp, kzk.TopicPartition{Topic: t.Topic, Partition: p}, code)
			}
		}
		r.Reply(&resp)
	}
	named, ok := electionsNamed(&req)
	if !ok {
		refuse(kproto.PolicyViolation)
		return
	}
	if !c.post(func() {
		if c.office == nil {
			refuse(kproto.NotController)
			return
		}
		wanted := named
		if req.Topics == nil {
			wanted = allPartitions(c.o.Mirror.Image())
		}
		codes := c.electAll(wanted, req.ElectionType == uncleanElection && r.Version > 0)
		for i, tp := range wanted {
			if req.Topics != nil || codes[i] != kproto.ElectionNotNeeded {
				addElection(&resp, tp, codes[i])
			}
		}
		r.Reply(&resp)
	}) {
		refuse(kproto.NotController)
	}
}

func allPartitions(image *kzk.Image) []kzk.TopicPartition {
	var all []kzk.TopicPartition
	for _, name := range slices.Sorted(maps.Keys(image.Topics)) {
		for _, p := range image.Topics[name].IDs() {
			all = append(all, kzk.TopicPartition{Topic: name, Partition: p})
		}
	}
	return all
}

// electAll elects, and returns the code of each partition when this broker's image shows what came of it. ZooKeeper is
// asked once for all partitions together; of those that need nothing it hears nothing.
func (c *Control) electAll(wanted []kzk.TopicPartition, unclean bool) []kproto.Error {
	codes := make([]kproto.Error, len(wanted))
	open := make([]int, len(wanted)) // indexes of wanted
	for i := range open {
		open[i] = i
	}
	for range attempts {
		image, err := c.fresh()
		if err != nil || len(open) == 0 {
			break
		}
		var changes []controller.Change
		var of []int
		in := c.input(image)
		for _, i := range open {
			change, code := controller.Elect(in, wanted[i].Topic, wanted[i].Partition, unclean)
			if codes[i] = code; code == kproto.NoError {
				changes, of = append(changes, change), append(of, i)
			}
		}
		if len(changes) == 0 {
			break
		}
		failed, err := c.carryOut(changes)
		if err != nil {
			c.setAll(codes, of, err)
			return codes
		}
		open = open[:0]
		for n, err := range failed {
			if err != nil {
				codes[of[n]] = kproto.LeaderNotAvailable
				open = append(open, of[n])
			}
		}
	}
	return codes
}

// setAll gives the code that fits err to those that a transaction was under way for.
func (c *Control) setAll(codes []kproto.Error, of []int, err error) {
	code := kproto.RequestTimedOut
	if errors.Is(err, errFenced) {
		c.resign(err.Error())
		code = kproto.NotController
	}
	for _, i := range of {
		codes[i] = code
	}
}

func addElection(resp *kmsg.ElectLeadersResponse, tp kzk.TopicPartition, code kproto.Error) {
	if n := len(resp.Topics); n == 0 || resp.Topics[n-1].Topic != tp.Topic {
		t := kmsg.NewElectLeadersResponseTopic()
		t.Topic = tp.Topic
		resp.Topics = append(resp.Topics, t)
	}
	p := kmsg.NewElectLeadersResponseTopicPartition()
	p.Partition, p.ErrorCode = tp.Partition, int16(code)
	if code != kproto.NoError {
		text := code.Info().Text
		p.ErrorMessage = &text
	}
	t := &resp.Topics[len(resp.Topics)-1]
	t.Partitions = append(t.Partitions, p)
}
