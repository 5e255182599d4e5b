package kzk_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

func put(t testing.TB, b *kzk.Builder, path, data string, czxid, mzxid zkproto.Zxid, version int32) {
	t.Helper()
	if err := b.Put(path, []byte(data), zkproto.Stat{Czxid: czxid, Mzxid: mzxid, Version: version}); err != nil {
		t.Fatal(err)
	}
}

const (
	assignment = `{"version":2,"partitions":{"0":[1,2],"1":[2,1]},"adding_replicas":{},"removing_replicas":{}}`
	led        = `{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1,2]}`
)

func TestBuilder_GivenOutNeverChanges(t *testing.T) {
	b := kzk.NewBuilder()
	put(t, b, "/brokers/topics/a", assignment, 10, 10, 0)
	put(t, b, "/brokers/topics/b", assignment, 11, 11, 0)
	put(t, b, "/brokers/topics/a/partitions/0/state", led, 12, 12, 0)
	put(t, b, "/config/topics/a", `{"version":1,"config":{"k":"v"}}`, 9, 9, 0)
	put(t, b, "/brokers/ids/1", `{"version":1,"host":"h","port":1,"timestamp":"1"}`, 5, 5, 0)
	put(t, b, "/admin/delete_topics/b", ``, 20, 20, 0)
	first := b.Image()
	if b.Image() != first {
		t.Error("an image that did not change is another one")
	}
	a := first.Topics["a"]
	was0, was1, wasState := a.Partitions[0], a.Partitions[1], *a.Partitions[0].State

	put(t, b, "/brokers/topics/a/partitions/0/state", strings.Replace(led, `"leader":1`, `"leader":2`, 1), 12, 30, 1)
	put(t, b, "/brokers/topics/a/partitions/1/state", led, 31, 31, 0)
	put(t, b, "/config/topics/a", `{"version":1,"config":{}}`, 9, 32, 1)
	b.Remove("/brokers/ids/1")
	b.Remove("/admin/delete_topics/b")
	second := b.Image()

	if second == first || first.Topics["a"] != a || a.Partitions[0] != was0 || a.Partitions[1] != was1 || was1.State != nil || !reflect.DeepEqual(*a.Partitions[0].State, wasState) {
		t.Error("a topic of the first image has changed")
	}
	if len(first.Brokers) != 1 || len(first.Deletions) != 1 || first.Configs["topics/a"]["k"] != "v" {
		t.Errorf("the first image became %+v", first)
	}
	if len(second.Brokers) != 0 || len(second.Deletions) != 0 || len(second.Configs["topics/a"]) != 0 {
		t.Errorf("the second image is %+v", second)
	}
	if s := second.Partition("a", 0).State; s.Leader != 2 || s.Version != 1 || s.Mzxid != 30 || second.Partition("a", 1).State == nil {
		t.Errorf("%+v", s)
	}
	if second.Topics["b"] != first.Topics["b"] {
		t.Error("a topic that did not change is not shared")
	}
}

func TestBuilder_KnownAndOlderVersionsChangeNothing(t *testing.T) {
	b := kzk.NewBuilder()
	put(t, b, "/brokers/topics/a", assignment, 10, 10, 3)
	image := b.Image()
	put(t, b, "/brokers/topics/a", assignment, 10, 10, 3)
	put(t, b, "/brokers/topics/a", `{"partitions":{}}`, 10, 9, 2)
	put(t, b, "/elsewhere", `x`, 10, 9, 2)
	if kzk.InImage("/elsewhere") || kzk.InImage("/brokers/seqid") || !kzk.InImage("/brokers/ids/1") || !kzk.InImage("/controller") {
		t.Error("what is in an image is not what should be")
	}
	put(t, b, "/brokers/topics/a/partitions", ``, 10, 9, 2)
	b.Remove("/brokers/topics/none")
	if b.Image() != image {
		t.Error("the image is another one")
	}
}

