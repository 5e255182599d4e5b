package partitions_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// patience bounds what a test waits for.
const patience = 30 * time.Second

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until cond is true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		<-tick.C
	}
}

// world is brokers that are nothing but their data planes, and ZooKeeper. The test is the controller.
type world struct {
	t       testing.TB
	zk      *ensemble.Ensemble
	admin   *zkclient.Client
	brokers map[int32]*broker

	minISR  atomic.Int32
	compact atomic.Bool
	tune    func(*partitions.Options)
	fs      func(id int32) (storage.FS, string)
	folders int // of each broker; 0 is 1
	maxHeld int // of each broker's server; 0 is its default
}

func newWorld(t testing.TB, n int32, tune func(*partitions.Options)) *world {
	w := &world{t: t, brokers: map[int32]*broker{}, tune: tune}
	w.minISR.Store(1)
	memories := map[int32]*storage.Memory{}
	w.fs = func(id int32) (storage.FS, string) {
		if memories[id] == nil {
			memories[id] = storage.NewMemory()
		}
		return memories[id], "/data"
	}
	w.begin(n)
	return w
}

func (w *world) begin(n int32) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	var err error
	w.zk, err = ensemble.Start(ctx, ensemble.Options{Nodes: 1, InMemory: true})
	ok(w.t, err)
	w.t.Cleanup(func() { ok(w.t, w.zk.Close()) })
	w.admin, err = zkclient.Dial(ctx, zkclient.Config{Servers: w.zk.ConnectString()})
	ok(w.t, err)
	w.t.Cleanup(func() { ok(w.t, w.admin.Close(context.Background())) })
	for _, path := range kzk.PersistentPaths {
		w.put(path, nil)
	}
	w.put(kzk.ClusterPath, nil)
	w.put(kzk.ClusterIDPath, kzk.EncodeClusterID("aaaaaaaaaaaaaaaaaaaaaa"))
	for id := int32(1); id <= n; id++ {
		w.start(id)
	}
}

func (w *world) put(path string, data []byte) {
	w.t.Helper()
	_, _, err := w.admin.Create(w.t.Context(), path, data, nil, zkproto.ModePersistent, 0)
	if errors.Is(err, zkproto.NodeExists) {
		_, err = w.admin.Set(w.t.Context(), path, data, -1)
	}
	ok(w.t, err)
}

// topic makes a topic, whose partitions the first of their replicas leads.
func (w *world) topic(name string, replicas ...[]int32) {
	w.t.Helper()
	w.assign(name, replicas...)
	for id, r := range replicas {
		w.elect(name, int32(id), r[0], 0, r)
	}
}

func (w *world) assign(name string, replicas ...[]int32) {
	w.t.Helper()
	topic := &kzk.Topic{Name: name, Partitions: map[int32]*kzk.Partition{}}
	for id, r := range replicas {
		topic.Partitions[int32(id)] = &kzk.Partition{Replicas: r}
	}
	w.put(kzk.TopicPath(name), kzk.EncodeTopic(topic))
}

// elect writes a partition's state.
func (w *world) elect(name string, id, leader, epoch int32, isr []int32) {
	w.t.Helper()
	if epoch == 0 {
		w.put(kzk.PartitionsPath(name), nil)
		w.put(kzk.PartitionPath(name, id), nil)
	}
	w.put(kzk.StatePath(name, id), kzk.EncodeState(&kzk.State{Leader: leader, LeaderEpoch: epoch, ControllerEpoch: 1, ISR: isr}))
}

// electIf is elect on condition that the state has a version, as a controller's.
func (w *world) electIf(name string, id, leader, epoch int32, isr []int32, version int32) {
	w.t.Helper()
	data := kzk.EncodeState(&kzk.State{Leader: leader, LeaderEpoch: epoch, ControllerEpoch: 1, ISR: isr})
	if _, err := w.admin.Set(w.t.Context(), kzk.StatePath(name, id), data, version); err != nil && !errors.Is(err, zkproto.BadVersion) {
		w.t.Fatal(err)
	}
}

// state is what ZooKeeper says of a partition.
func (w *world) state(name string, id int32) *kzk.State {
	w.t.Helper()
	data, stat, err := w.admin.Get(w.t.Context(), kzk.StatePath(name, id), nil)
	ok(w.t, err)
	s, err := kzk.DecodeState(data)
	ok(w.t, err)
	s.Version = stat.Version
	return s
}

// broker is one data plane with its log folder, session and listener.
type broker struct {
	w      *world
	id     int32
	dir    *klog.Dir // the first of dirs
	dirs   []*klog.Dir
	zk     *zkclient.Client
	mirror *mirror.Mirror
	m      *partitions.Manager
	server *wire.Server
	addr   string
	cut    atomic.Bool // cannot dial others
	// instead is an address that is dialled instead of any other broker's, if not "".
	instead atomic.Value
	stop    context.CancelFunc
	wg      sync.WaitGroup

	mu   sync.Mutex
	told []string // changes of leadership
}

