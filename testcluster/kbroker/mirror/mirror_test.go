package mirror_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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

func TestStart_LoadsEverything(t *testing.T) {
	r := newRig(t, server(t, 1), (*rig).everything)
	image := r.m.Image()
	if want := r.truth(); !reflect.DeepEqual(image, want) {
		t.Fatalf("loaded\n%+v\nwhere ZooKeeper has\n%+v", image, want)
	}
	if len(image.Topics) != 2 || image.Partition("a", 1).State.Leader != 1 || image.Reassign == nil || len(image.Configs) != 3 {
		t.Errorf("%+v", image)
	}
}

func TestStart_EmptyZooKeeper(t *testing.T) {
	zk := dial(t, zkclient.Config{Servers: server(t, 1)})
	m, err := mirror.Start(t.Context(), mirror.Options{ZK: zk})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if image := m.Image(); len(image.Topics)+len(image.Brokers) != 0 || image.Controller != -1 || image.ClusterID != "" {
		t.Errorf("%+v", image)
	}
}

func TestChanges_AreSeen(t *testing.T) {
	r := newRig(t, server(t, 1), nil)
	r.everything()
	before := r.equal()
	r.otherwise()
	after := r.equal()
	if after == before || before.Topics["a"].Czxid == after.Topics["a"].Czxid {
		t.Error("nothing has changed")
	}
	if again := r.equal(); again != after {
		t.Error("the image is another one although nothing has changed")
	}
}

// What happens while there is no connection is never reported: the mirror must look.
func TestReconnect_ReadsWhatTheWatchesMissed(t *testing.T) {
	r := newRig(t, server(t, 1), (*rig).everything)
	session := r.client.Session().ID
	before := r.m.Image()
	r.link.cut(true)
	r.otherwise()
	want := r.truth()
	if r.m.Image() != before {
		t.Fatal("the connection was not cut")
	}
	r.link.cut(false)
	// No call from here: the new connection alone must do.
	image, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return reflect.DeepEqual(i, want) })
	if err != nil {
		t.Fatal(err)
	}
	if r.client.Session().ID != session {
		t.Error("the session did not survive, and this was to be about one that does")
	}
	r.set(kzk.StatePath("c", 0), state(2, 1)) // and the watches are there
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return i.Partition("c", 0).State.Leader == 2 }); err != nil {
		t.Fatal(err)
	}
	if r.m.Image() == image {
		t.Error("Changed lies")
	}
}

func TestSessionRenewal_SetsWatchesAndReadsAgain(t *testing.T) {
	r := newRig(t, server(t, 1), (*rig).everything)
	session := r.client.Session()
	r.link.cut(true)
	// Another client takes the session and ends it.
	thief, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: r.addr, Session: session})
	if err != nil {
		t.Fatal(err)
	}
	if err := thief.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.otherwise()
	want := r.truth()
	r.link.cut(false)
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return reflect.DeepEqual(i, want) }); err != nil {
		t.Fatal(err)
	}
	if id := r.client.Session().ID; id == session.ID || id == 0 {
		t.Errorf("the session is %x, as before", id)
	}
	r.set(kzk.StatePath("c", 0), state(2, 1))
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return i.Partition("c", 0).State.Leader == 2 }); err != nil {
		t.Fatal(err)
	}
}

// Random changes and cuts: once fresh the mirror always shows the truth.
func TestRandomChangesAndCuts(t *testing.T) {
	r := newRig(t, server(t, 3), nil)
	random := rand.New(rand.NewPCG(7, 8))
	there := map[string]bool{}
	for i := range 150 {
		name := fmt.Sprintf("t%d", random.IntN(8))
		switch n := random.IntN(10); {
		case n == 0:
			r.link.cut(false)
		case !there[name]:
			r.topic(name, 2)
			there[name] = true
		case n < 4:
			r.dropTopic(name, 2)
			there[name] = false
		default:
			r.set(kzk.StatePath(name, 1), state(int32(n), int32(i)))
		}
		if i%10 == 0 {
			r.equal()
		}
	}
	r.equal()
}

