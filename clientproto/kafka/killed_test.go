package kafka_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// produceOne writes a record to partition 0 of a topic, and says what became of it.
func produceOne(t *testing.T, c *kafka.Client, topic string, limit time.Duration) error {
	t.Helper()
	o := kmodel.DefaultProduceOptions()
	o.Topics, o.TimeoutMs = []string{topic}, limit.Milliseconds()
	var mu sync.Mutex
	var failed error
	p, err := c.Producer(t.Context(), o, func(_ int64, _ kmodel.Record, err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = err
	})
	ok(t, err)
	ok(t, p.Produce(t.Context(), &kmodel.Record{Topic: topic, Timestamp: -1, Value: []byte("x")}, 1))
	ok(t, p.Flush(t.Context()))
	p.Close()
	mu.Lock()
	defer mu.Unlock()
	return failed
}

// TestProduce_TheFirstBrokerIsKilled: a client outlives the only broker that it was told of.
func TestProduce_TheFirstBrokerIsKilled(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	first, _, _ := strings.Cut(e.BootstrapServers(), ",")
	c := dial(t, kafka.Config{Bootstrap: first})
	ok(t, c.CreateTopic(t.Context(), kmodel.NewTopic{Name: "t", Assignment: [][]int32{{1, 2, 3}}}))
	ok(t, produceOne(t, c, "t", 10*time.Second))
	ok(t, e.Kill(t.Context(), 1))
	ok(t, produceOne(t, c, "t", 10*time.Second))
}

// TestProduce_Late: a record that the replicas in sync do not all have is told of by its leader, whatever other address
// could not be reached.
func TestProduce_Late(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	gone := free.Addr().String()
	ok(t, free.Close())
	c := dial(t, kafka.Config{Bootstrap: gone + "," + e.BootstrapServers()})
	ok(t, c.CreateTopic(t.Context(), kmodel.NewTopic{Name: "t", Assignment: [][]int32{{1, 3}}}))
	o := kmodel.DefaultProduceOptions()
	o.Topics, o.TimeoutMs = []string{"t"}, 3000
	var failed error
	p, err := c.Producer(t.Context(), o, func(_ int64, _ kmodel.Record, err error) { failed = err })
	ok(t, err)
	ok(t, p.Produce(t.Context(), &kmodel.Record{Topic: "t", Timestamp: -1, Value: []byte("w")}, 0))
	ok(t, p.Flush(t.Context()))
	ok(t, failed)
	ok(t, e.Pause(t.Context(), 3))
	ok(t, p.Produce(t.Context(), &kmodel.Record{Topic: "t", Timestamp: -1, Value: []byte("x")}, 1))
	ok(t, p.Flush(context.Background()))
	p.Close()
	var lost *kafka.LostError
	const want = "not acknowledged: broker 1, which leads t-0, did not confirm it in time (in sync: [1 3])"
	if !errors.As(failed, &lost) || failed.Error() != want {
		t.Errorf("got  %v\nwant %s", failed, want)
	}
}
