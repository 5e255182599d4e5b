package partitions_test

import (
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// imageOf is a cluster with a topic t of one partition, which broker 1 leads.
func imageOf(czxid int64, id kproto.UUID) *kzk.Image {
	return &kzk.Image{ClusterID: "aaaaaaaaaaaaaaaaaaaaaa", Brokers: map[int32]*kzk.Broker{1: {ID: 1, Epoch: 1, FirstEpoch: 1}},
		Topics: map[string]*kzk.Topic{"t": {Name: "t", ID: id, HasID: !id.IsZero(), Czxid: czxid, Partitions: map[int32]*kzk.Partition{
			0: {Replicas: []int32{1}, State: &kzk.State{Leader: 1, ISR: []int32{1}, Mzxid: 1000}}}}}}
}

// TestIncarnation: a folder with a record is found, and ZooKeeper has a topic of its name. The record stays where it is the
// topic's, is deleted where it is another's, and is left alone, unused, where nobody knows.
func TestIncarnation(t *testing.T) {
	one, two, none := kproto.UUID{1}, kproto.UUID{2}, kproto.UUID{}
	const stays, goes, waits = "stays", "goes", "waits"
	for _, tt := range []struct {
		name string
		log  klog.Incarnation
		img  []*kzk.Image
		want string
	}{
		{"the same", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(7, one)}, stays},
		{"its id was dropped by an old tool", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(7, none)}, stays},
		{"it was dropped, and it has a new one", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(7, two)}, stays},
		{"its id came later", klog.Incarnation{Czxid: 7}, []*kzk.Image{imageOf(7, one)}, stays},
		{"Kafka has written the folder", klog.Incarnation{TopicID: one}, []*kzk.Image{imageOf(7, one)}, stays},
		{"Kafka has, of another id", klog.Incarnation{TopicID: one}, []*kzk.Image{imageOf(7, two)}, goes},
		{"Kafka has, and the topic has no id", klog.Incarnation{TopicID: one}, []*kzk.Image{imageOf(7, none)}, stays},
		{"Kafka 2.7 has", klog.Incarnation{}, []*kzk.Image{imageOf(7, one)}, stays},
		{"the znodes were copied", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(9, one)}, stays},
		{"they are copied while it is used", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(7, one), imageOf(9, one), imageOf(11, one)}, stays},
		{"the id comes, and then they are copied", klog.Incarnation{Czxid: 7}, []*kzk.Image{imageOf(7, none), imageOf(7, one), imageOf(9, one)}, stays},
		{"another id", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(9, two)}, goes},
		{"another id while it is used", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(7, one), imageOf(9, two)}, goes},
		{"no ids", klog.Incarnation{Czxid: 7}, []*kzk.Image{imageOf(9, none)}, goes},
		{"no ids, while it is used", klog.Incarnation{Czxid: 7}, []*kzk.Image{imageOf(7, none), imageOf(9, none)}, goes},
		{"the folder never had one", klog.Incarnation{Czxid: 7}, []*kzk.Image{imageOf(9, two)}, goes},
		{"the topic has none yet", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(9, none)}, waits},
		{"it gets the same", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(9, none), imageOf(9, one)}, stays},
		{"it gets another", klog.Incarnation{TopicID: one, Czxid: 7}, []*kzk.Image{imageOf(9, none), imageOf(9, two)}, goes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := klog.Open(t.Context(), klog.Options{FS: storage.NewMemory(), Path: "/data", BrokerID: 1, Logger: logger(t)})
			ok(t, err)
			log, err := d.Create("t", 0, tt.log)
			ok(t, err)
			_, err = log.AppendLeader(batch("a"), 0, klog.AppendOptions{})
			ok(t, err)
			m := partitions.New(partitions.Options{Self: 1, Dirs: []*klog.Dir{d}, Logger: logger(t)})
			for _, img := range tt.img {
				m.Apply(img)
			}
			got := goes
			if d.Log("t", 0).EndOffset() == 1 {
				got = stays
			}
			if _, leads := m.Leads("t", 0); !leads {
				got = waits
			}
			if got != tt.want {
				t.Errorf("it %s, and ought to be one that %s", got, tt.want)
			}
			last := tt.img[len(tt.img)-1].Topics["t"]
			if inc := d.Log("t", 0).Incarnation(); got != waits && (inc.Czxid != last.Czxid || last.HasID && inc.TopicID != last.ID) {
				t.Errorf("the folder says %v", inc)
			}
			ok(t, m.Close())
			ok(t, d.Close())
		})
	}
}
