package controller_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// TestRandom lets brokers come and go, leaders write ISRs, people create, move and delete topics, all at any moment
// between the planning of a change and its being carried out; and checks after each write what must hold. In the end
// everything is calm, and must come to rest.
func TestRandom(t *testing.T) {
	seeds := 300
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newChaos(t, uint64(seed)).run() })
	}
}

const chaosBrokers = 5

type chaos struct {
	*model
	rand *rand.Rand
	// leaders is who led which partition of which incarnation in which leader epoch.
	leaders map[term]int32
	states  map[part]kzk.State // the last that was seen
	topicID map[int64]kproto.UUID
	log     []string
}

type part struct {
	czxid     int64
	partition int32
}

type term struct {
	part
	epoch int32
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{model: newModel(t), rand: rand.New(rand.NewPCG(seed, 1)), leaders: make(map[term]int32),
		states: make(map[part]kzk.State), topicID: make(map[int64]kproto.UUID)}
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range c.log[max(0, len(c.log)-60):] {
				t.Log(line)
			}
		}
	})
	return c
}

func (c *chaos) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf("%d: ", c.zxid)+fmt.Sprintf(format, args...))
}

func (c *chaos) run() {
	c.unclean["t2"] = true
	for range 300 {
		if c.rand.IntN(3) > 0 {
			c.happen()
			continue
		}
		c.learnIDs()
		in := c.input()
		for _, change := range c.plan(in) {
			for c.rand.IntN(4) == 0 {
				c.happen()
			}
			c.try(in, change)
		}
	}
	c.calm()
}

// plan is Plan, or now and then one of its sisters.
func (c *chaos) plan(in controller.Input) []controller.Change {
	switch tp, ok := c.somePartition(); {
	case ok && c.rand.IntN(6) == 0:
		if change, code := controller.Elect(in, tp.Topic, tp.Partition, false); code == kproto.NoError {
			return []controller.Change{change}
		}
	case ok && c.rand.IntN(3) == 0:
		moves := []controller.Move{{TopicPartition: tp, Replicas: c.someBrokers()}}
		if c.rand.IntN(3) == 0 {
			moves[0].Replicas = nil
		}
		changes, _ := controller.Reassign(in, moves)
		return changes
	case c.rand.IntN(10) == 0:
		return controller.Rebalance(in, 10)
	}
	return controller.Plan(in)
}

// try carries a change out, if nothing that it rests on has changed since; trees only by an image that is up to date.
func (c *chaos) try(in controller.Input, change controller.Change) {
	if change.Sure && in.Image != c.image.Image() {
		return
	}
	code := c.carryOut(change)
	c.note("%v: %s", code, change.What)
	switch code {
	case zkproto.OK, zkproto.BadVersion, zkproto.NoNode, zkproto.NodeExists:
	default:
		c.t.Fatalf("%s: %v", change.What, code)
	}
	c.check(true)
}

// happen is something that the controller does not do.
func (c *chaos) happen() {
	image := c.image.Image()
	id := int32(1 + c.rand.IntN(chaosBrokers))
	switch b := image.Brokers[id]; c.rand.IntN(15) {
	case 0:
		if b != nil {
			c.note("broker %d is gone", id)
			c.remove(kzk.BrokerPath(id))
		}
	case 1, 2, 3:
		switch {
		case b == nil || c.rand.IntN(8) == 0:
			c.note("broker %d registers", id)
			c.register(id)
		case c.rand.IntN(8) == 0:
			c.note("broker %d has another session", id)
			c.renew(id)
		}
	case 4:
		if b != nil {
			c.note("broker %d refuses", id)
			c.dead[id] = b.Epoch
		}
	case 5:
		c.note("broker %d answers", id)
		delete(c.dead, id)
	case 6:
		if b != nil && c.rand.IntN(3) == 0 {
			c.note("broker %d leaves", id)
			c.leaving[id] = b.Epoch
		}
	case 7:
		c.createTopic()
	case 8:
		if name, ok := c.someTopic(); ok && c.rand.IntN(4) == 0 {
			c.note("%s is to be deleted", name)
			c.multi(createOp(kzk.DeleteTopicPath(name), nil))
		}
	case 9:
		c.oldTool()
	case 10:
		c.note("another controller, which has seen nothing")
		clear(c.ids)
		clear(c.leaving)
	default:
		c.leaderWrites()
	}
	c.check(false)
}

