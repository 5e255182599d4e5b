package partitions_test

import (
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
)

// offlineLeader is an image in which broker 1, which is not registered, leads topic t together with 2.
func offlineLeader(t *testing.T) (*world, *kzk.Image) {
	t.Helper()
	w := newWorld(t, 2, nil)
	w.brokers[1].kill()
	w.topic("t", []int32{1, 2})
	img, err := w.brokers[2].mirror.Wait(t.Context(), func(img *kzk.Image) bool {
		p := img.Partition("t", 0)
		return p != nil && p.State != nil && img.Brokers[1] == nil
	})
	ok(t, err)
	return w, img
}

// TestResign_IsNotForgotten: what could not be written yet is still due when an image comes that tells of other things.
func TestResign_IsNotForgotten(t *testing.T) {
	w, img := offlineLeader(t)
	readOnly := []zkproto.ACL{{Perms: zkproto.PermRead | zkproto.PermAdmin, ID: zkproto.OpenACL()[0].ID}}
	_, err := w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), readOnly, -1)
	ok(t, err)
	m, _, a := w.lonely(partitions.Options{OfflineDirs: []string{"/gone"}})
	m.Apply(img)
	eventually(t, "broker 1 wants to leave the ISR", func() bool { return len(a.times()) > 0 })
	w.topic("u", []int32{2})
	img, err = w.brokers[2].mirror.Wait(t.Context(), func(img *kzk.Image) bool { return img.Topics["u"] != nil })
	ok(t, err)
	m.Apply(img)
	_, err = w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), zkproto.OpenACL(), -1)
	ok(t, err)
	w.isr("t", 0, 2)
}

// TestResign_FromATopicThatIsGone: nothing is written into another topic of the name, whose state has the same version.
func TestResign_FromATopicThatIsGone(t *testing.T) {
	w, before := offlineLeader(t)
	w.remove("t", 1)
	_, err := w.admin.Set(t.Context(), kzk.TopicsPath, nil, -1) // as a controller does
	ok(t, err)
	w.topic("t", []int32{2})
	was := w.state("t", 0)
	m, zk, a := w.lonely(partitions.Options{OfflineDirs: []string{"/gone"}})
	m.Apply(before)
	eventually(t, "broker 1 wants to leave the ISR", func() bool { return len(a.times()) > 0 })
	_, _, err = zk.Get(t.Context(), kzk.ClusterIDPath, nil) // is answered behind it
	ok(t, err)
	if now := w.state("t", 0); now.Version != was.Version || now.Leader != 2 {
		t.Errorf("the state of another topic is %+v, was %+v", *now, *was)
	}
}
