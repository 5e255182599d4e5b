package partitions_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
)

func quick(o *partitions.Options) { o.ReplicaLagMs = 200 }

// isr waits until ZooKeeper has that ISR.
func (w *world) isr(topic string, partition int32, want ...int32) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("the ISR of %s-%d is %v", topic, partition, want), func() bool {
		got := slices.Clone(w.state(topic, partition).ISR)
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func (b *broker) ends(topic string, partition int32, want int64) {
	b.w.t.Helper()
	eventually(b.w.t, fmt.Sprintf("the log of %s-%d on %d ends at %d", topic, partition, b.id, want), func() bool {
		l := b.dir.Log(topic, partition)
		return l != nil && l.EndOffset() == want
	})
}

func TestReplicate(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.minISR.Store(3)
	w.topic("t", []int32{1, 2, 3}, []int32{2, 3, 1}, []int32{3, 1, 2})
	for p := range int32(3) {
		b := w.brokers[p+1]
		b.leads("t", p, 0)
		c := b.client()
		for i := range 20 {
			if base, err := c.produce(-1, "t", p, batch(fmt.Sprint(i))); err != kproto.NoError || base != int64(i) {
				t.Fatalf("%d, %v", base, err)
			}
		}
	}
	for p := range int32(3) {
		for _, b := range w.brokers {
			b.ends("t", p, 20)
		}
	}
	if got := w.state("t", 0).Version; got != 0 {
		t.Errorf("the ISR was written %d times, although nobody lagged", got)
	}
}

// TestFailover ends a leader: its successor has all that was acknowledged, and the old one cuts off what it had alone.
func TestFailover(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.minISR.Store(2)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	want := []string{}
	for i := range 10 {
		v := fmt.Sprint(i)
		if _, err := c.produce(-1, "t", 0, batch(v)); err != kproto.NoError {
			t.Fatal(err)
		}
		want = append(want, v)
	}
	// Nobody copies what the leader takes now.
	w.brokers[2].cut.Store(true)
	w.brokers[3].cut.Store(true)
	w.brokers[2].m.StopFollowing()
	w.brokers[3].m.StopFollowing()
	if base, err := c.produce(1, "t", 0, batch("lost")); err != kproto.NoError || base != 10 {
		t.Fatal(base, err)
	}
	w.brokers[1].kill()
	w.brokers[3].close()
	w.start(3)
	w.elect("t", 0, 2, 1, []int32{2, 3})
	w.brokers[2].leads("t", 0, 1)
	c = w.brokers[2].client()
	if base, err := c.produce(-1, "t", 0, batch("new")); err != kproto.NoError || base != 10 {
		t.Fatal(base, err)
	}
	want = append(want, "new")
	w.start(1)
	w.isr("t", 0, 1, 2, 3)
	w.elect("t", 0, 1, 2, []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 2)
	q := produceRequest(9, -1, "t", 0, batch("last"))
	q.TimeoutMillis = 50
	if p := w.brokers[1].client().request(q).(*kmsg.ProduceResponse).Topics[0].Partitions[0]; p.ErrorCode == 0 {
		t.Error("broker 2 follows nobody, and the ISR has it: how was that acknowledged?")
	}
	want = append(want, "last")
	w.brokers[2].close()
	w.start(2)
	eventually(t, "all is exposed", func() bool { return slices.Equal(w.brokers[1].client().all("t", 0), want) })
}

// TestISR_ShrinksAndExpands cuts a follower off, and lets it come back.
func TestISR_ShrinksAndExpands(t *testing.T) {
	w := newWorld(t, 3, quick)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	w.brokers[3].close()
	if _, err := c.produce(-1, "t", 0, batch("a")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.isr("t", 0, 1, 2)
	w.start(3)
	w.isr("t", 0, 1, 2, 3)
	if _, err := c.produce(-1, "t", 0, batch("b")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.brokers[3].ends("t", 0, 2)
}

// TestISR_NoZooKeeper stops ZooKeeper: the leader cannot shrink the ISR, and so acknowledges nothing alone.
func TestISR_NoZooKeeper(t *testing.T) {
	w := newWorld(t, 2, quick)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	ok(t, w.zk.Pause(context.Background(), 1))
	w.brokers[2].cut.Store(true)
	w.brokers[2].server.Close()
	w.brokers[2].m.StopFollowing()
	q := produceRequest(9, -1, "t", 0, batch("a"))
	q.TimeoutMillis = 1000 // five times the lag
	p := c.request(q).(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	if kproto.Error(p.ErrorCode) != kproto.RequestTimedOut {
		t.Errorf("error %d", p.ErrorCode)
	}
	if got := c.all("t", 0); len(got) != 0 {
		t.Errorf("exposed: %v", got)
	}
	ok(t, w.zk.Resume(context.Background(), 1))
	w.isr("t", 0, 1)
	eventually(t, "the record is exposed", func() bool { return slices.Equal(c.all("t", 0), []string{"a"}) })
}

// TestFence: a broker that may have been replaced refuses, at once also those that wait.
func TestFence(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	w.brokers[2].close()
	c, reader := b.client(), b.client()
	q := produceRequest(9, -1, "t", 0, batch("a"))
	sent := c.send(q)
	b.ends("t", 0, 1)
	rq := fetchRequest(12, "t", 0, 0)
	rq.MaxWaitMillis = 30_000
	rsent := reader.send(rq)
	b.m.Fence(true)
	if p := c.receive(q, sent).(*kmsg.ProduceResponse).Topics[0].Partitions[0]; kproto.Error(p.ErrorCode) != kproto.NotLeaderOrFollower {
		t.Errorf("what waited: error %d", p.ErrorCode)
	}
	if p := fetched(reader.receive(rq, rsent)); kproto.Error(p.ErrorCode) != kproto.NotLeaderOrFollower {
		t.Errorf("fetch: error %d", p.ErrorCode)
	}
	if _, err := c.produce(1, "t", 0, batch("b")); err != kproto.NotLeaderOrFollower {
		t.Errorf("produce: %v", err)
	}
	if _, leads := b.m.Leads("t", 0); leads {
		t.Error("it says it leads")
	}
	b.m.Fence(false)
	if base, err := c.produce(1, "t", 0, batch("b")); err != kproto.NoError || base != 1 {
		t.Errorf("after the fence: %d, %v", base, err)
	}
}

// TestEpochs: requests of other epochs than the leader's are refused.
func TestEpochs(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	w.elect("t", 0, 1, 5, []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 5)
	c := b.client()
	for epoch, want := range map[int32]kproto.Error{-1: kproto.NoError, 4: kproto.FencedLeaderEpoch, 5: kproto.NoError, 6: kproto.UnknownLeaderEpoch} {
		q := fetchRequest(12, "t", 0, 0)
		q.Topics[0].Partitions[0].CurrentLeaderEpoch = epoch
		if p := fetched(c.request(q)); kproto.Error(p.ErrorCode) != want {
			t.Errorf("Fetch in epoch %d: error %d", epoch, p.ErrorCode)
		}
		if p := c.listOffset(5, "t", 0, -1, epoch); kproto.Error(p.ErrorCode) != want {
			t.Errorf("ListOffsets in epoch %d: error %d", epoch, p.ErrorCode)
		}
		if p := c.endOfEpoch("t", 0, epoch, 0); kproto.Error(p.ErrorCode) != want {
			t.Errorf("OffsetForLeaderEpoch in epoch %d: error %d", epoch, p.ErrorCode)
		}
	}
	// Somebody who is not a replica cannot pass for one.
	q := fetchRequest(12, "t", 0, 0)
	q.ReplicaID = 7
	if p := fetched(c.request(q)); kproto.Error(p.ErrorCode) != kproto.NotLeaderOrFollower {
		t.Errorf("a stranger's fetch: error %d", p.ErrorCode)
	}
}

// TestEpochs_BoundedByElections asks where epochs end. One without records is as if it had never been.
func TestEpochs_BoundedByElections(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	c := b.client()
	for _, epoch := range []int32{0, 2, 3} {
		if epoch > 0 {
			w.elect("t", 0, 1, epoch, []int32{1})
			b.leads("t", 0, epoch)
		}
		if epoch == 2 {
			continue
		}
		if _, err := c.produce(-1, "t", 0, batch("x", "y")); err != kproto.NoError {
			t.Fatal(err)
		}
	}
	for asked, want := range map[int32][2]int64{0: {0, 2}, 1: {0, 2}, 2: {0, 2}, 3: {3, 4}, 4: {-1, -1}} {
		if p := c.endOfEpoch("t", 0, -1, asked); int64(p.LeaderEpoch) != want[0] || p.EndOffset != want[1] {
			t.Errorf("epoch %d: (%d, %d), want %v", asked, p.LeaderEpoch, p.EndOffset, want)
		}
	}
	q := fetchRequest(12, "t", 0, 4)
	q.Topics[0].Partitions[0].LastFetchedEpoch = 1
	if p := fetched(c.request(q)); p.DivergingEpoch.Epoch != 0 || p.DivergingEpoch.EndOffset != 2 {
		t.Errorf("a fetch in epoch 1 from 4: %+v", p.DivergingEpoch)
	}
}

func (c *client) endOfEpoch(topic string, partition, current, epoch int32) kmsg.OffsetForLeaderEpochResponseTopicPartition {
	c.t.Helper()
	q := kmsg.NewPtrOffsetForLeaderEpochRequest()
	q.Version = 4
	p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
	p.Partition, p.CurrentLeaderEpoch, p.LeaderEpoch = partition, current, epoch
	tp := kmsg.NewOffsetForLeaderEpochRequestTopic()
	tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
	q.Topics = append(q.Topics, tp)
	return c.request(q).(*kmsg.OffsetForLeaderEpochResponse).Topics[0].Partitions[0]
}

func (c *client) listOffset(version int16, topic string, partition int32, timestamp int64, epoch int32) kmsg.ListOffsetsResponseTopicPartition {
	c.t.Helper()
	q := kmsg.NewPtrListOffsetsRequest()
	q.Version, q.ReplicaID = version, -1
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.CurrentLeaderEpoch, p.Timestamp, p.MaxNumOffsets = partition, epoch, timestamp, 1
	tp := kmsg.NewListOffsetsRequestTopic()
	tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
	q.Topics = append(q.Topics, tp)
	return c.request(q).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
}

// TestTopicAgain deletes a topic and makes another one of its name: nothing of the first is left.
func TestTopicAgain(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	if _, err := w.brokers[1].client().produce(-1, "t", 0, batch("old")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.remove("t", 1)
	for _, b := range w.brokers {
		eventually(t, "the log is gone", func() bool { return b.dir.Log("t", 0) == nil })
	}
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	if base, err := w.brokers[1].client().produce(-1, "t", 0, batch("new")); err != kproto.NoError || base != 0 {
		t.Fatal(base, err)
	}

	// The other broker does not see the deletion, but another topic of the name when it is back.
	w.brokers[2].kill()
	w.remove("t", 1)
	eventually(t, "the log is gone", func() bool { return w.brokers[1].dir.Log("t", 0) == nil })
	w.topic("t", []int32{1, 2})
	w.start(2)
	w.brokers[1].leads("t", 0, 0)
	if base, err := w.brokers[1].client().produce(-1, "t", 0, batch("newer")); err != kproto.NoError || base != 0 {
		t.Fatal(base, err)
	}
	w.brokers[2].ends("t", 0, 1)
	if got, want := w.brokers[1].leaderships(), []string{"t-0 epoch 0: true", "t-0 epoch 0: false"}; !slices.Equal(got[:2], want) {
		t.Errorf("told %v", got)
	}
}

// TestTopicUnreadable: a topic that is there but says nothing that can be understood is not gone.
func TestTopicUnreadable(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	b.client().must("t", 0, batch("a"))
	w.put(kzk.TopicPath("t"), []byte("{nonsense"))
	eventually(t, "it is noticed", func() bool { return len(b.mirror.Image().Unreadable) == 1 })
	b.client().must("t", 0, batch("b"))
	b.close()
	b = w.start(1)
	b.ends("t", 0, 2)
	w.assign("t", []int32{1})
	w.elect("t", 0, 1, 1, []int32{1})
	b.leads("t", 0, 1)
	if got := b.client().all("t", 0); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}

func (b *broker) leaderships() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.told)
}

func (w *world) remove(topic string, partitions int32) {
	w.t.Helper()
	for p := range partitions {
		ok(w.t, w.admin.Delete(w.t.Context(), "/brokers/topics/"+topic+"/partitions/"+fmt.Sprint(p)+"/state", -1))
		ok(w.t, w.admin.Delete(w.t.Context(), "/brokers/topics/"+topic+"/partitions/"+fmt.Sprint(p), -1))
	}
	ok(w.t, w.admin.Delete(w.t.Context(), "/brokers/topics/"+topic+"/partitions", -1))
	ok(w.t, w.admin.Delete(w.t.Context(), "/brokers/topics/"+topic, -1))
}

// TestReassign gives a partition to another broker: the old one keeps its log as long as it is needed.
func TestReassign(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	if _, err := w.brokers[1].client().produce(-1, "t", 0, batch("a")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.assign("t", []int32{1, 2, 3})
	w.elect("t", 0, 1, 1, []int32{1, 2})
	w.isr("t", 0, 1, 2, 3)
	w.elect("t", 0, 3, 2, []int32{1, 2, 3})
	w.brokers[3].leads("t", 0, 2)
	w.assign("t", []int32{3, 1})
	// Broker 2 is in the ISR still, so its log stays until the state says otherwise.
	w.elect("t", 0, 3, 3, []int32{1, 3})
	eventually(t, "2 has let go", func() bool { return w.brokers[2].dir.Log("t", 0) == nil })
	w.brokers[3].leads("t", 0, 3)
	if base, err := w.brokers[3].client().produce(-1, "t", 0, batch("b")); err != kproto.NoError || base != 1 {
		t.Fatal(base, err)
	}
	w.brokers[1].ends("t", 0, 2)
}

// TestUnclean elects a replica that has less: the others cut off what it does not have.
func TestUnclean(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	if _, err := c.produce(-1, "t", 0, batch("both")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.brokers[2].close()
	w.elect("t", 0, 1, 1, []int32{1})
	w.brokers[1].leads("t", 0, 1)
	for range 5 {
		if _, err := c.produce(-1, "t", 0, batch("one alone")); err != kproto.NoError {
			t.Fatal(err)
		}
	}
	w.brokers[1].close()
	w.start(2)
	w.elect("t", 0, 2, 2, []int32{2})
	w.brokers[2].leads("t", 0, 2)
	w.start(1)
	w.isr("t", 0, 1, 2)
	if base, err := w.brokers[2].client().produce(-1, "t", 0, batch("on")); err != kproto.NoError || base != 1 {
		t.Fatal(base, err)
	}
	w.brokers[1].ends("t", 0, 2)
}
