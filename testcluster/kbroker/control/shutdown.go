package control

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// shutdown is a broker that wants to leave.
type shutdown struct {
	broker int32
	epoch  int64 // of its registration, -1 if it does not say
	done   func(remaining []kzk.TopicPartition, code kproto.Error)
}

// handleShutdown answers ControlledShutdown: what the broker leads is moved elsewhere, it is taken out of every ISR, and
// gets nothing new. The answer has what could not be moved yet.
// Source: KafkaController.doControlledShutdown.
func (c *Control) handleShutdown(r *wire.Request) {
	req, resp := kmsg.NewControlledShutdownRequest(), kmsg.NewControlledShutdownResponse()
	if r.Decode(&req) != nil {
		return
	}
	epoch := req.BrokerEpoch
	if r.Version < 2 {
		epoch = -1
	}
	c.startShutdown(&shutdown{req.BrokerID, epoch, func(remaining []kzk.TopicPartition, code kproto.Error) {
		resp.ErrorCode = int16(code)
		for _, tp := range remaining {
			p := kmsg.NewControlledShutdownResponsePartitionsRemaining()
			p.Topic, p.Partition = tp.Topic, tp.Partition
			resp.PartitionsRemaining = append(resp.PartitionsRemaining, p)
		}
		r.Reply(&resp)
	}})
}

func (c *Control) startShutdown(s *shutdown) {
	if !c.post(func() { c.beginShutdown(s) }) {
		s.done(nil, kproto.NotController)
	}
}

// beginShutdown marks the broker. The answer follows when the plan has nothing due any more.
func (c *Control) beginShutdown(s *shutdown) {
	if c.office == nil {
		s.done(nil, kproto.NotController)
		return
	}
	image, err := c.fresh()
	if err != nil {
		s.done(nil, kproto.NotController)
		return
	}
	b := image.Brokers[s.broker]
	switch {
	case b == nil:
		s.done(nil, kproto.BrokerNotAvailable)
	case s.epoch >= 0 && s.epoch < b.Epoch:
		s.done(nil, kproto.StaleBrokerEpoch)
	default:
		c.log().Info("controlled shutdown", "broker", s.broker)
		c.leaving[s.broker] = b.Epoch
		c.shutdowns = append(c.shutdowns, s)
	}
}

// answerShutdowns says what is left to those that wait.
func (c *Control) answerShutdowns() {
	waiting := c.shutdowns
	c.shutdowns = nil
	for _, s := range waiting {
		if c.office == nil {
			s.done(nil, kproto.NotController)
			continue
		}
		s.done(controller.Remaining(c.input(c.o.Mirror.Image()), s.broker), kproto.NoError)
	}
}
