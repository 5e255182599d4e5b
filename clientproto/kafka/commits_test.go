package kafka_test

import (
	"errors"
	"io"
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
