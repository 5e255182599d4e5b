package groups_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

const patience = 60 * time.Second

// cluster is whole brokers on a ZooKeeper server, all in this process.
type cluster struct {
	t       testing.TB
	zk      *ensemble.Ensemble
	brokers []*kbroker.Broker
	options []kbroker.Options
	seeds   []string
}

func startCluster(t *testing.T, n int, lines ...string) *cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	zk, err := ensemble.Start(ctx, ensemble.Options{Nodes: 1, InMemory: true, TickTime: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zk.Close() }) // the brokers have left it
	c := &cluster{t: t, zk: zk}
	for id := 1; id <= n; id++ {
		config, _, err := kconf.ParseBroker("server.properties", strings.Join(append([]string{
			fmt.Sprint("broker.id=", id), "listeners=PLAINTEXT://127.0.0.1:0", "zookeeper.connect=" + zk.ConnectString(),
			"log.dirs=" + t.TempDir(), "zookeeper.session.timeout.ms=4000", "group.initial.rebalance.delay.ms=100",
			fmt.Sprint("offsets.topic.replication.factor=", n), "offsets.topic.num.partitions=6", "num.partitions=6",
			fmt.Sprint("default.replication.factor=", n), "group.min.session.timeout.ms=1000",
		}, lines...), "\n"))
		if err != nil {
			t.Fatal(err)
		}
		logger := slog.New(slog.NewTextHandler(t.Output(), nil)).With("broker", id)
		c.options = append(c.options, kbroker.Options{Config: config, Logger: logger})
		c.brokers, c.seeds = append(c.brokers, nil), append(c.seeds, "")
		c.start(ctx, id-1)
	}
	for _, b := range c.brokers {
		if err := b.Await(ctx, func(img *kzk.Image) bool { return len(img.Brokers) == n && img.Brokers[img.Controller] != nil }); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// start starts a broker, the first time or again.
func (c *cluster) start(ctx context.Context, i int) {
	c.t.Helper()
	b, err := kbroker.Start(ctx, c.options[i])
	if err != nil {
		c.t.Fatal(err)
	}
	c.brokers[i], c.seeds[i] = b, b.Addr("").String()
	c.t.Cleanup(func() { _ = b.Close() }) // some tests have ended it
}

// client is kgo, foreign to all of this.
func (c *cluster) client(opts ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.seeds...), kgo.MetadataMinAge(50 * time.Millisecond)}, opts...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(cl.Close)
	return cl
}

func (c *cluster) topic(ctx context.Context, name string, partitions int32) {
	c.t.Helper()
	if _, err := kadm.NewClient(c.client()).CreateTopic(ctx, partitions, int16(len(c.brokers)), nil, name); err != nil {
		c.t.Fatal(err)
	}
}

// produce writes n records, with their numbers as values.
func (c *cluster) produce(ctx context.Context, topic string, from, n int) {
	c.t.Helper()
	cl := c.client(kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	for i := range n {
		cl.Produce(ctx, kgo.StringRecord(fmt.Sprint(from+i)), func(_ *kgo.Record, err error) {
			if err != nil {
				c.t.Errorf("produce: %v", err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		c.t.Fatal(err)
	}
	cl.Close()
}
