package partitions_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestAppend is what a coordinator does: it appends, reads back what it wrote, and is told when it must stop.
func TestAppend(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.minISR.Store(2)
	w.topic("__consumer_offsets", []int32{1, 2, 3})
	b := w.brokers[1]
	b.leads("__consumer_offsets", 0, 0)
	type result struct {
		base int64
		err  error
	}
	results := make(chan result, 100)
	done := func(base int64, err error) { results <- result{base, err} }
	var want []string
	for i := range 10 {
		v := fmt.Sprint(i)
		b.m.Append("__consumer_offsets", 0, batch(v), 10*time.Second, done)
		want = append(want, v)
	}
	for range 10 {
		if r := <-results; r.err != nil || r.base < 0 || r.base > 9 {
			t.Errorf("%d, %v", r.base, r.err)
		}
	}
	var got []string
	for at := int64(-5); ; at = int64(len(got)) {
		batches, hw, err := b.m.ReadLocal("__consumer_offsets", 0, at, 1)
		ok(t, err)
		if hw != 10 {
			t.Errorf("high watermark %d", hw)
		}
		if len(batches) == 0 {
			break
		}
		got = append(got, values(t, batches)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("read %v", got)
	}

	// Nobody has it in time; it is there all the same, and what is not exposed yet can be read too.
	w.brokers[2].m.StopFollowing()
	w.brokers[3].m.StopFollowing()
	b.m.Append("__consumer_offsets", 0, batch("late"), 20*time.Millisecond, done)
	if r := <-results; r.err != kproto.RequestTimedOut {
		t.Errorf("%d, %v", r.base, r.err)
	}
	if batches, hw, err := b.m.ReadLocal("__consumer_offsets", 0, 10, 1<<20); err != nil || hw != 10 || !slices.Equal(values(t, batches), []string{"late"}) {
		t.Errorf("%d bytes, high watermark %d, %v", len(batches), hw, err)
	}

	// Leadership goes while one waits.
	b.m.Append("__consumer_offsets", 0, batch("lost"), 10*time.Second, done)
	w.elect("__consumer_offsets", 0, 2, 1, []int32{2, 3})
	if r := <-results; r.err != kproto.NotLeaderOrFollower {
		t.Errorf("%d, %v", r.base, r.err)
	}
	b.m.Append("__consumer_offsets", 0, batch("more"), 10*time.Second, done)
	if r := <-results; r.err != kproto.NotLeaderOrFollower {
		t.Errorf("%d, %v", r.base, r.err)
	}
	b.m.Append("none", 0, batch("x"), 10*time.Second, done)
	if r := <-results; r.err != kproto.UnknownTopicOrPartition {
		t.Errorf("%d, %v", r.base, r.err)
	}
	if _, _, err := b.m.ReadLocal("__consumer_offsets", 0, 0, 1); err != kproto.NotLeaderOrFollower {
		t.Errorf("%v", err)
	}
	eventually(t, "it is told", func() bool {
		return slices.Equal(b.leaderships(), []string{"__consumer_offsets-0 epoch 0: true", "__consumer_offsets-0 epoch 0: false"})
	})
}

// TestAppend_AtTheEnd closes a broker under appends: each one is answered once.
func TestAppend_AtTheEnd(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	var wg sync.WaitGroup
	const n = 200
	wg.Add(n)
	go func() {
		for range n {
			b.m.Append("t", 0, batch("x"), time.Minute, func(int64, error) { wg.Done() })
		}
	}()
	ok(t, b.m.Close())
	wg.Wait()
}