func TestBuilder_TopicMadeAgainBeginsWithoutStates(t *testing.T) {
	for name, remove := range map[string]bool{"seen to go": true, "not seen to go": false} {
		t.Run(name, func(t *testing.T) {
			b := kzk.NewBuilder()
			put(t, b, "/brokers/topics/a", assignment, 10, 10, 0)
			put(t, b, "/brokers/topics/a/partitions/0/state", led, 12, 40, 5)
			if remove {
				b.Remove("/brokers/topics/a")
				if len(b.Image().Topics) != 0 {
					t.Error("the topic is still there")
				}
			}
			put(t, b, "/brokers/topics/a", assignment, 50, 50, 0)
			topic := b.Image().Topics["a"]
			if topic.Czxid != 50 || topic.Partitions[0].State != nil {
				t.Errorf("%+v, %+v", topic, topic.Partitions[0].State)
			}
			put(t, b, "/brokers/topics/a/partitions/0/state", led, 51, 51, 0)
			if s := b.Image().Partition("a", 0).State; s == nil || s.Version != 0 {
				t.Errorf("%+v", s)
			}
			b.Remove("/brokers/topics/a/partitions/0/state")
			if b.Image().Partition("a", 0).State != nil {
				t.Error("a state that went is still there")
			}
		})
	}
}

func TestBuilder_StateBeforeItsPartition(t *testing.T) {
	b := kzk.NewBuilder()
	put(t, b, "/brokers/topics/a/partitions/2/state", led, 12, 12, 0)
	put(t, b, "/brokers/topics/a", assignment, 10, 10, 0)
	if b.Image().Partition("a", 2) != nil {
		t.Error("a partition without replicas")
	}
	put(t, b, "/brokers/topics/a", `{"version":1,"partitions":{"0":[1],"1":[1],"2":[1]}}`, 10, 14, 1)
	if p := b.Image().Partition("a", 2); p == nil || p.State == nil {
		t.Errorf("%+v", p)
	}
}

