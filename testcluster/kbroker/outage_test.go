package kbroker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// cluster starts three brokers that are known to one another, with a topic of RF 3 and as many partitions.
func cluster(t *testing.T, zk, topic string, partitions int32, more ...string) []*member {
	t.Helper()
	var members []*member
	for id := int32(1); id <= 3; id++ {
		members = append(members, startBroker(t, configure(t, zk, id, append([]string{
			"min.insync.replicas=2", "offsets.topic.replication.factor=3",
		}, more...)...)))
	}
	created, err := admin(t, members...).CreateTopic(within(t), partitions, 3, nil, topic)
	ok(t, err)
	ok(t, created.Err)
	return members
}

// writer produces numbered records to a topic until it is stopped, and knows which were acknowledged.
type writer struct {
	t     *testing.T
	cl    *kgo.Client
	acked []int
	stop  chan struct{}
	done  chan struct{}
	more  chan struct{} // gets one for each acknowledgement that somebody waits for
}

func write(t *testing.T, topic string, members ...*member) *writer {
	w := &writer{
		t: t, cl: client(t, []kgo.Opt{kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0)}, members...),
		stop: make(chan struct{}), done: make(chan struct{}), more: make(chan struct{}),
	}
	ctx := within(t)
	go func() {
		defer close(w.done)
		for i := 0; ; i++ {
			select {
			case <-w.stop:
				return
			default:
			}
			if err := w.cl.ProduceSync(ctx, &kgo.Record{Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
				t.Errorf("record %d: %v", i, err)
				return
			}
			w.acked = append(w.acked, i)
			select {
			case w.more <- struct{}{}:
			default:
			}
		}
	}()
	return w
}

// await waits for n more acknowledgements.
func (w *writer) await(n int) {
	w.t.Helper()
	for range n {
		select {
		case <-w.more:
		case <-time.After(patience):
			w.t.Fatal("nothing is acknowledged any more")
		}
	}
}

// finish stops writing and checks that what was acknowledged is there, once.
func (w *writer) finish(topic string, members ...*member) {
	w.t.Helper()
	close(w.stop)
	<-w.done
	w.cl.Close()
	reader := client(w.t, []kgo.Opt{kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}, members...)
	var got []int
	for len(got) < len(w.acked) {
		f := reader.PollFetches(within(w.t))
		ok(w.t, f.Err0())
		f.EachRecord(func(r *kgo.Record) {
			var n int
			_, err := fmt.Sscan(string(r.Value), &n)
			ok(w.t, err)
			got = append(got, n)
		})
	}
	slices.Sort(got)
	if !slices.Equal(got, w.acked) {
		w.t.Errorf("%d records acknowledged, %d read: %v", len(w.acked), len(got), got)
	}
}

// TestZooKeeperOutage: brokers whose sessions have all expired during an outage register again and go on, and nothing
// that was acknowledged is lost.
func TestZooKeeperOutage(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	members := cluster(t, e.ConnectString(), "t", 2, "zookeeper.session.timeout.ms=1000")
	w := write(t, "t", members...)
	w.await(50)
	epochs := map[int32]int64{}
	ok(t, members[0].Await(within(t), func(img *kzk.Image) bool {
		for id, br := range img.Brokers {
			epochs[id] = br.Epoch
		}
		return len(img.Brokers) == 3
	}))
	ok(t, e.Kill(within(t), 1))
	for _, m := range members {
		wait(t, "the end of the session", func() bool { return m.SessionsExpired() > 0 })
	}
	ok(t, e.Restart(within(t), 1))
	for _, m := range members {
		ok(t, m.Await(within(t), func(img *kzk.Image) bool {
			for id, epoch := range epochs {
				if br := img.Brokers[id]; br == nil || br.Epoch <= epoch {
					return false
				}
			}
			return hasController(img)
		}))
	}
	w.await(50)
	w.finish("t", members...)
}

// TestSessionsExpire: sessions that end one after another, while records are written.
func TestSessionsExpire(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	members := cluster(t, e.ConnectString(), "t", 3)
	w := write(t, "t", members...)
	for range 2 {
		for _, m := range members {
			w.await(20)
			m.ExpireSession(within(t), t)
		}
	}
	w.await(20)
	w.finish("t", members...)
	for _, m := range members {
		ok(t, m.Await(within(t), allInSync("t")))
	}
}

// allInSync is true when all partitions of a topic have all their replicas in sync.
func allInSync(topic string) func(*kzk.Image) bool {
	return func(img *kzk.Image) bool {
		found := img.Topics[topic]
		if found == nil || len(img.Brokers) != 3 {
			return false
		}
		for _, p := range found.Partitions {
			if p.State == nil || p.State.Leader < 0 || len(p.State.ISR) != len(p.Replicas) {
				return false
			}
		}
		return true
	}
}

// TestRolling: brokers are stopped and started one after another, and killed and started, while records are written.
func TestRolling(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	members := cluster(t, e.ConnectString(), "t", 3)
	w := write(t, "t", members...)
	for _, end := range []func(*member){func(m *member) { m.stop(t) }, (*member).kill} {
		for i, m := range members {
			w.await(20)
			other := members[(i+1)%3]
			ok(t, other.Await(within(t), allInSync("t")))
			end(m)
			w.await(20)
			m.start(t)
		}
	}
	w.finish("t", members...)
}

// TestWholeClusterKilled: three brokers that die at the same instant have all that was acknowledged when they are back.
func TestWholeClusterKilled(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	members := cluster(t, e.ConnectString(), "t", 3)
	w := write(t, "t", members...)
	w.await(100)
	for _, m := range members {
		m.kill()
	}
	for _, m := range members {
		m.start(t)
	}
	w.await(50)
	w.finish("t", members...)
}

// wait waits for a condition.
func wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); !cond(); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("%s does not come", what)
		}
	}
}
