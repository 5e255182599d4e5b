package admin_test

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
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// cluster is brokers 1, 2 … on a ZooKeeper, with a foreign client.
type cluster struct {
	t       *testing.T
	zk      string
	writer  *zkclient.Client
	brokers map[int32]*kbroker.Broker

	stopZooKeeper func()
	client        *kgo.Client
	admin         *kadm.Client
}

type testLog struct {
	t  *testing.T
	id int
}

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("broker %d: %s", l.id, strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

func newCluster(t *testing.T, brokers int, config ...string) *cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	e, err := ensemble.Start(ctx, ensemble.Options{Nodes: 1, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c := &cluster{t: t, zk: e.ConnectString(), brokers: map[int32]*kbroker.Broker{}, stopZooKeeper: func() { _ = e.Close() }}
	if c.writer, err = zkclient.Dial(ctx, zkclient.Config{Servers: c.zk}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.writer.Close(context.Background()) })
	var seeds []string
	for id := 1; id <= brokers; id++ {
		text := fmt.Sprintf("broker.id=%d\nlisteners=PLAINTEXT://127.0.0.1:0\nzookeeper.connect=%s\nlog.dirs=%s\n", id, c.zk, t.TempDir())
		conf, _, err := kconf.ParseBroker("server.properties", text+strings.Join(config, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := kbroker.Start(ctx, kbroker.Options{Config: conf, Logger: slog.New(slog.NewTextHandler(testLog{t, id}, nil))})
		if err != nil {
			t.Fatal(err)
		}
		c.brokers[int32(id)] = b
		t.Cleanup(func() { _ = b.Close() })
		seeds = append(seeds, b.Addr("").String())
	}
	for _, b := range c.brokers {
		if err := b.Await(ctx, func(img *kzk.Image) bool {
			return len(img.Brokers) == brokers && img.Brokers[img.Controller] != nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if c.client, err = kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.MetadataMinAge(50*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.Close)
	c.admin = kadm.NewClient(c.client)
	return c
}
