package control_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// TestMain leaves no goroutine behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !settled() {
		pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		fmt.Fprintln(os.Stderr, "goroutines are left")
		code = 1
	}
	os.Exit(code)
}

// settled waits until nothing of this module runs any more.
func settled() bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		var stacks strings.Builder
		pprof.Lookup("goroutine").WriteTo(&stacks, 2)
		if strings.Count(stacks.String(), "zoka-project/zoka/testcluster/kbroker") <= 2 { // TestMain and this
			return true
		}
	}
	return false
}

// cluster is brokers that have nothing but their part in the control: real sockets, a real ZooKeeper, no records.
type cluster struct {
	t       *testing.T
	zk      *ensemble.Ensemble
	client  *zkclient.Client // of the test
	view    *mirror.Mirror   // of the test
	config  control.Config
	brokers map[int32]*broker
}

func startCluster(t *testing.T, config control.Config, ids ...int32) *cluster {
	t.Helper()
	ctx := timeout(t)
	zk, err := ensemble.Start(ctx, ensemble.Options{Nodes: 1, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := zk.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &cluster{t: t, zk: zk, config: config, brokers: make(map[int32]*broker)}
	c.client, c.view = c.connect(nil)
	for _, path := range kzk.PersistentPaths {
		c.create(path, nil, zkproto.ModePersistent)
	}
	c.create("/cluster", nil, zkproto.ModePersistent)
	c.create(kzk.ClusterIDPath, kzk.EncodeClusterID("gYsbFUhpQJKf3PTgpaNjhA"), zkproto.ModePersistent)
	for _, id := range ids {
		c.start(id)
	}
	return c
}

// connect opens a session, which ends with the test.
func (c *cluster) connect(dial zkclient.Dialer) (*zkclient.Client, *mirror.Mirror) {
	c.t.Helper()
	var view atomic.Pointer[mirror.Mirror]
	client, err := zkclient.Dial(timeout(c.t), zkclient.Config{Servers: c.zk.ConnectString(), Dialer: dial, Renew: true,
		OnEvent: func(ev zkproto.WatchedEvent) {
			if m := view.Load(); m != nil {
				m.HandleEvent(ev)
			}
		}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close(context.Background()) })
	m, err := mirror.Start(timeout(c.t), mirror.Options{ZK: client})
	if err != nil {
		c.t.Fatal(err)
	}
	view.Store(m)
	c.t.Cleanup(m.Close)
	return client, m
}

// broker is one of them.
type broker struct {
	*control.Control
	c        *cluster
	id       int32
	addr     string
	client   *zkclient.Client
	mirror   control.Mirror
	server   *wire.Server
	listener net.Listener
	epoch    int64
	down     bool
}

// start gives the cluster a broker, registered and ready.
func (c *cluster) start(id int32) *broker { return c.startWith(id, nil, nil) }

// startWith also says how the broker reaches ZooKeeper, and what it sees of it.
func (c *cluster) startWith(id int32, dial zkclient.Dialer, see func(control.Mirror) control.Mirror) *broker {
	c.t.Helper()
	b := &broker{c: c, id: id}
	if was := c.brokers[id]; was != nil {
		b.addr = was.addr
	}
	var m *mirror.Mirror
	b.client, m = c.connect(dial)
	b.mirror = m
	if see != nil {
		b.mirror = see(m)
	}
	b.Control = control.New(control.Options{Self: id, Mirror: b.mirror, ZK: b.client, Config: c.config,
		Dial: c.dialer(m), Logger: logger(c.t).With("broker", id)})
	b.listen()
	c.brokers[id] = b
	c.t.Cleanup(b.kill)
	b.register()
	return b
}

// listen opens the broker's port, the same as before.
func (b *broker) listen() {
	b.c.t.Helper()
	addr := b.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ctx := timeout(b.c.t)
	for {
		var err error
		if b.listener, err = net.Listen("tcp", addr); err == nil {
			break
		}
		// Somebody's connection may have got the port meanwhile, and will be over soon.
		if !errors.Is(err, syscall.EADDRINUSE) || ctx.Err() != nil {
			b.c.t.Fatal(err)
		}
	}
	b.addr = b.listener.Addr().String()
	b.server = wire.NewServer(wire.Options{Rows: b.Rows(), Logger: logger(b.c.t).With("broker", b.id)})
	go b.server.Serve("PLAINTEXT", b.listener)
}

func (b *broker) register() {
	b.c.t.Helper()
	port := b.listener.Addr().(*net.TCPAddr).Port
	reg := &kzk.Broker{ID: b.id, Host: "127.0.0.1", Port: int32(port), JMXPort: -1, Version: 5,
		Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: int32(port)}}}
	_, stat, err := b.client.Create(timeout(b.c.t), kzk.BrokerPath(b.id), kzk.EncodeBroker(reg), zkproto.OpenACL(), zkproto.ModeEphemeral, 0)
	if err != nil {
		b.c.t.Fatal(err)
	}
	b.epoch = int64(stat.Czxid)
	b.Registered(b.epoch)
}

