package groups_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/kbroker"
)

// crew is the consumers of a group, and what they have read.
type crew struct {
	c     *cluster
	ctx   context.Context
	topic string
	group string
	opts  []kgo.Opt
	work  sync.WaitGroup

	mu   sync.Mutex
	seen map[string]int // how often each value
	news chan struct{}
}

// consumer is one of them; it reads and commits until it is told to leave.
type consumer struct {
	*kgo.Client
	cancel context.CancelFunc
	done   chan struct{}
	parts  func() int // assigned to it
}

func newCrew(c *cluster, ctx context.Context, topic, group string, opts ...kgo.Opt) *crew {
	return &crew{c: c, ctx: ctx, topic: topic, group: group, opts: opts, seen: map[string]int{}, news: make(chan struct{}, 1)}
}

func (w *crew) join(opts ...kgo.Opt) *consumer {
	w.c.t.Helper()
	var mu sync.Mutex
	owned := map[int32]bool{}
	change := func(have bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
			mu.Lock()
			defer mu.Unlock()
			for _, p := range m[w.topic] {
				if delete(owned, p); have {
					owned[p] = true
				}
			}
			w.tell()
		}
	}
	all := append([]kgo.Opt{
		kgo.ConsumerGroup(w.group), kgo.ConsumeTopics(w.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(), kgo.AutoCommitInterval(100 * time.Millisecond), kgo.HeartbeatInterval(100 * time.Millisecond),
		kgo.SessionTimeout(5 * time.Second), kgo.OnPartitionsAssigned(change(true)), kgo.OnPartitionsRevoked(change(false)),
		kgo.OnPartitionsLost(change(false)), kgo.FetchMaxWait(100 * time.Millisecond),
	}, append(w.opts, opts...)...)
	m := &consumer{Client: w.c.client(all...), done: make(chan struct{}), parts: func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(owned)
	}}
	ctx, cancel := context.WithCancel(w.ctx)
	m.cancel = cancel
	w.work.Go(func() {
		defer close(m.done)
		for ctx.Err() == nil {
			fetches := m.PollFetches(ctx)
			fetches.EachRecord(func(r *kgo.Record) {
				w.mu.Lock()
				w.seen[string(r.Value)]++
				w.mu.Unlock()
				m.MarkCommitRecords(r)
			})
			w.tell()
		}
	})
	return m
}

func (w *crew) tell() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// leave ends a consumer as its program does when it is asked to: it commits, and leaves.
func (m *consumer) leave(ctx context.Context) {
	m.cancel()
	<-m.done
	_ = m.CommitMarkedOffsets(ctx) // the next consumer reads again what is not committed
	m.Close()
}

// until waits for something the crew brings about.
func (w *crew) until(what string, cond func() bool) {
	w.c.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-w.news:
		case <-tick.C:
		case <-w.ctx.Done():
			w.c.t.Fatalf("%s: %v", what, w.ctx.Err())
		}
	}
}

func (w *crew) read() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// committed is the sum of the offsets of the group.
func (w *crew) committed() int64 {
	offsets, err := kadm.NewClient(w.c.client()).FetchOffsets(w.ctx, w.group)
	if err != nil {
		w.c.t.Logf("fetch offsets: %v", err)
		return -1
	}
	var sum int64
	offsets.Each(func(o kadm.OffsetResponse) { sum += o.At })
	return sum
}

// TestKgoGroups has consumers of a real client come and go, with its assignors of both kinds, and be static.
func TestKgoGroups(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := startCluster(t, 1)
	for _, test := range []struct {
		name     string
		balancer kgo.GroupBalancer
	}{{"cooperative", kgo.CooperativeStickyBalancer()}, {"eager", kgo.RangeBalancer()}} {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			c.topic(ctx, test.name, 6)
			c.produce(ctx, test.name, 0, 100)
			w := newCrew(c, ctx, test.name, "group-"+test.name, kgo.Balancers(test.balancer))
			first := w.join()
			w.until("the first reads all", func() bool { return w.read() == 100 && first.parts() == 6 })
			second, third := w.join(), w.join()
			w.until("three share", func() bool { return first.parts() == 2 && second.parts() == 2 && third.parts() == 2 })
			c.produce(ctx, test.name, 100, 100)
			w.until("three read", func() bool { return w.read() == 200 })
			first.leave(ctx)
			w.until("two share", func() bool { return second.parts() == 3 && third.parts() == 3 })
			c.produce(ctx, test.name, 200, 100)
			w.until("two read", func() bool { return w.read() == 300 })
			second.leave(ctx)
			third.leave(ctx)
			w.work.Wait()
			if sum := w.committed(); sum != 300 {
				t.Errorf("committed: %d of 300", sum)
			}
			again := w.join()
			c.produce(ctx, test.name, 300, 1)
			w.until("who comes back reads on", func() bool { return w.read() == 301 })
			for value, times := range w.seen {
				if times > 2 { // once more where a consumer lost a partition before its commit
					t.Errorf("%s was read %d times", value, times)
				}
			}
			again.leave(ctx)
			w.work.Wait()
		})
	}
}