func createOp(path string, data []byte) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: path, Data: data}}
}

func (c *chaos) createTopic() {
	name := fmt.Sprint("t", c.rand.IntN(3))
	t := kzk.Topic{Name: name, Partitions: make(map[int32]*kzk.Partition)}
	for id := range int32(1 + c.rand.IntN(3)) {
		t.Partitions[id] = &kzk.Partition{Replicas: c.someBrokers()}
	}
	if c.rand.IntN(2) == 0 {
		t.HasID, t.ID = true, kproto.UUID{byte(c.rand.Uint32()), 1}
	}
	if _, code := c.multi(createOp(kzk.TopicPath(name), kzk.EncodeTopic(&t))); code == zkproto.OK {
		c.note("topic %s %s", name, kzk.EncodeTopic(&t))
	}
}

// oldTool is one of Kafka 2.7's, which knows no topic ids, nor versions.
func (c *chaos) oldTool() {
	tp, ok := c.somePartition()
	if !ok {
		return
	}
	switch c.rand.IntN(3) {
	case 0:
		c.note("old tool: move %v", tp)
		r := &kzk.Reassignment{Partitions: []kzk.ReassignPartition{{TopicPartition: tp, Replicas: c.someBrokers()},
			{TopicPartition: tp, Replicas: c.someBrokers()}}}
		c.multi(createOp(kzk.ReassignmentPath, kzk.EncodeReassignment(r)))
	case 1:
		c.note("old tool: prefer %v", tp)
		c.multi(createOp(kzk.PreferredElectionPath, kzk.EncodePartitions([]kzk.TopicPartition{tp})))
	case 2:
		c.note("old tool: alter %v", tp)
		t := *c.image.Image().Topics[tp.Topic]
		t.HasID = false
		c.set(kzk.TopicPath(tp.Topic), kzk.EncodeTopic(&t))
	}
}

// leaderWrites is the leader of a partition that writes the ISR, as it sees it. A leader that has registered after the
// state was written waits for the controller.
func (c *chaos) leaderWrites() {
	tp, ok := c.somePartition()
	if !ok {
		return
	}
	image := c.image.Image()
	p := image.Partition(tp.Topic, tp.Partition)
	if p.State == nil || image.Brokers[p.State.Leader] == nil || image.Brokers[p.State.Leader].FirstEpoch > p.State.Mzxid {
		return
	}
	st := *p.State
	st.ISR = []int32{st.Leader}
	for _, id := range p.Replicas {
		if id != st.Leader && c.rand.IntN(3) > 0 {
			st.ISR = append(st.ISR, id)
		}
	}
	c.note("leader %d of %v: ISR %d", st.Leader, tp, st.ISR)
	c.set(kzk.StatePath(tp.Topic, tp.Partition), kzk.EncodeState(&st))
}

// calm ends the troubles: all brokers live, all replicas catch up. What is due must come to an end.
func (c *chaos) calm() {
	clear(c.leaving)
	clear(c.dead)
	for id := int32(1); id <= chaosBrokers; id++ {
		if c.image.Image().Brokers[id] == nil {
			c.register(id)
		}
	}
	for range 100 {
		c.learnIDs()
		in := c.input()
		changes := controller.Plan(in)
		for _, change := range changes {
			c.try(c.input(), change)
		}
		if len(changes) == 0 && !c.catchUp() {
			c.rest()
			return
		}
	}
	c.t.Fatal("it does not come to rest")
}

// catchUp lets the leaders take all replicas into the ISR. It says whether there was one missing.
func (c *chaos) catchUp() bool {
	missing := false
	for name, t := range c.image.Image().Topics {
		for id, p := range t.Partitions {
			if st := p.State; st != nil && st.Leader >= 0 && len(st.ISR) < len(p.Replicas) {
				next := *st
				next.ISR = slices.Clone(p.Replicas)
				c.set(kzk.StatePath(name, id), kzk.EncodeState(&next))
				missing = true
			}
		}
	}
	c.check(false)
	return missing
}

