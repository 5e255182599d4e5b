package kbroker_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker"
)

// TestRegistration: what a broker writes into ZooKeeper is what Kafka 2.7 writes, below the chroot that it makes itself.
func TestRegistration(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString()+"/kafka/one", 7, "broker.rack=r7"))
	zk := zkClient(t, e.ConnectString()+"/kafka/one")
	ctx := within(t)
	for _, path := range kzk.PersistentPaths {
		stat, err := zk.Exists(ctx, path, nil)
		if err != nil || stat.EphemeralOwner != 0 {
			t.Errorf("%s: %+v, %v", path, stat, err)
		}
	}
	data, stat, err := zk.Get(ctx, kzk.BrokerPath(7), nil)
	ok(t, err)
	br, err := kzk.DecodeBroker(7, data)
	ok(t, err)
	if stat.EphemeralOwner == 0 || stat.Version != 1 || br.Version != 5 || br.Rack != "r7" || br.Endpoints[0].String() != "PLAINTEXT://"+b.addr() {
		t.Errorf("%s with %+v", data, stat)
	}
	data, _, err = zk.Get(ctx, kzk.ClusterIDPath, nil)
	ok(t, err)
	if id, err := kzk.DecodeClusterID(data); err != nil || id != b.ClusterID() || len(id) != 22 {
		t.Errorf("cluster id %s, %q, %v", data, b.ClusterID(), err)
	}
	ok(t, b.Await(ctx, hasController))

	// A controlled end leaves nothing of the session.
	b.stop(t)
	if _, err := zk.Exists(ctx, kzk.BrokerPath(7), nil); !errors.Is(err, zkproto.NoNode) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := zk.Exists(ctx, kzk.ControllerPath, nil); !errors.Is(err, zkproto.NoNode) {
		t.Errorf("after the end: %v", err)
	}
}

// TestKilled_StartsAgainAtOnce: the registration that a killed broker has left does not hold up its next life.
func TestKilled_StartsAgainAtOnce(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	config := configure(t, e.ConnectString(), 1)
	config.ZooKeeper.SessionTimeoutMs = 60_000
	b := startBroker(t, config)
	cluster := b.ClusterID()
	zk := zkClient(t, e.ConnectString())
	before, err := zk.Exists(within(t), kzk.BrokerPath(1), nil)
	ok(t, err)
	b.kill()
	if _, err := zk.Exists(within(t), kzk.BrokerPath(1), nil); err != nil {
		t.Fatalf("a killed broker has said goodbye: %v", err)
	}
	began := time.Now()
	b.start(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the next start took %v", took)
	}
	after, err := zk.Exists(within(t), kzk.BrokerPath(1), nil)
	ok(t, err)
	if after.Czxid <= before.Czxid || after.EphemeralOwner == before.EphemeralOwner || b.ClusterID() != cluster {
		t.Errorf("before %+v, after %+v", before, after)
	}
	ok(t, b.Await(within(t), hasController))
}

// TestForeignID: a second broker with the same id is refused at once, in words that say who has it, and the first one is
// left in peace.
func TestForeignID(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	first := startBroker(t, configure(t, e.ConnectString(), 1))
	second := configure(t, e.ConnectString(), 1)
	_, err := kbroker.Start(within(t), kbroker.Options{Config: second})
	var taken *kbroker.RegisteredError
	if !errors.As(err, &taken) || taken.ID != 1 || !strings.Contains(err.Error(), "PLAINTEXT://"+first.addr()) {
		t.Fatalf("%v", err)
	}
	stat, err := zkClient(t, e.ConnectString()).Exists(within(t), kzk.BrokerPath(1), nil)
	ok(t, err)
	if stat.Version != 1 {
		t.Errorf("%+v", stat)
	}
}

// TestLeftoverOfNobody: a registration that nobody answers for is waited for, and goes with its session.
func TestLeftoverOfNobody(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	config := configure(t, e.ConnectString(), 3)
	startBroker(t, configure(t, e.ConnectString(), 2)) // it makes the paths
	other, err := zkclient.Dial(within(t), zkclient.Config{Servers: e.ConnectString()})
	ok(t, err)
	data := kzk.EncodeBroker(&kzk.Broker{Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: 1}}, JMXPort: -1})
	_, _, err = other.Create(within(t), kzk.BrokerPath(3), data, nil, zkproto.ModeEphemeral, 0)
	ok(t, err)
	waits := &seen{text: "waiting for the end of another session", ch: make(chan struct{})}
	started := make(chan *member, 1)
	go func() {
		defer close(started)
		if b, err := kbroker.Start(within(t), kbroker.Options{Config: config, Logger: slog.New(slog.NewTextHandler(waits, nil))}); err == nil {
			started <- &member{Broker: b}
		} else {
			t.Error(err)
		}
	}()
	<-waits.ch
	ok(t, other.Close(within(t)))
	b := <-started
	if b == nil {
		t.Fatal("it has not started")
	}
	b.stop(t)
}