// dialer connects to brokers as the mirror knows them.
func (c *cluster) dialer(m *mirror.Mirror) func(context.Context, int32) (net.Conn, error) {
	return func(ctx context.Context, id int32) (net.Conn, error) {
		b := m.Image().Brokers[id]
		if b == nil {
			return nil, fmt.Errorf("broker %d is not registered", id)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprint(b.Host, ":", b.Port))
	}
}

// kill ends the broker as the end of its process would; its session lasts.
func (b *broker) kill() {
	if !b.down {
		b.down = true
		b.server.Kill()
		b.Abandon()
	}
}

// stop ends the broker as one ought to.
func (b *broker) stop() {
	b.c.t.Helper()
	b.down = true
	if err := b.Leave(timeout(b.c.t)); err != nil {
		b.c.t.Error(err)
	}
	b.server.Close()
	if err := b.Close(); err != nil {
		b.c.t.Error(err)
	}
	if err := b.client.Close(timeout(b.c.t)); err != nil {
		b.c.t.Error(err)
	}
}

func (c *cluster) create(path string, data []byte, mode zkproto.CreateMode) {
	c.t.Helper()
	_, _, err := c.client.Create(timeout(c.t), path, data, zkproto.OpenACL(), mode, 0)
	if err != nil && !errors.Is(err, zkproto.NodeExists) {
		c.t.Fatal(err)
	}
}

// topic creates a topic with an id, whose partitions have the replicas given.
func (c *cluster) topic(name string, replicas ...[]int32) {
	c.t.Helper()
	t := kzk.Topic{Name: name, HasID: true, Partitions: make(map[int32]*kzk.Partition)}
	copy(t.ID[:], "id of "+name+" ..........")
	for i, r := range replicas {
		t.Partitions[int32(i)] = &kzk.Partition{Replicas: r}
	}
	c.create(kzk.TopicPath(name), kzk.EncodeTopic(&t), zkproto.ModePersistent)
}

// writeISR is what the leader of a partition does.
func (c *cluster) writeISR(topic string, partition int32, isr ...int32) {
	c.t.Helper()
	for {
		image := c.await("the partition has a state", func(i *kzk.Image) bool { return i.Partition(topic, partition).State != nil })
		st := *image.Partition(topic, partition).State
		st.ISR = isr
		_, err := c.client.Set(timeout(c.t), kzk.StatePath(topic, partition), kzk.EncodeState(&st), st.Version)
		if err == nil {
			return
		}
		if !errors.Is(err, zkproto.BadVersion) {
			c.t.Fatal(err)
		}
	}
}

// await waits until the cluster is as it should be.
func (c *cluster) await(what string, cond func(*kzk.Image) bool) *kzk.Image {
	c.t.Helper()
	image, err := c.view.Wait(timeout(c.t), cond)
	if err != nil {
		c.t.Fatalf("wait until %s: %v\n%s", what, err, show(c.view.Image()))
	}
	return image
}

// awaitState waits for the leader and the ISR of a partition.
func (c *cluster) awaitState(topic string, partition, leader int32, isr ...int32) *kzk.State {
	c.t.Helper()
	image := c.await(fmt.Sprintf("%s-%d has leader %d and ISR %d", topic, partition, leader, isr), func(i *kzk.Image) bool {
		p := i.Partition(topic, partition)
		return p != nil && p.State != nil && p.State.Leader == leader && slices.Equal(p.State.ISR, isr)
	})
	return image.Partition(topic, partition).State
}

// awaitController waits until one of the brokers is the controller.
func (c *cluster) awaitController(ids ...int32) *broker {
	c.t.Helper()
	image := c.await(fmt.Sprintf("one of %d is the controller", ids), func(i *kzk.Image) bool { return slices.Contains(ids, i.Controller) })
	return c.brokers[image.Controller]
}

// others are the ids of the brokers but for one, ascending.
func (c *cluster) others(than int32) []int32 {
	var ids []int32
	for id, b := range c.brokers {
		if id != than && !b.down {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func show(i *kzk.Image) string {
	var b strings.Builder
	fmt.Fprintf(&b, "brokers %d, controller %d in epoch %d\n", i.BrokerIDs(), i.Controller, i.ControllerEpoch)
	for name, t := range i.Topics {
		for _, id := range t.IDs() {
			p := t.Partitions[id]
			fmt.Fprintf(&b, "%s-%d: %+v, state %+v\n", name, id, *p, p.State)
		}
	}
	fmt.Fprintf(&b, "deletions %v, reassignment %v, preferred %v", i.Deletions, i.Reassign, i.Preferred)
	return b.String()
}

// timeout is far beyond what anything here takes.
func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// logger shows the lines of a test that has failed, and of all with -v.
func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(testOutput{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testOutput struct{ t *testing.T }

func (o testOutput) Write(b []byte) (int, error) { return o.t.Output().Write(b) }

var _ io.Writer = testOutput{}
