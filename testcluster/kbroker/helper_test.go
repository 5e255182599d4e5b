package kbroker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
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

// patience bounds what a test waits for.
const patience = 40 * time.Second

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within is the test's context with its patience.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// noLeaks fails the test if goroutines are left when everything that it started has ended.
func noLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		poll := time.NewTicker(5 * time.Millisecond)
		defer poll.Stop()
		for end := time.Now().Add(patience); runtime.NumGoroutine() > before; <-poll.C {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// zooKeeper starts a ZooKeeper server in this process.
func zooKeeper(t *testing.T) *ensemble.Ensemble {
	t.Helper()
	e, err := ensemble.Start(within(t), ensemble.Options{Nodes: 1, InMemory: true, TickTime: 200 * time.Millisecond})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	return e
}

// member is a broker under test, which can be started again.
type member struct {
	*kbroker.Broker
	config  *kconf.Broker
	options kbroker.Options
}

// log shows a broker's lines when the test has failed.
type log struct {
	t  testing.TB
	id int32
}

func (l log) Write(p []byte) (int, error) {
	l.t.Logf("broker %d: %s", l.id, strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// seen is a log that says when a text has come.
type seen struct {
	text string
	ch   chan struct{}
	once sync.Once
}

func (s *seen) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.once.Do(func() { close(s.ch) })
	}
	return len(p), nil
}

// configure makes a configuration with a free port, a folder of its own and short waits.
func configure(t testing.TB, zk string, id int32, more ...string) *kconf.Broker {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	ok(t, ln.Close())
	lines := append([]string{
		fmt.Sprintf("broker.id=%d", id), "listeners=PLAINTEXT://" + ln.Addr().String(), "zookeeper.connect=" + zk,
		"log.dirs=" + t.TempDir(), "zookeeper.session.timeout.ms=4000", "group.initial.rebalance.delay.ms=0",
		"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
	}, more...)
	config, _, err := kconf.ParseBroker("server.properties", strings.Join(lines, "\n")+"\n")
	ok(t, err)
	return config
}

// startBroker starts a broker, which the end of the test closes.
func startBroker(t testing.TB, config *kconf.Broker) *member {
	t.Helper()
	m := prepare(t, config)
	m.start(t)
	return m
}

// prepare is [startBroker] without the start.
func prepare(t testing.TB, config *kconf.Broker) *member {
	m := &member{config: config, options: kbroker.Options{
		Config: config, Logger: slog.New(slog.NewTextHandler(log{t, config.ID}, nil)),
	}}
	t.Cleanup(func() {
		if m.Broker != nil {
			ok(t, m.Close())
		}
	})
	return m
}

func (m *member) start(t testing.TB) {
	t.Helper()
	b, err := kbroker.Start(within(t), m.options)
	ok(t, err)
	m.Broker = b
}

func (m *member) kill() {
	m.Kill()
	m.Broker = nil
}

func (m *member) stop(t testing.TB) {
	t.Helper()
	ok(t, m.Close())
	m.Broker = nil
}

// addr is where clients connect to.
func (m *member) addr() string { return m.Addr("").String() }

// client is a foreign client of these brokers.
func client(t testing.TB, opts []kgo.Opt, members ...*member) *kgo.Client {
	t.Helper()
	var seeds []string
	for _, m := range members {
		seeds = append(seeds, m.addr())
	}
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(seeds...), kgo.MetadataMinAge(50 * time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
	}, opts...)...)
	ok(t, err)
	t.Cleanup(cl.Close)
	return cl
}

func admin(t testing.TB, members ...*member) *kadm.Client {
	return kadm.NewClient(client(t, nil, members...))
}

// zkClient is a session of the test's own.
func zkClient(t testing.TB, servers string) *zkclient.Client {
	t.Helper()
	zk, err := zkclient.Dial(within(t), zkclient.Config{Servers: servers})
	ok(t, err)
	t.Cleanup(func() { _ = zk.Close(context.Background()) }) // it has nothing that would be left
	return zk
}

// hasController is true of a cluster with a controller that is registered.
func hasController(img *kzk.Image) bool { return img.Brokers[img.Controller] != nil }
