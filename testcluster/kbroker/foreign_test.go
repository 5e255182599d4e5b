package kbroker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker"
)

// ended waits until a broker has ended because ZooKeeper is another cluster's.
func (m *member) ended(t *testing.T, found string) {
	t.Helper()
	select {
	case <-m.Done():
	case <-within(t).Done():
		t.Fatal("the broker goes on")
	}
	var foreign *kbroker.ForeignError
	if !errors.As(m.Err(), &foreign) || foreign.Cluster != m.ClusterID() || foreign.Found != found {
		t.Errorf("it has ended with: %v", m.Err())
	}
	t.Log(m.Err())
}

// TestForeign_SetUpAnew: a broker whose ZooKeeper comes back empty, or with another cluster, ends, and leaves nothing there.
func TestForeign_SetUpAnew(t *testing.T) {
	for name, id := range map[string]string{"empty": "", "another cluster": "bbbbbbbbbbbbbbbbbbbbbb"} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			e := zooKeeper(t)
			addr := e.ConnectString()
			b := startBroker(t, configure(t, addr, 1))
			ok(t, b.Await(within(t), hasController))
			ok(t, e.Close())
			again, err := ensemble.Start(within(t), ensemble.Options{Nodes: 1, InMemory: true, Addr: addr, TickTime: 200 * time.Millisecond})
			ok(t, err)
			t.Cleanup(func() { ok(t, again.Close()) })
			zk := zkClient(t, addr)
			if id != "" {
				for _, path := range append([]string{kzk.ClusterPath}, kzk.PersistentPaths...) {
					_, _, err := zk.Create(within(t), path, nil, nil, zkproto.ModePersistent, 0)
					ok(t, err)
				}
				_, _, err = zk.Create(within(t), kzk.ClusterIDPath, kzk.EncodeClusterID(id), nil, zkproto.ModePersistent, 0)
				ok(t, err)
			}
			b.ended(t, id)
			if _, err := zk.Exists(within(t), kzk.BrokerPath(1), nil); !errors.Is(err, zkproto.NoNode) {
				t.Errorf("it has registered: %v", err)
			}
			b.stop(t)
		})
	}
}

// TestForeign_UnderASession: the same where the session goes on, as somebody has restored other data.
func TestForeign_UnderASession(t *testing.T) {
	noLeaks(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1))
	ok(t, b.Await(within(t), hasController))
	_, err := zkClient(t, e.ConnectString()).Set(within(t), kzk.ClusterIDPath, kzk.EncodeClusterID("bbbbbbbbbbbbbbbbbbbbbb"), -1)
	ok(t, err)
	b.ended(t, "bbbbbbbbbbbbbbbbbbbbbb")
	b.stop(t)
}
