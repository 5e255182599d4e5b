package kafka_test

import (
	"errors"
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestConsume_Commits: what a member of a group was handed is committed when it closes, unless it says that it was for
// nothing; and without a record, where it began.
func TestConsume_Commits(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, InMemory: true, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	c := dial(t, kafka.Config{Bootstrap: e.BootstrapServers()})
	ok(t, c.CreateTopic(t.Context(), kmodel.NewTopic{Name: "t", Partitions: 1, Replicas: 1}))
	ok(t, produceOne(t, c, "t", 10*time.Second))
	ok(t, produceOne(t, c, "t", 10*time.Second))
	for _, test := range []struct {
		group  string
		from   kmodel.Start
		forget bool
		want   int64
	}{
		{"read", kmodel.StartBegin, false, 2},
		{"forgotten", kmodel.StartBegin, true, 0},
		{"forgotten", kmodel.StartEnd, false, 2}, // goes on at its commit
		{"nothing", kmodel.StartEnd, false, 2},
	} {
		m, err := c.Consumer(t.Context(), kmodel.ConsumeOptions{
			Topics: []string{"t"}, Group: test.group, From: kmodel.Position{Start: test.from}, UntilEnd: true,
		})
		ok(t, err)
		for err = nil; err == nil; {
			if err = m.Poll(t.Context(), func(*kmodel.Record) bool { return true }); err == nil && test.forget {
				m.Forget()
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		ok(t, m.Close(t.Context()))
		commits, err := c.GroupOffsets(t.Context(), test.group)
		ok(t, err)
		if len(commits) != 1 || commits[0].Offset != test.want {
			t.Errorf("%+v: committed %+v", test, commits)
		}
	}
}

// TestConsume_HandsOverBetween: a partition goes to another member only when all that was fetched of it has been handed
// out: otherwise both would have the same records.
func TestConsume_HandsOverBetween(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, InMemory: true, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	c := dial(t, kafka.Config{Bootstrap: e.BootstrapServers()})
	const records = 40
	ok(t, c.CreateTopic(t.Context(), kmodel.NewTopic{Name: "t", Partitions: 2, Replicas: 1}))
	write := kmodel.DefaultProduceOptions()
	write.Topics = []string{"t"}
	p, err := c.Producer(t.Context(), write, func(_ int64, _ kmodel.Record, err error) { t.Error(err) })
	ok(t, err)
	for i := range records {
		ok(t, p.Produce(t.Context(), &kmodel.Record{Topic: "t", Partition: int32(i % 2), Timestamp: -1, Value: []byte(strconv.Itoa(i))}, int64(i)))
	}
	ok(t, p.Flush(t.Context()))
	p.Close()
	member := func() *kafka.Consumer {
		m, err := dial(t, kafka.Config{Bootstrap: e.BootstrapServers()}).Consumer(t.Context(), kmodel.ConsumeOptions{
			Topics: []string{"t"}, Group: "g", From: kmodel.Position{Start: kmodel.StartBegin}, UntilEnd: true,
			Extra: map[string]string{"heartbeat.interval.ms": "50"},
		})
		ok(t, err)
		return m
	}
	var got [records]atomic.Int32
	take := func(r *kmodel.Record) {
		n, err := strconv.Atoi(string(r.Value))
		if err != nil {
			t.Error(err)
			return
		}
		got[n].Add(1)
	}
	one := func(r *kmodel.Record) bool { take(r); return false }
	first := member()
	ok(t, first.Poll(t.Context(), one))
	second, ended := member(), make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			err = second.Poll(t.Context(), func(r *kmodel.Record) bool { take(r); return true })
		}
		ended <- err
	}()
	// The group knows of both, and has had the time to part the partitions between them.
	for joined := 0; joined < 2; {
		groups, err := c.DescribeGroups(t.Context(), "g")
		ok(t, err)
		joined = len(groups[0].Members)
	}
	select {
	case err := <-ended:
		t.Fatalf("the second has ended: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	for err = nil; err == nil; {
		err = first.Poll(t.Context(), one)
	}
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	ok(t, first.Close(t.Context()))
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	ok(t, second.Close(t.Context()))
	for i := range got {
		if n := got[i].Load(); n != 1 {
			t.Errorf("record %d was handed out %d times", i, n)
		}
	}
}
