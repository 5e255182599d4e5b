package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// The types of keys that coordinators are looked for by.
const (
	groupType       = 0
	transactionType = 1
)

// findCoordinator answers for any broker: whoever leads the partition of a group's offsets coordinates the group. Whoever
// asks first has the topic of offsets made.
//
// Versions: 1 adds the type of the key, 4 takes several keys of a type.
func (c *Coordinator) findCoordinator(r *wire.Request) {
	req := kmsg.NewPtrFindCoordinatorRequest()
	if r.Decode(req) != nil {
		return
	}
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if r.Version < 4 {
		one := c.find(r.Listener, req.CoordinatorType, req.CoordinatorKey)
		resp.ErrorCode, resp.ErrorMessage = one.ErrorCode, one.ErrorMessage
		resp.NodeID, resp.Host, resp.Port = one.NodeID, one.Host, one.Port
		r.Reply(resp)
		return
	}
	for _, key := range req.CoordinatorKeys {
		resp.Coordinators = append(resp.Coordinators, c.find(r.Listener, req.CoordinatorType, key))
	}
	r.Reply(resp)
}

// find names the broker that coordinates one key. Transactions have no coordinator. Most clients ask for one again and
// again where they get an error here; so they are sent to this very broker, whose InitProducerId refuses transactional
// ids by a code that each of them takes for the end.
func (c *Coordinator) find(listener string, kind int8, key string) kmsg.FindCoordinatorResponseCoordinator {
	switch kind {
	case groupType:
	case transactionType:
		return coordinatorAt(c.o.Image().Brokers[c.o.Self], listener, key)
	default:
		return noCoordinator(key, kproto.InvalidRequest, "a coordinator is looked for by a group (0) or a transactional id (1)")
	}
	p := c.partitionOf(key)
	if p < 0 {
		c.createTopic()
		why := "the topic " + Topic + " is being created"
		if err := c.refused.Load(); err != nil {
			why = "the topic " + Topic + " could not be created: " + (*err).Error()
		}
		return noCoordinator(key, kproto.CoordinatorNotAvailable, why)
	}
	img := c.o.Image()
	partition := img.Partition(Topic, p)
	if partition == nil || partition.State == nil {
		return noCoordinator(key, kproto.CoordinatorNotAvailable, "the group's partition of "+Topic+" has no leader yet")
	}
	return coordinatorAt(img.Brokers[partition.State.Leader], listener, key)
}

// coordinatorAt is the answer that broker coordinates key; nil is a broker that is not there.
func coordinatorAt(broker *kzk.Broker, listener, key string) kmsg.FindCoordinatorResponseCoordinator {
	if broker == nil {
		return noCoordinator(key, kproto.CoordinatorNotAvailable, "the coordinator is not there at the moment")
	}
	for _, e := range broker.Endpoints {
		if e.Listener == listener {
			r := kmsg.NewFindCoordinatorResponseCoordinator()
			r.Key, r.NodeID, r.Host, r.Port, r.ErrorMessage = key, broker.ID, e.Host, e.Port, kmsg.StringPtr("")
			return r
		}
	}
	return noCoordinator(key, kproto.CoordinatorNotAvailable, "the coordinator has no listener "+listener)
}

func noCoordinator(key string, code kproto.Error, why string) kmsg.FindCoordinatorResponseCoordinator {
	r := kmsg.NewFindCoordinatorResponseCoordinator()
	r.Key, r.NodeID, r.Port, r.ErrorCode, r.ErrorMessage = key, -1, -1, int16(code), kmsg.StringPtr(why)
	return r
}

// createTopic has the topic of offsets made, unless that is under way.
func (c *Coordinator) createTopic() {
	if !c.creating.CompareAndSwap(false, true) {
		return
	}
	c.mu.Lock()
	ended := c.mu.ended
	if !ended {
		c.work.Go(c.create)
	}
	c.mu.Unlock()
}

func (c *Coordinator) create() {
	defer c.creating.Store(false)
	ctx, cancel := context.WithTimeout(c.ctx, createTimeout)
	defer cancel()
	err := c.o.CreateTopic(ctx)
	if err == nil || c.ctx.Err() != nil {
		c.refused.Store(nil)
		return
	}
	// Clients ask again and again: the same reason is worth one line.
	if last := c.refused.Swap(&err); last == nil || (*last).Error() != err.Error() {
		c.o.Logger.Warn("the topic of offsets could not be created", "topic", Topic, "err", err)
	}
}
