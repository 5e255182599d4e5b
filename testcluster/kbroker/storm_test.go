package kbroker_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestStorm has an idempotent producer write numbers to four partitions, each in three replicas, while brokers are killed and
// stopped, one or two at a time, and started again. In the end each number that was acknowledged is there once, in its order.
func TestStorm(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	zk := zooKeeper(t)
	var members []*member
	for id := range int32(3) {
		members = append(members, startBroker(t, configure(t, zk.ConnectString(), id+1, "min.insync.replicas=2", "replica.lag.time.max.ms=1000")))
	}
	_, err := admin(t, members...).CreateTopic(within(t), partitionsOfStorm, 3, nil, "storm")
	ok(t, err)
	s := &storm{stop: make(chan struct{})}
	producer := client(t, []kgo.Opt{kgo.DefaultProduceTopic("storm"), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MaxBufferedRecords(1000), kgo.ProducerLinger(time.Millisecond)}, members...)
	for p := range int32(partitionsOfStorm) {
		s.producers.Go(func() { s.produce(t.Context(), producer, p) })
	}
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		s.progress(t)
		first, second := members[rng.IntN(3)], members[rng.IntN(3)]
		switch {
		case first != second:
			first.kill()
			second.kill()
			second.start(t)
		case rng.IntN(2) == 0:
			first.kill()
			s.progress(t)
		default:
			first.stop(t)
			s.progress(t)
		}
		first.start(t)
	}
	s.progress(t)
	close(s.stop)
	s.producers.Wait()
	ok(t, producer.Flush(within(t)))
	s.check(t, client(t, []kgo.Opt{kgo.ConsumeTopics("storm")}, members...))
}

const partitionsOfStorm = 4

type storm struct {
	stop      chan struct{}
	producers sync.WaitGroup

	mu     sync.Mutex
	next   [partitionsOfStorm]uint64 // to be acknowledged; all before are
	failed []error
}

func (s *storm) produce(ctx context.Context, c *kgo.Client, partition int32) {
	for n := uint64(0); ; n++ {
		select {
		case <-s.stop:
			return
		default:
		}
		c.Produce(ctx, &kgo.Record{Partition: partition, Value: binary.BigEndian.AppendUint64(nil, n)}, func(_ *kgo.Record, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if err != nil || s.next[partition] != n {
				s.failed = append(s.failed, err)
			}
			s.next[partition]++
		})
	}
}

// progress waits until every partition takes records.
func (s *storm) progress(t *testing.T) {
	t.Helper()
	now := func() [partitionsOfStorm]uint64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.next
	}
	was := now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		least, is := uint64(1<<63), now()
		for p := range is {
			least = min(least, is[p]-was[p])
		}
		if least > 2000 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no progress: from %v to %v", was, is)
		}
	}
}

// check reads everything: numbers from 0 on, as many as were acknowledged.
func (s *storm) check(t *testing.T, c *kgo.Client) {
	t.Helper()
	if len(s.failed) > 0 {
		t.Fatalf("%d records failed or were acknowledged out of turn, the first: %v", len(s.failed), s.failed[0])
	}
	left := uint64(0)
	for _, n := range s.next {
		left += n
	}
	t.Logf("%d records", left)
	var got [partitionsOfStorm]uint64
	for left > 0 {
		f := c.PollFetches(within(t))
		ok(t, f.Err())
		f.EachRecord(func(r *kgo.Record) {
			if n := binary.BigEndian.Uint64(r.Value); n != got[r.Partition] && !t.Failed() {
				t.Errorf("partition %d has %d at offset %d, where %d belongs", r.Partition, n, r.Offset, got[r.Partition])
			}
			got[r.Partition]++
			left--
		})
	}
	if got != s.next {
		t.Errorf("got %v, acknowledged %v", got, s.next)
	}
}