// Fresh has what was acknowledged before, also on another server than the one that was written to.
func TestFresh_HasWhatWasAcknowledged(t *testing.T) {
	r := newRig(t, server(t, 3), func(r *rig) { r.topic("a", 1) })
	for i := range int32(100) {
		r.set(kzk.StatePath("a", 0), state(i, i))
		image, err := r.m.Fresh(t.Context())
		if err != nil || image.Partition("a", 0).State.Leader != i {
			t.Fatalf("%d: %+v, %v", i, image.Partition("a", 0).State, err)
		}
	}
}

// A burst of changes costs few images, and none of them goes back in time.
func TestBurst_IsCoalesced(t *testing.T) {
	r := newRig(t, server(t, 1), nil)
	const topics = 300
	stop := make(chan struct{})
	published := make(chan int)
	go func() {
		n, image, last := 0, r.m.Image(), 0
		for {
			select {
			case <-r.m.Changed(image):
				image = r.m.Image()
				if len(image.Topics) < last {
					r.t.Errorf("%d topics became %d", last, len(image.Topics))
				}
				last = len(image.Topics)
				n++
			case <-stop:
				published <- n
				return
			}
		}
	}()
	for i := range topics {
		r.topic(fmt.Sprintf("t-%d", i), 3)
	}
	image := r.equal()
	close(stop)
	if n := <-published; n > topics*4 || n == 0 {
		t.Errorf("%d images of %d changes", n, topics*8)
	}
	if len(image.Topics) != topics || image.Partition("t-299", 2).State == nil {
		t.Errorf("%d topics", len(image.Topics))
	}
}

func TestMalformed_LeavesTheRestAndIsTold(t *testing.T) {
	r := newRig(t, server(t, 1), func(r *rig) {
		r.topic("a", 1)
		r.create(kzk.TopicPath("bad"), []byte("{"))
	})
	if image := r.m.Image(); image.Unreadable[kzk.TopicPath("bad")] == "" || image.Topics["a"] == nil || image.Topics["bad"] != nil {
		t.Errorf("%+v", image)
	}
	r.set(kzk.StatePath("a", 0), []byte("nonsense"))
	image, err := r.m.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := image.Partition("a", 0).State; s == nil || s.Leader != 1 || image.Unreadable[kzk.StatePath("a", 0)] == "" {
		t.Errorf("%+v, %v", s, image.Unreadable)
	}
	if got := r.log.String(); !strings.Contains(got, kzk.StatePath("a", 0)) || !strings.Contains(got, kzk.TopicPath("bad")) {
		t.Errorf("the log says\n%s", got)
	}
	r.set(kzk.StatePath("a", 0), state(3, 3))
	r.delete(kzk.TopicPath("bad"))
	if image := r.equal(); len(image.Unreadable) != 0 {
		t.Errorf("%v", image.Unreadable)
	}
}

func TestUnreadable_NoPermission(t *testing.T) {
	r := newRig(t, server(t, 1), func(r *rig) {
		acl := []zkproto.ACL{{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "digest", ID: "x:y"}}}
		if _, _, err := r.writer.Create(r.t.Context(), kzk.TopicPath("secret"), nil, acl, zkproto.ModePersistent, 0); err != nil {
			r.t.Fatal(err)
		}
		r.topic("a", 1)
	})
	if image := r.m.Image(); image.Unreadable[kzk.TopicPath("secret")] == "" || image.Topics["a"] == nil {
		t.Errorf("%+v", image)
	}
}

func TestEnds(t *testing.T) {
	r := newRig(t, server(t, 1), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(*kzk.Image) bool { return false }
	if _, err := r.m.Wait(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	if _, err := r.m.Fresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Fresh: %v", err)
	}
	if _, err := mirror.Start(ctx, mirror.Options{ZK: r.client}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v", err)
	}
	r.m.Close()
	if _, err := r.m.Wait(t.Context(), never); !errors.Is(err, mirror.ErrClosed) {
		t.Errorf("Wait after Close: %v", err)
	}
	if _, err := r.m.Fresh(t.Context()); !errors.Is(err, mirror.ErrClosed) {
		t.Errorf("Fresh after Close: %v", err)
	}
	if r.m.Image() == nil {
		t.Error("the last image is gone")
	}
	r.topic("after", 1) // its events find nobody
	if err := r.client.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	closed := dial(t, zkclient.Config{Servers: r.addr})
	if err := closed.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := mirror.Start(t.Context(), mirror.Options{ZK: closed}); !errors.Is(err, zkclient.ErrClosed) {
		t.Errorf("Start on a closed client: %v", err)
	}
}