func TestBuilder_MalformedLeavesTheOldValue(t *testing.T) {
	b := kzk.NewBuilder()
	for _, n := range captured(t, "kafka-2.7.2.txt") {
		if err := b.Put(n.path, n.data, n.stat); err != nil {
			t.Fatal(err)
		}
	}
	before, refused := b.Image(), 0
	for _, n := range captured(t, "kafka-2.7.2.txt") {
		n.stat.Mzxid += 10_000
		err := b.Put(n.path, []byte("{"), n.stat)
		var z *kzk.ZnodeError
		if err == nil {
			continue
		}
		refused++
		if !errors.As(err, &z) || z.Path != n.path || !strings.HasPrefix(err.Error(), "znode "+n.path+": ") {
			t.Errorf("%v", err)
		}
	}
	if refused != 27 {
		t.Errorf("%d were refused", refused)
	}
	for _, path := range []string{"/brokers/ids/x", "/config/users/%4"} {
		if err := b.Put(path, []byte("{}"), zkproto.Stat{Mzxid: 1}); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
	after := *b.Image()
	if len(after.Unreadable) != refused+2 || after.Unreadable["/brokers/ids/x"] == "" {
		t.Errorf("unreadable are %v", after.Unreadable)
	}
	b.Remove("/brokers/ids/x")
	put(t, b, "/controller_epoch", "1", 1, 100_000, 1)
	if n := len(b.Image().Unreadable); n != refused {
		t.Errorf("unreadable are %d, of %d", n, refused)
	}
	after.Deletions = before.Deletions // that znode's data does not count
	after.Unreadable = before.Unreadable
	if !reflect.DeepEqual(&after, before) {
		t.Errorf("the image became %+v", after)
	}
}

func TestBuilder_RemoveAll(t *testing.T) {
	b, nodes := kzk.NewBuilder(), captured(t, "kafka-2.7.2.txt")
	empty := b.Image()
	for _, n := range nodes {
		if err := b.Put(n.path, n.data, n.stat); err != nil {
			t.Fatal(err)
		}
	}
	full := b.Image()
	b.Retain(func(string) bool { return true })
	if b.Image() != full {
		t.Error("keeping all changes something")
	}
	b.Retain(func(string) bool { return false })
	if !reflect.DeepEqual(b.Image(), empty) {
		t.Errorf("%+v is left", b.Image())
	}
	for _, n := range nodes {
		if err := b.Put(n.path, n.data, n.stat); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(b.Image(), full) {
		t.Error("what comes back is not the same")
	}
}

// One change among 1000 topics of 3 partitions must not cost a copy of them all.
func TestBuilder_ChangeIsCheap(t *testing.T) {
	b, path := thousand(t)
	b.Image()
	zxid := zkproto.Zxid(1 << 20)
	allocs := testing.AllocsPerRun(20, func() {
		zxid++
		put(t, b, path, led, 1<<19, zxid, 1)
		b.Image()
	})
	if allocs > 200 {
		t.Errorf("a change takes %v allocations", allocs)
	}
}

func thousand(t testing.TB) (*kzk.Builder, string) {
	b := kzk.NewBuilder()
	for i := range 1000 {
		name := fmt.Sprintf("topic-%d", i)
		put(t, b, kzk.TopicPath(name), `{"version":2,"partitions":{"0":[1,2,3],"1":[2,3,1],"2":[3,1,2]},"adding_replicas":{},"removing_replicas":{}}`, 1, 1, 0)
		for p := range int32(3) {
			put(t, b, kzk.StatePath(name, p), led, 2, 2, 0)
		}
	}
	return b, kzk.StatePath("topic-7", 1)
}

func BenchmarkBuilder_OneChangeOf1000Topics(b *testing.B) {
	builder, path := thousand(b)
	zxid := zkproto.Zxid(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		zxid++
		put(b, builder, path, led, 1<<19, zxid, 1)
		builder.Image()
	}
}

// A topic and its states may come into being in one transaction.
func TestBuilder_StateOfTheTopicsOwnTransaction(t *testing.T) {
	b := kzk.NewBuilder()
	put(t, b, "/brokers/topics/a", assignment, 10, 10, 0)
	put(t, b, "/brokers/topics/a/partitions/0/state", led, 10, 10, 0)
	put(t, b, "/brokers/topics/b/partitions/0/state", led, 10, 10, 0)
	put(t, b, "/brokers/topics/b", assignment, 10, 10, 0)
	if b.Image().Partition("a", 0).State == nil || b.Image().Partition("b", 0).State == nil {
		t.Error("the state is missing")
	}
}

// A process that has registered anew tells when it first did; one that has not leaves the key out.
func TestBuilder_FirstEpoch(t *testing.T) {
	b := kzk.NewBuilder()
	broker := &kzk.Broker{ID: 1, JMXPort: -1, Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "h", Port: 1}}}
	put(t, b, kzk.BrokerPath(1), string(kzk.EncodeBroker(broker)), 10, 10, 1)
	if got := b.Image().Brokers[1]; got.Epoch != 10 || got.FirstEpoch != 10 {
		t.Errorf("%+v", got)
	}
	broker.FirstEpoch = 10
	put(t, b, kzk.BrokerPath(1), string(kzk.EncodeBroker(broker)), 30, 30, 1)
	if got := b.Image().Brokers[1]; got.Epoch != 30 || got.FirstEpoch != 10 {
		t.Errorf("%+v", got)
	}
}

func TestBuilder_Versions(t *testing.T) {
	for path, version := range map[string]func(*kzk.Image) int32{
		kzk.TopicsPath:    func(i *kzk.Image) int32 { return i.TopicsVersion },
		kzk.BrokerIDsPath: func(i *kzk.Image) int32 { return i.BrokersVersion },
	} {
		b := kzk.NewBuilder()
		if v := version(b.Image()); v != -1 {
			t.Errorf("without %s it is %d", path, v)
		}
		put(t, b, path, "", 1, 9, 2)
		if v := version(b.Image()); v != 2 || !kzk.InImage(path) {
			t.Errorf("of %s: %d", path, v)
		}
		b.Remove(path)
		if v := version(b.Image()); v != -1 {
			t.Errorf("after the removal of %s it is %d", path, v)
		}
	}
}
