package partitions_test

import (
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestTopicAgain_LeftBehind: a folder that nobody cared for, as its partition was given to others, outlives its topic.
// When the name is used again its records stay gone.
func TestTopicAgain_LeftBehind(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	w.brokers[1].client().must("t", 0, batch("old"))
	w.brokers[2].ends("t", 0, 1)
	w.brokers[2].kill()
	w.elect("t", 0, -1, 1, []int32{2})
	w.assign("t", []int32{1})
	b := w.start(2) // whose log may be needed yet
	w.topic("mark", []int32{2})
	b.leads("mark", 0, 0)
	b.ends("t", 0, 1)
	w.remove("t", 1)
	w.topic("t", []int32{2})
	b.leads("t", 0, 0)
	if base, err := b.client().produce(-1, "t", 0, batch("new")); err != kproto.NoError || base != 0 {
		t.Errorf("the first record of a new topic has offset %d, %v", base, err)
	}
	if got := b.client().all("t", 0); !slices.Equal(got, []string{"new"}) {
		t.Errorf("got %v", got)
	}
}

// TestApply_AnotherCluster: where ZooKeeper is set up anew, its lack of topics deletes no logs.
func TestApply_AnotherCluster(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	before := b.mirror.Image()
	w.put(kzk.ClusterIDPath, kzk.EncodeClusterID("bbbbbbbbbbbbbbbbbbbbbb"))
	w.remove("t", 1)
	var after *kzk.Image
	eventually(t, "it is noticed", func() bool {
		after = b.mirror.Image()
		return after.ClusterID == "bbbbbbbbbbbbbbbbbbbbbb" && after.Topics["t"] == nil
	})

	d, err := klog.Open(t.Context(), klog.Options{FS: storage.NewMemory(), Path: "/data", BrokerID: 1, Logger: logger(t)})
	ok(t, err)
	m := partitions.New(partitions.Options{Self: 1, Dirs: []*klog.Dir{d}, ZK: b.zk, Dial: b.dial})
	m.Apply(before)
	m.Apply(after)
	if d.Log("t", 0) == nil {
		t.Error("the log is deleted")
	}
	ok(t, m.Close())
	ok(t, d.Close())
}
