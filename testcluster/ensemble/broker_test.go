package ensemble_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// kafka is a foreign client of an ensemble's brokers.
func kafka(t *testing.T, e *ensemble.Ensemble, more ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(e.BootstrapServers(), ",")...), kgo.MetadataMinAge(50 * time.Millisecond),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// topic creates a topic on all brokers.
func topic(t *testing.T, cl *kgo.Client, name string, partitions int32) {
	t.Helper()
	minISR := "2"
	resp, err := kadm.NewClient(cl).CreateTopic(t.Context(), partitions, 3, map[string]*string{"min.insync.replicas": &minISR}, name)
	if err == nil {
		err = resp.Err
	}
	if err != nil {
		t.Fatal(err)
	}
}

// produced writes records and waits until all in-sync replicas have them.
func produced(ctx context.Context, cl *kgo.Client, topic string, from, n int) error {
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%d", from+i)}
	}
	return cl.ProduceSync(ctx, records...).FirstErr()
}

// consumed reads a topic from its beginning until it has n different values, none twice.
func consumed(t *testing.T, e *ensemble.Ensemble, topic string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cl := kafka(t, e, kgo.ConsumeTopics(topic))
	seen := map[string]bool{}
	for len(seen) < n {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d of %d records within %v", len(seen), n, patience)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if seen[string(r.Value)] {
				t.Errorf("%s twice", r.Value)
			}
			seen[string(r.Value)] = true
		})
	}
}

// TestBrokers: three brokers beside three servers; any one node may die, and what was acknowledged is there.
func TestBrokers(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{InMemory: true, Brokers: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cl := kafka(t, e)
	topic(t, cl, "first", 6)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	total := 0
	write := func(when string) {
		t.Helper()
		if err := produced(ctx, cl, "first", total, 1000); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		total += 1000
	}
	write("at first")
	for _, id := range []int{1, 2, 3} {
		if err := e.Kill(ctx, id); err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprintf("without node %d", id))
		if err := e.Restart(ctx, id); err != nil {
			t.Fatal(err)
		}
		inSync(t, cl, "first", 3)
	}
	write("at last")
	consumed(t, e, "first", total)
}

// inSync waits until every partition has n replicas in sync.
func inSync(t *testing.T, cl *kgo.Client, topic string, n int) {
	t.Helper()
	await(t, fmt.Sprintf("%d replicas in sync", n), func() bool {
		topics, err := kadm.NewClient(cl).ListTopics(t.Context(), topic)
		if err != nil || topics.Error() != nil {
			return false
		}
		for _, p := range topics[topic].Partitions {
			if len(p.ISR) != n || p.Leader < 0 {
				return false
			}
		}
		return true
	})
}

// TestBrokers_Partition: a node that is cut off from the others is left out of the ISR, and taken back when the cut heals.
func TestBrokers_Partition(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{
		InMemory: true, Brokers: true,
		BrokerSettings: []string{"zookeeper.session.timeout.ms=2000", "replica.lag.time.max.ms=2000"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cl := kafka(t, e)
	topic(t, cl, "first", 3)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	if err := produced(ctx, cl, "first", 0, 100); err != nil {
		t.Fatal(err)
	}
	if err := e.Partition(ctx, ensemble.Partition{Groups: [][]int{{1, 2}, {3}}}); err != nil {
		t.Fatal(err)
	}
	if err := produced(ctx, cl, "first", 100, 100); err != nil {
		t.Fatal(err)
	}
	if err := e.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	inSync(t, cl, "first", 3)
	consumed(t, e, "first", 200)
}

// TestBrokers_Folder: what was written is there when the ensemble starts again on the same folder.
func TestBrokers_Folder(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		e, err := ensemble.Start(t.Context(), ensemble.Options{Dir: dir, Brokers: true})
		if err != nil {
			t.Fatal(err)
		}
		cl := kafka(t, e)
		if round == 0 {
			topic(t, cl, "first", 3)
		}
		if err := produced(t.Context(), cl, "first", round*100, 100); err != nil {
			t.Fatal(err)
		}
		consumed(t, e, "first", (round+1)*100)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