func logger(t testing.TB) *slog.Logger {
	if os.Getenv("ZOKA_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// start starts a broker, on what its folder has.
func (w *world) start(id int32) *broker {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	log := logger(w.t).With("broker", id)
	b := &broker{w: w, id: id}
	var err error
	fs, path := w.fs(id)
	for i := range max(w.folders, 1) {
		if i > 0 {
			path += "+"
		}
		d, err := klog.Open(ctx, klog.Options{FS: fs, Path: path, BrokerID: id, Logger: log})
		ok(w.t, err)
		b.dirs = append(b.dirs, d)
	}
	b.dir = b.dirs[0]
	events := make(chan zkproto.WatchedEvent, 100)
	b.zk, err = zkclient.Dial(ctx, zkclient.Config{Servers: w.zk.ConnectString(), OnEvent: func(ev zkproto.WatchedEvent) {
		select {
		case events <- ev:
		default:
		}
	}})
	ok(w.t, err)
	b.mirror, err = mirror.Start(ctx, mirror.Options{ZK: b.zk, Logger: log})
	ok(w.t, err)
	o := partitions.Options{Self: id, Dirs: b.dirs, ZK: b.zk, Logger: log, Dial: b.dial,
		TopicConfig: func(string) kconf.Topic {
			c := new(kconf.Broker).Topic(nil)
			c.MinInsyncReplicas = int(w.minISR.Load())
			c.CleanupDelete = !w.compact.Load()
			return c
		}}
	if w.tune != nil {
		w.tune(&o)
	}
	b.m = partitions.New(o)
	b.m.OnLeadership(func(topic string, partition, epoch int32, leads bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.told = append(b.told, fmt.Sprintf("%s-%d epoch %d: %v", topic, partition, epoch, leads))
	})
	b.server = wire.NewServer(wire.Options{Rows: b.m.Rows(), Logger: log, MaxHeld: w.maxHeld})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(w.t, err)
	b.addr = ln.Addr().String()
	b.wg.Go(func() { _ = b.server.Serve("PLAINTEXT", ln) })
	b.register(ctx)
	ctx, b.stop = context.WithCancel(context.Background())
	b.wg.Go(func() { b.apply(ctx) })
	b.wg.Go(func() {
		for {
			select {
			case ev := <-events:
				b.mirror.HandleEvent(ev)
			case <-ctx.Done():
				return
			}
		}
	})
	w.brokers[id] = b
	w.t.Cleanup(func() { b.close() })
	return b
}

func (b *broker) register(ctx context.Context) {
	host, portText, err := net.SplitHostPort(b.addr)
	ok(b.w.t, err)
	port, err := strconv.Atoi(portText)
	ok(b.w.t, err)
	e := kzk.Endpoint{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: host, Port: int32(port)}
	data := kzk.EncodeBroker(&kzk.Broker{ID: b.id, Host: host, Port: int32(port), Endpoints: []kzk.Endpoint{e}, JMXPort: -1})
	_, _, err = b.zk.Create(ctx, kzk.BrokerPath(b.id), data, nil, zkproto.ModeEphemeral, 0)
	ok(b.w.t, err)
	_, err = b.mirror.Wait(ctx, func(img *kzk.Image) bool { return img.Brokers[b.id] != nil })
	ok(b.w.t, err)
}

func (b *broker) apply(ctx context.Context) {
	for {
		img := b.mirror.Image()
		b.m.Apply(img)
		select {
		case <-b.mirror.Changed(img):
		case <-b.m.DirFailed():
		case <-ctx.Done():
			return
		}
	}
}

func (b *broker) dial(ctx context.Context, id int32) (net.Conn, error) {
	reg := b.mirror.Image().Brokers[id]
	switch {
	case b.cut.Load():
		return nil, errors.New("cut off")
	case reg == nil:
		return nil, fmt.Errorf("broker %d is not registered", id)
	}
	addr, _ := b.instead.Load().(string)
	if addr == "" {
		addr = net.JoinHostPort(reg.Host, strconv.Itoa(int(reg.Port)))
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// close ends a broker in good order, kill without flushing anything. Both end its session. Closing again does nothing.
func (b *broker) close() {
	b.end(func(d *klog.Dir) {
		if err := d.Close(); d.Err() == nil {
			ok(b.w.t, err)
		}
	})
}
func (b *broker) kill() { b.end((*klog.Dir).Abandon) }

func (b *broker) end(endDir func(*klog.Dir)) {
	if b.stop == nil {
		return
	}
	b.stop()
	b.stop = nil
	b.server.Close()
	ok(b.w.t, b.m.Close())
	b.wg.Wait()
	b.mirror.Close()
	for _, d := range b.dirs {
		endDir(d)
	}
	ok(b.w.t, b.zk.Close(context.Background()))
}

// leads waits until a broker leads a partition in an epoch.
func (b *broker) leads(topic string, partition, epoch int32) {
	b.w.t.Helper()
	eventually(b.w.t, fmt.Sprintf("%d leads %s-%d in epoch %d", b.id, topic, partition, epoch), func() bool {
		e, leads := b.m.Leads(topic, partition)
		return leads && e == epoch
	})
}
