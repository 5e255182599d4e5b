package kbroker

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// image has brokers 1 to 3, of which 3 has no listener CLIENT, a topic t whose partitions are in every kind of state, one
// without an id, and one that is being deleted.
func image() *kzk.Image {
	broker := func(id int32, listeners ...string) *kzk.Broker {
		b := &kzk.Broker{ID: id}
		for _, l := range listeners {
			b.Endpoints = append(b.Endpoints, kzk.Endpoint{Listener: l, Security: plaintext, Host: l + ".example", Port: 9000 + id})
		}
		return b
	}
	b1 := broker(1, "CLIENT", "BROKER")
	b1.Rack, b1.HasRack = "r1", true
	state := func(leader, epoch int32, isr ...int32) *kzk.State {
		return &kzk.State{Leader: leader, LeaderEpoch: epoch, ISR: isr}
	}
	return &kzk.Image{
		ClusterID: "cluster", Controller: 2,
		Brokers: map[int32]*kzk.Broker{1: b1, 2: broker(2, "CLIENT", "BROKER"), 3: broker(3, "BROKER")},
		Topics: map[string]*kzk.Topic{
			"t": {Name: "t", ID: kproto.UUID{7}, HasID: true, Partitions: map[int32]*kzk.Partition{
				0: {Replicas: []int32{1, 2}, State: state(1, 5, 1, 2)},
				1: {Replicas: []int32{2, 4}, State: state(2, 6, 2)},    // a replica on a broker that is gone
				2: {Replicas: []int32{4, 1}, State: state(4, 7, 4)},    // the leader is gone
				3: {Replicas: []int32{3, 1}, State: state(3, 8, 3, 1)}, // the leader is not to be reached
				4: {Replicas: []int32{1}, State: state(-1, 9, 1)},
				5: {Replicas: []int32{1}}, // not elected yet
			}},
			"old":                {Name: "old", Partitions: map[int32]*kzk.Partition{0: {Replicas: []int32{1}, State: state(1, 0, 1)}}},
			"going":              {Name: "going", ID: kproto.UUID{8}, HasID: true},
			"__consumer_offsets": {Name: "__consumer_offsets"},
		},
		Deletions: map[string]struct{}{"going": {}},
	}
}

// metadataBroker is as much of a broker as Metadata needs.
func metadataBroker() *Broker {
	c := &kconf.Broker{}
	c.Topics.AutoCreate, c.Topics.Delete, c.Topics.ReplicationFactor = true, true, 2
	c.Groups.OffsetsReplicationFactor = 3
	return &Broker{o: Options{Config: c}, creator: newCreator(nil, slog.New(slog.DiscardHandler))}
}

func ask(version int16, topics ...string) *kmsg.MetadataRequest {
	req := kmsg.NewPtrMetadataRequest()
	req.SetVersion(version)
	req.Topics = []kmsg.MetadataRequestTopic{}
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	return req
}

func TestMetadata_Brokers(t *testing.T) {
	resp := metadataBroker().metadata(image(), "CLIENT", ask(12))
	if *resp.ClusterID != "cluster" || resp.ControllerID != 2 || len(resp.Brokers) != 2 || len(resp.Topics) != 0 {
		t.Fatalf("%+v", resp)
	}
	if b := resp.Brokers[0]; b.NodeID != 1 || b.Host != "CLIENT.example" || b.Port != 9001 || *b.Rack != "r1" {
		t.Errorf("%+v", b)
	}
	if resp.Brokers[1].Rack != nil || resp.AuthorizedOperations != noOperations {
		t.Errorf("%+v", resp)
	}
	inside := metadataBroker().metadata(image(), "BROKER", ask(12))
	if len(inside.Brokers) != 3 || inside.Brokers[2].Host != "BROKER.example" {
		t.Errorf("%+v", inside.Brokers)
	}
}