// TestOtherCluster: log folders of one cluster are not served in another.
func TestOtherCluster(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	config := configure(t, e.ConnectString()+"/a", 1)
	b := startBroker(t, config)
	b.stop(t)
	other := *config
	other.ZooKeeper.Connect = e.ConnectString() + "/b"
	if _, err := kbroker.Start(within(t), kbroker.Options{Config: &other}); err == nil || !strings.Contains(err.Error(), "cluster") {
		t.Errorf("in another cluster: %v", err)
	}
	renamed := *config
	renamed.ID = 2
	if _, err := kbroker.Start(within(t), kbroker.Options{Config: &renamed}); err == nil || !strings.Contains(err.Error(), "broker.id") {
		t.Errorf("with another id: %v", err)
	}
	b.start(t)
}

// TestGeneratedID: without broker.id one is taken from ZooKeeper, once.
func TestGeneratedID(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	config := configure(t, e.ConnectString(), -1)
	b := startBroker(t, config)
	if b.ID() != 1001 {
		t.Errorf("id %d", b.ID())
	}
	second := startBroker(t, configure(t, e.ConnectString(), -1))
	if second.ID() != 1002 {
		t.Errorf("id %d", second.ID())
	}
	b.stop(t)
	b.start(t)
	if b.ID() != 1001 {
		t.Errorf("id %d after a restart", b.ID())
	}
}

// TestSessionExpired: a broker whose session ends registers again, and is the broker that it was.
func TestSessionExpired(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	ok(t, b.Await(within(t), hasController))
	zk := zkClient(t, e.ConnectString())
	stat, err := zk.Exists(within(t), kzk.BrokerPath(1), nil)
	ok(t, err)
	b.ExpireSession(within(t), t)
	ok(t, b.Await(within(t), func(img *kzk.Image) bool {
		me := img.Brokers[1]
		return me != nil && me.Epoch > int64(stat.Czxid) && img.Controller == 1
	}))
	brokers, err := admin(t, b).ListBrokers(within(t))
	ok(t, err)
	if !slices.Equal(brokers.NodeIDs(), []int32{1}) {
		t.Errorf("%v", brokers)
	}
}

// TestSessionsExpire_InARow: a session that ends while the broker is still registering after the last one.
func TestSessionsExpire_InARow(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	for n := range 5 {
		wait(t, "the next session", func() bool { return b.SessionsExpired() == n && b.HasSession() })
		b.ExpireSession(within(t), t)
	}
	wait(t, "the last session", func() bool { return b.SessionsExpired() == 5 && b.HasSession() })
	zk := zkClient(t, e.ConnectString())
	ok(t, b.Await(within(t), func(img *kzk.Image) bool {
		stat, err := zk.Exists(within(t), kzk.BrokerPath(1), nil)
		me := img.Brokers[1]
		return err == nil && me != nil && me.Epoch == int64(stat.Czxid) && img.Controller == 1
	}))
}

// TestClose_WithoutZooKeeper: a broker whose ensemble is gone leaves within seconds.
func TestClose_WithoutZooKeeper(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	ok(t, e.Kill(within(t), 1))
	began := time.Now()
	b.stop(t)
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestStart_WithoutZooKeeper: the time to wait for ZooKeeper is the one configured, and the error says where it was
// looked for.
func TestStart_WithoutZooKeeper(t *testing.T) {
	noLeaks(t)
	config := configure(t, "127.0.0.1:1", 1, "zookeeper.connection.timeout.ms=300")
	_, err := kbroker.Start(context.Background(), kbroker.Options{Config: config})
	if err == nil || !strings.Contains(err.Error(), "no connection to ZooKeeper at 127.0.0.1:1 within 300ms") {
		t.Errorf("%v", err)
	}
}

// TestStart_Refused: what cannot be served is said before anything is touched.
func TestStart_Refused(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	taken := configure(t, e.ConnectString(), 2, "listeners=PLAINTEXT://"+b.addr())
	_, err := kbroker.Start(within(t), kbroker.Options{Config: taken})
	var listen *kbroker.ListenError
	if !errors.As(err, &listen) || !strings.Contains(err.Error(), b.addr()) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a taken port: %v", err)
	}
	secure := configure(t, e.ConnectString(), 2)
	secure.Listeners[0].Security = "SASL_PLAINTEXT"
	if _, err := kbroker.Start(within(t), kbroker.Options{Config: secure}); err == nil || !strings.Contains(err.Error(), "zoka has no SASL_PLAINTEXT yet") {
		t.Errorf("SASL: %v", err)
	}
	same := *b.config
	same.ID = 2
	if _, err := kbroker.Start(within(t), kbroker.Options{Config: &same}); err == nil {
		t.Error("two brokers on one log folder")
	}
}