// rest is how it must be in the end.
func (c *chaos) rest() {
	image := c.image.Image()
	if len(image.Deletions) > 0 || image.Reassign != nil || image.Preferred != nil {
		c.t.Errorf("left: deletions %v, reassignment %v, preferred %v", image.Deletions, image.Reassign, image.Preferred)
	}
	for name, t := range image.Topics {
		if !t.HasID {
			c.t.Errorf("%s has no id", name)
		}
		for id, p := range t.Partitions {
			switch {
			case len(p.Adding)+len(p.Removing) > 0:
				c.t.Errorf("%s-%d still moves", name, id)
			case p.State == nil || p.State.Leader < 0:
				c.t.Errorf("%s-%d has no leader", name, id)
			}
		}
	}
}

// check looks at each state that has changed, and at the topics' ids.
func (c *chaos) check(byController bool) {
	for name, t := range c.image.Image().Topics {
		// An id that is dropped before the controller has seen the topic, and a log has, is no loss.
		started := c.nodes[kzk.PartitionsPath(name)] != nil
		if was, ok := c.topicID[t.Czxid]; t.HasID && ok && was != t.ID {
			c.t.Fatalf("%s had the id %v, and has %v", name, was, t.ID)
		} else if t.HasID && started {
			c.topicID[t.Czxid] = t.ID
		}
		for id, p := range t.Partitions {
			if p.State != nil {
				c.checkState(fmt.Sprintf("%s-%d", name, id), part{t.Czxid, id}, p, byController)
			}
		}
	}
}

func (c *chaos) checkState(name string, at part, p *kzk.Partition, byController bool) {
	now := *p.State
	was, seen := c.states[at]
	c.states[at] = now
	if seen && now.Version == was.Version {
		return
	}
	term := term{at, now.LeaderEpoch}
	led, known := c.leaders[term]
	c.leaders[term] = now.Leader
	switch {
	case known && led != now.Leader:
		c.t.Fatalf("%s: leaders %d and %d in leader epoch %d", name, led, now.Leader, now.LeaderEpoch)
	case len(now.ISR) == 0:
		c.t.Fatalf("%s: nobody is in sync", name)
	case now.Leader >= 0 && !slices.Contains(now.ISR, now.Leader):
		c.t.Fatalf("%s: leader %d is not in the ISR %d", name, now.Leader, now.ISR)
	case !seen:
	case byController && now.LeaderEpoch != was.LeaderEpoch+1:
		c.t.Fatalf("%s: leader epoch %d follows %d", name, now.LeaderEpoch, was.LeaderEpoch)
	case byController && !containsAll(was.ISR, now.ISR) && !strings.HasPrefix(name, "t2-"):
		c.t.Fatalf("%s: the controller made the ISR %d of %d", name, now.ISR, was.ISR)
	}
}

func containsAll(set, list []int32) bool {
	return !slices.ContainsFunc(list, func(id int32) bool { return !slices.Contains(set, id) })
}

func (c *chaos) someTopic() (string, bool) {
	var names []string
	for name := range c.image.Image().Topics {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "", false
	}
	slices.Sort(names)
	return names[c.rand.IntN(len(names))], true
}

func (c *chaos) somePartition() (kzk.TopicPartition, bool) {
	name, ok := c.someTopic()
	if !ok {
		return kzk.TopicPartition{}, false
	}
	ids := c.image.Image().Topics[name].IDs()
	return kzk.TopicPartition{Topic: name, Partition: ids[c.rand.IntN(len(ids))]}, true
}

func (c *chaos) someBrokers() []int32 {
	ids := c.rand.Perm(chaosBrokers)[:1+c.rand.IntN(3)]
	list := make([]int32, len(ids))
	for i, id := range ids {
		list[i] = int32(id + 1)
	}
	return list
}