func TestMetadata_Partitions(t *testing.T) {
	type row struct {
		code          kproto.Error
		leader, epoch int32
		offline       []int32
	}
	for version, want := range map[int16][]row{
		12: {
			{0, 1, 5, nil}, {0, 2, 6, []int32{4}}, {kproto.LeaderNotAvailable, -1, 7, []int32{4}}, {kproto.ListenerNotFound, -1, 8, []int32{3}},
			{kproto.LeaderNotAvailable, -1, 9, nil}, {kproto.LeaderNotAvailable, -1, -1, nil},
		},
		5: {
			{0, 1, 5, nil}, {0, 2, 6, []int32{4}}, {kproto.LeaderNotAvailable, -1, 7, []int32{4}}, {kproto.LeaderNotAvailable, -1, 8, []int32{3}},
			{kproto.LeaderNotAvailable, -1, 9, nil}, {kproto.LeaderNotAvailable, -1, -1, nil},
		},
		0: {
			{0, 1, 5, nil}, {kproto.ReplicaNotAvailable, 2, 6, []int32{4}}, {kproto.LeaderNotAvailable, -1, 7, []int32{4}},
			{kproto.LeaderNotAvailable, -1, 8, []int32{3}}, {kproto.LeaderNotAvailable, -1, 9, nil}, {kproto.LeaderNotAvailable, -1, -1, nil},
		},
	} {
		topic := metadataBroker().metadata(image(), "CLIENT", ask(version, "t")).Topics[0]
		if topic.ErrorCode != 0 || *topic.Topic != "t" || topic.TopicID != [16]byte{7} || topic.IsInternal || len(topic.Partitions) != len(want) {
			t.Fatalf("version %d: %+v", version, topic)
		}
		for i, p := range topic.Partitions {
			got := row{kproto.Error(p.ErrorCode), p.Leader, p.LeaderEpoch, p.OfflineReplicas}
			if p.Partition != int32(i) || got.code != want[i].code || got.leader != want[i].leader || got.epoch != want[i].epoch || !slices.Equal(got.offline, want[i].offline) {
				t.Errorf("version %d: partition %d is %+v, want %+v", version, i, p, want[i])
			}
		}
		if second := topic.Partitions[1]; version == 0 && !slices.Equal(second.Replicas, []int32{2}) || version > 0 && !slices.Equal(second.Replicas, []int32{2, 4}) {
			t.Errorf("version %d: replicas %v", version, second.Replicas)
		}
	}
}

func TestMetadata_WhichTopics(t *testing.T) {
	names := func(resp *kmsg.MetadataResponse) (list []string) {
		for _, t := range resp.Topics {
			list = append(list, *t.Topic)
		}
		return list
	}
	all := []string{"__consumer_offsets", "old", "t"}
	b := metadataBroker()
	if got := names(b.metadata(image(), "CLIENT", ask(0))); !slices.Equal(got, all) {
		t.Errorf("version 0, empty: %q", got)
	}
	if got := names(b.metadata(image(), "CLIENT", ask(1))); got != nil {
		t.Errorf("version 1, empty: %q", got)
	}
	null := ask(1)
	null.Topics = nil
	resp := b.metadata(image(), "CLIENT", null)
	if got := names(resp); !slices.Equal(got, all) {
		t.Errorf("version 1, null: %q", got)
	}
	if !resp.Topics[0].IsInternal || resp.Topics[1].IsInternal || resp.Topics[1].TopicID != [16]byte{} {
		t.Errorf("%+v", resp.Topics)
	}
	if got := names(b.metadata(image(), "CLIENT", ask(9, "t", "old", "t"))); !slices.Equal(got, []string{"t", "old"}) {
		t.Errorf("a name twice: %q", got)
	}
}