// TestKgoStaticMembers starts a static member again, and nobody notices.
func TestKgoStaticMembers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := startCluster(t, 1)
	c.topic(ctx, "t", 6)
	w := newCrew(c, ctx, "t", "static")
	one, two := w.join(kgo.InstanceID("one")), w.join(kgo.InstanceID("two"))
	w.until("both share", func() bool { return one.parts() == 3 && two.parts() == 3 })
	_, generation := two.GroupMetadata()
	one.leave(ctx) // kgo does not leave the group of a static member
	one = w.join(kgo.InstanceID("one"))
	w.until("it has its partitions", func() bool { return one.parts() == 3 })
	if _, now := one.GroupMetadata(); now != generation || two.parts() != 3 {
		t.Errorf("generation %d after %d, the other has %d", now, generation, two.parts())
	}
	one.leave(ctx)
	two.leave(ctx)
	w.work.Wait()
}

// TestKgoRestart ends the only broker and starts it on the same folder: offsets, members and generation are still there.
func TestKgoRestart(t *testing.T) {
	t.Run("closed", func(t *testing.T) { restart(t, (*kbroker.Broker).Close) })
	t.Run("killed", func(t *testing.T) { restart(t, func(b *kbroker.Broker) error { b.Kill(); return nil }) })
}

func restart(t *testing.T, end func(*kbroker.Broker) error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := startCluster(t, 1)
	c.topic(ctx, "t", 6)
	c.produce(ctx, "t", 0, 100)
	w := newCrew(c, ctx, "t", "lasting")
	m := w.join(kgo.InstanceID("one"), kgo.SessionTimeout(30*time.Second))
	w.until("all is committed", func() bool { return w.read() == 100 && w.committed() == 100 })
	m.leave(ctx) // as a static member, which stays in the group
	id, generation := m.GroupMetadata()

	if err := end(c.brokers[0]); err != nil {
		t.Fatal(err)
	}
	c.start(ctx, 0)
	w.until("all is there", func() bool {
		sum := w.committed()
		if sum >= 0 && sum < 100 {
			t.Fatalf("committed: %d of 100", sum)
		}
		return sum == 100
	})
	described, err := kadm.NewClient(c.client()).DescribeGroups(ctx, "lasting")
	if err != nil {
		t.Fatal(err)
	}
	if g := described["lasting"]; g.State != "Stable" || len(g.Members) != 1 || g.Members[0].MemberID != id {
		t.Errorf("%+v, want member %s", g, id)
	}
	m = w.join(kgo.InstanceID("one"), kgo.SessionTimeout(30*time.Second))
	w.until("it has its partitions", func() bool { return m.parts() == 6 })
	if _, now := m.GroupMetadata(); now != generation {
		t.Errorf("generation %d after %d", now, generation)
	}
	m.leave(ctx)
	w.work.Wait()
}

// TestKgoCoordinatorMoves ends the coordinator of a group in the middle, and its members go on elsewhere.
func TestKgoCoordinatorMoves(t *testing.T) {
	t.Run("closed", func(t *testing.T) { moveCoordinator(t, (*kbroker.Broker).Close) })
	t.Run("killed", func(t *testing.T) { moveCoordinator(t, func(b *kbroker.Broker) error { b.Kill(); return nil }) })
}

func moveCoordinator(t *testing.T, end func(*kbroker.Broker) error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := startCluster(t, 3)
	c.topic(ctx, "t", 6)
	c.produce(ctx, "t", 0, 100)
	w := newCrew(c, ctx, "t", "moving")
	one, two := w.join(), w.join()
	w.until("both share", func() bool { return one.parts() == 3 && two.parts() == 3 && w.read() == 100 })
	w.until("all is committed", func() bool { return w.committed() == 100 })

	coordinators := kadm.NewClient(c.client()).FindGroupCoordinators(ctx, "moving")
	at := coordinators["moving"]
	if at.Err != nil {
		t.Fatal(at.Err)
	}
	t.Logf("broker %d, the coordinator, ends", at.NodeID)
	if err := end(c.brokers[at.NodeID-1]); err != nil {
		t.Fatal(err)
	}
	w.until("another coordinates", func() bool {
		sum := w.committed()
		if sum >= 0 && sum < 100 {
			t.Fatalf("committed: %d of 100", sum)
		}
		return sum == 100
	})
	c.produce(ctx, "t", 100, 100)
	w.until("they read on", func() bool { return w.read() == 200 })
	w.until("they commit again", func() bool { return w.committed() == 200 })
	one.leave(ctx)
	two.leave(ctx)
	w.work.Wait()
}
