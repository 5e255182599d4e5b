package mirror_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
)

// link is a dialer whose connections can be cut, and kept from coming back.
type link struct {
	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

func (l *link) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errors.New("the link is cut")
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		l.conns = append(l.conns, conn)
	}
	return conn, err
}

func (l *link) cut(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

// rig is a ZooKeeper, a writer, and a mirror with a client of its own.
type rig struct {
	t      *testing.T
	addr   string
	writer *zkclient.Client
	link   *link
	client *zkclient.Client
	m      *mirror.Mirror
	log    *lines
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func server(t *testing.T, nodes int) string {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: nodes, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e.ConnectString()
}

func dial(t *testing.T, cfg zkclient.Config) *zkclient.Client {
	t.Helper()
	c, err := zkclient.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

// newRig starts a mirror of what prepare has written. For a mirror and a writer on different servers addr names several.
func newRig(t *testing.T, addr string, prepare func(r *rig)) *rig {
	t.Helper()
	r := &rig{t: t, addr: addr, link: &link{}, log: &lines{}}
	if host, chroot, ok := strings.Cut(addr, "/"); ok {
		root := dial(t, zkclient.Config{Servers: host})
		if _, _, err := root.Create(t.Context(), "/"+chroot, nil, zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
			t.Fatal(err)
		}
	}
	r.writer = dial(t, zkclient.Config{Servers: addr})
	for _, path := range append([]string{"/cluster"}, kzk.PersistentPaths...) {
		r.create(path, nil)
	}
	if prepare != nil {
		prepare(r)
	}
	var handle func(zkproto.WatchedEvent)
	var mu sync.Mutex
	hosts := strings.Split(addr, ",")
	r.client = dial(t, zkclient.Config{Servers: hosts[len(hosts)-1], Renew: true, SessionTimeout: 2 * time.Second, Dialer: r.link.dial,
		OnEvent: func(ev zkproto.WatchedEvent) {
			mu.Lock()
			h := handle
			mu.Unlock()
			if h != nil {
				h(ev)
			}
		}})
	m, err := mirror.Start(t.Context(), mirror.Options{ZK: r.client, Logger: slog.New(slog.NewTextHandler(r.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	mu.Lock()
	handle, r.m = m.HandleEvent, m
	mu.Unlock()
	return r
}

func (r *rig) create(path string, data []byte) {
	r.t.Helper()
	if _, _, err := r.writer.Create(r.t.Context(), path, data, zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) set(path string, data []byte) {
	r.t.Helper()
	if _, err := r.writer.Set(r.t.Context(), path, data, -1); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) delete(paths ...string) {
	r.t.Helper()
	for _, path := range paths {
		if err := r.writer.Delete(r.t.Context(), path, -1); err != nil {
			r.t.Fatal(err)
		}
	}
}

func assignment(name string, partitions int32) *kzk.Topic {
	topic := &kzk.Topic{Name: name, Partitions: map[int32]*kzk.Partition{}}
	for p := range partitions {
		topic.Partitions[p] = &kzk.Partition{Replicas: []int32{1, 2, 3}}
	}
	return topic
}

// topic makes a topic with states in one transaction.
func (r *rig) topic(name string, partitions int32) {
	r.t.Helper()
	op := func(path string, data []byte) zkproto.MultiOp {
		return zkclient.CreateOp(path, data, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	}
	ops := []zkproto.MultiOp{op(kzk.TopicConfigPath(name), kzk.EncodeConfig(nil)),
		op(kzk.TopicPath(name), kzk.EncodeTopic(assignment(name, partitions))), op(kzk.PartitionsPath(name), nil)}
	for p := range partitions {
		ops = append(ops, op(kzk.PartitionPath(name, p), nil), op(kzk.StatePath(name, p), state(1, 0)))
	}
	if _, err := r.writer.Multi(r.t.Context(), ops); err != nil {
		r.t.Fatal(err)
	}
}

func state(leader, epoch int32) []byte {
	return kzk.EncodeState(&kzk.State{Leader: leader, LeaderEpoch: epoch, ControllerEpoch: 1, ISR: []int32{1, 2, 3}})
}

func (r *rig) dropTopic(name string, partitions int32) {
	r.t.Helper()
	for p := range partitions {
		r.delete(kzk.StatePath(name, p), kzk.PartitionPath(name, p))
	}
	r.delete(kzk.PartitionsPath(name), kzk.TopicPath(name), kzk.TopicConfigPath(name))
}

// truth is the image read in the plainest way, one znode after the other.
func (r *rig) truth() *kzk.Image {
	r.t.Helper()
	b := kzk.NewBuilder()
	var visit func(path string)
	visit = func(path string) {
		data, stat, err := r.writer.Get(r.t.Context(), path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		_ = b.Put(path, data, stat) // a malformed one is in the image
		children, _, err := r.writer.Children(r.t.Context(), path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, name := range children {
			visit(strings.TrimSuffix(path, "/") + "/" + name)
		}
	}
	visit("/")
	return b.Image()
}

// equal asks that the mirror, once fresh, shows the truth.
func (r *rig) equal() *kzk.Image {
	r.t.Helper()
	got, err := r.m.Fresh(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	if want := r.truth(); !reflect.DeepEqual(got, want) {
		r.t.Fatalf("the mirror has\n%+v\nZooKeeper\n%+v", got, want)
	}
	return got
}

// everything changes a znode of each kind.
func (r *rig) everything() {
	r.create(kzk.BrokerPath(1), []byte(`{"version":1,"host":"h","port":9092,"jmx_port":-1,"timestamp":"1"}`))
	r.create(kzk.ClusterIDPath, kzk.EncodeClusterID("abc"))
	r.create(kzk.ControllerPath, kzk.EncodeController(1, 5))
	r.create(kzk.ControllerEpochPath, kzk.EncodeControllerEpoch(3))
	r.topic("a", 2)
	r.topic("b", 1)
	r.create(kzk.DeleteTopicPath("b"), nil)
	r.create(kzk.Entity{Type: kzk.UserEntity, Name: "u/1"}.Path(), nil)
	r.create(kzk.Entity{Type: kzk.UserEntity, Name: "u/1"}.Path()+"/clients", nil)
	r.create(kzk.Entity{Type: kzk.UserEntity, Name: "u/1", Client: "c"}.Path(), kzk.EncodeConfig(map[string]string{"k": "v"}))
	r.create(kzk.ConfigChangePrefix+"0000000000", kzk.EncodeConfigChange("topics/a"))
	r.create(kzk.ReassignmentPath, []byte(`{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[2]}]}`))
	r.create(kzk.PreferredElectionPath, kzk.EncodePartitions([]kzk.TopicPartition{{Topic: "a"}}))
}

// otherwise changes all of it again.
func (r *rig) otherwise() {
	r.delete(kzk.BrokerPath(1), kzk.ControllerPath, kzk.DeleteTopicPath("b"), kzk.ReassignmentPath, kzk.PreferredElectionPath)
	r.set(kzk.ControllerEpochPath, kzk.EncodeControllerEpoch(4))
	r.dropTopic("b", 1)
	r.dropTopic("a", 2)
	r.topic("a", 3) // another one
	r.set(kzk.StatePath("a", 2), state(-1, 7))
	r.set(kzk.TopicConfigPath("a"), kzk.EncodeConfig(map[string]string{"retention.ms": "1"}))
	r.delete(kzk.Entity{Type: kzk.UserEntity, Name: "u/1", Client: "c"}.Path())
	r.create(kzk.BrokerPath(2), []byte(`{"version":1,"host":"h","port":9092,"jmx_port":-1,"timestamp":"1"}`))
	r.topic("c", 1)
}
