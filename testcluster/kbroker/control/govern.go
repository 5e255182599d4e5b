package control

import (
	"errors"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// step does what the image calls for. It says whether there may be more to do at once.
func (c *Control) step(image *kzk.Image) bool {
	c.forget(image)
	c.watch(image)
	switch {
	case !c.registered:
		return false
	case c.office == nil:
		return c.stand(image)
	case image.Controller != c.o.Self || image.ControllerEpochVersion > c.office.version:
		c.resign("another has been elected, or " + kzk.ControllerPath + " was removed")
		return true
	}
	return c.govern(image)
}

// govern carries out what is due, once.
func (c *Control) govern(image *kzk.Image) bool {
	more, err := c.due(image)
	switch {
	case errors.Is(err, errFenced):
		c.resign(err.Error())
		return true
	case err != nil:
		if c.ctx.Err() == nil {
			c.log().Warn("the controller could not write", "error", err)
		}
		c.retryIn(retryDelay)
	}
	if !more {
		c.answerShutdowns()
	}
	return more
}

// due plans and carries out. It says whether something was changed.
func (c *Control) due(image *kzk.Image) (more bool, err error) {
	if err := c.identify(image); err != nil {
		return false, err
	}
	changes := controller.Plan(c.input(image))
	if slices.ContainsFunc(changes, func(ch controller.Change) bool { return ch.Sure }) {
		if image, err = c.fresh(); err != nil {
			return false, err
		}
		changes = controller.Plan(c.input(image))
	}
	if len(changes) == 0 {
		changes = c.rebalance(image)
	}
	changes = c.drops.settle(changes, c.o.Now(), c.retryIn)
	if len(changes) == 0 {
		return false, nil
	}
	failed, err := c.carryOut(changes)
	if err != nil {
		return false, err
	}
	for i, err := range failed {
		if err != nil {
			c.log().Info("not changed: it has changed meanwhile", "change", changes[i].What, "error", err)
		} else {
			more = true
			c.drops.note(changes[i], c.o.Now())
		}
	}
	now, err := c.fresh()
	if err != nil {
		return false, err
	}
	if !more && now == image {
		c.retryIn(retryDelay) // nothing has changed, and yet nothing could be changed
		return false, nil
	}
	return true, nil
}

// input is what a plan rests on.
func (c *Control) input(image *kzk.Image) controller.Input {
	in := controller.Input{Image: image, Epoch: c.office.epoch, EpochVersion: c.office.version, Dead: c.dead,
		Leaving: c.leaving, DeleteTopics: c.o.Config.DeleteTopics, IDs: c.ids}
	if unclean := c.o.Config.Unclean; unclean != nil {
		in.Unclean = func(topic string) bool { return unclean(image, topic) }
	}
	return in
}

// rebalance is what the preferred leaders get back, every now and then.
func (c *Control) rebalance(image *kzk.Image) []controller.Change {
	config := &c.o.Config
	if !config.Rebalance {
		return nil
	}
	now := c.o.Now()
	left := c.rebalanceAt.Sub(now)
	if left > 0 {
		c.retryIn(left)
		return nil
	}
	c.rebalanceAt = now.Add(config.RebalanceInterval)
	c.retryIn(config.RebalanceInterval)
	return controller.Rebalance(c.input(image), config.ImbalancePercentage)
}

// identify learns the ids of topics: those that the image has, and for the others those that they had. A topic that
// never had one gets one.
func (c *Control) identify(image *kzk.Image) error {
	ids := make(map[int64]kproto.UUID, len(image.Topics))
	var without []*kzk.Topic
	for _, t := range image.Topics {
		id, known := c.ids[t.Czxid]
		switch {
		case t.HasID:
			ids[t.Czxid] = t.ID
		case known:
			ids[t.Czxid] = id
		default:
			without = append(without, t)
		}
	}
	for _, t := range without {
		data, _, err := c.o.ZK.Get(c.ctx, kzk.PartitionsPath(t.Name), nil)
		switch {
		case errors.Is(err, zkproto.NoAuth):
			continue // it stays without
		case err != nil && !errors.Is(err, zkproto.NoNode):
			return err
		}
		id, ok := controller.RememberedID(data)
		if !ok {
			id = controller.DerivedID(image.ClusterID, t)
		}
		ids[t.Czxid] = id
	}
	c.ids = ids
	return nil
}

// forget drops what is known of brokers' registrations that are over.
func (c *Control) forget(image *kzk.Image) {
	for _, known := range []map[int32]int64{c.dead, c.leaving} {
		for id, epoch := range known {
			if b := image.Brokers[id]; b == nil || b.Epoch != epoch {
				delete(known, id)
			}
		}
	}
}

// isDead says whether the registered broker refuses connections.
func (c *Control) isDead(image *kzk.Image, id int32) bool {
	b := image.Brokers[id]
	epoch, dead := c.dead[id]
	return b != nil && dead && epoch == b.Epoch
}