func TestMetadata_Missing(t *testing.T) {
	type want struct {
		name    string
		allowed bool
		code    kproto.Error
	}
	for _, w := range []want{
		{"new", true, kproto.LeaderNotAvailable},
		{"new", false, kproto.UnknownTopicOrPartition},
		{"a/b", true, kproto.InvalidTopicException},
		{"", true, kproto.InvalidTopicException},
		{"..", false, kproto.InvalidTopicException},
		{"going", true, kproto.UnknownTopicOrPartition},
		{"__transaction_state", true, kproto.UnknownTopicOrPartition},
	} {
		b := metadataBroker()
		req := ask(4, w.name)
		req.AllowAutoTopicCreation = w.allowed
		got := b.metadata(image(), "CLIENT", req).Topics[0]
		if got.ErrorCode != int16(w.code) || *got.Topic != w.name {
			t.Errorf("%+v: %+v", w, got)
		}
		if _, asked := b.creator.next(); asked != (w.code == kproto.LeaderNotAvailable) {
			t.Errorf("%+v: asked for: %v", w, asked)
		}
	}
}

func TestMetadata_MissingByTheRules(t *testing.T) {
	img := image()
	img.Topics["a.b"] = &kzk.Topic{Name: "a.b"}
	delete(img.Topics, "__consumer_offsets")
	req := ask(4, "a_b", "__consumer_offsets")
	b := metadataBroker()
	req.AllowAutoTopicCreation = true
	got := b.metadata(img, "CLIENT", req).Topics
	if got[0].ErrorCode != int16(kproto.InvalidTopicException) {
		t.Errorf("a name that collides: %+v", got[0])
	}
	if got[1].ErrorCode != int16(kproto.LeaderNotAvailable) || !got[1].IsInternal {
		t.Errorf("the topic of offsets: %+v", got[1])
	}
	b.o.Config.Topics.ReplicationFactor = 4
	if got := b.metadata(img, "CLIENT", func() *kmsg.MetadataRequest {
		r := ask(4, "new")
		r.AllowAutoTopicCreation = true
		return r
	}()).Topics[0]; got.ErrorCode != int16(kproto.InvalidReplicationFactor) {
		t.Errorf("too few brokers: %+v", got)
	}
}

func TestMetadata_ByID(t *testing.T) {
	req := ask(12)
	for _, id := range [][16]byte{{7}, {8}, {9}, {}} {
		topic := kmsg.NewMetadataRequestTopic()
		topic.TopicID = id
		req.Topics = append(req.Topics, topic)
	}
	got := metadataBroker().metadata(image(), "CLIENT", req).Topics
	if *got[0].Topic != "t" || got[0].ErrorCode != 0 || len(got[0].Partitions) != 6 {
		t.Errorf("%+v", got[0])
	}
	for i, code := range []kproto.Error{kproto.UnknownTopicID, kproto.UnknownTopicID, kproto.InvalidRequest} {
		if got[i+1].ErrorCode != int16(code) || got[i+1].TopicID != req.Topics[i+1].TopicID {
			t.Errorf("%d: %+v", i, got[i+1])
		}
	}
}

func TestMetadata_Operations(t *testing.T) {
	req := ask(8, "t")
	req.IncludeClusterAuthorizedOperations, req.IncludeTopicAuthorizedOperations = true, true
	got := metadataBroker().metadata(image(), "CLIENT", req)
	if got.AuthorizedOperations != 8096 || got.Topics[0].AuthorizedOperations != 3576 { // as Kafka 2.7 answers without an authorizer
		t.Errorf("%d, %d", got.AuthorizedOperations, got.Topics[0].AuthorizedOperations)
	}
}

// TestMetadata_AllVersions: what is answered encodes and decodes in each version.
func TestMetadata_AllVersions(t *testing.T) {
	for version := int16(0); version <= 12; version++ {
		resp := metadataBroker().metadata(image(), "CLIENT", ask(version, "t"))
		resp.SetVersion(version)
		back := kmsg.NewPtrMetadataResponse()
		back.SetVersion(version)
		if err := back.ReadFrom(resp.AppendTo(nil)); err != nil || len(back.Topics) != 1 || len(back.Topics[0].Partitions) != 6 {
			t.Errorf("version %d: %v", version, err)
		}
	}
}
