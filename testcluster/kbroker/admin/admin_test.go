package admin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/admin"
)

// ask1 sends a request to one broker.
func ask1[R kmsg.Response](c *cluster, broker int, req kmsg.Request) R {
	c.t.Helper()
	resp, err := c.client.Broker(broker).Request(c.t.Context(), req)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.(R)
}

func (c *cluster) znode(path string) (string, zkproto.Stat) {
	c.t.Helper()
	data, stat, err := c.writer.Get(c.t.Context(), path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(data), stat
}

func (c *cluster) children(path string) []string {
	c.t.Helper()
	names, _, err := c.writer.Children(c.t.Context(), path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return names
}

func TestCreateTopics_OnAnyBrokerWithLeadersAndID(t *testing.T) {
	c := newCluster(t, 3, "num.partitions=4", "default.replication.factor=2")
	for broker := 1; broker <= 3; broker++ {
		name := fmt.Sprintf("t%d", broker)
		resp := ask1[*kmsg.CreateTopicsResponse](c, broker, create(topic(name, -1, -1, "retention.ms=1000")))
		made := resp.Topics[0]
		if made.ErrorCode != 0 || made.NumPartitions != 4 || made.ReplicationFactor != 2 || made.TopicID == [16]byte{} {
			t.Fatalf("%+v", made)
		}
		data, _ := c.znode(kzk.TopicPath(name))
		znode, err := kzk.DecodeTopic(name, []byte(data))
		if err != nil || znode.ID != kproto.UUID(made.TopicID) {
			t.Errorf("%s, %v", data, err)
		}
		if config, _ := c.znode(kzk.TopicConfigPath(name)); config != `{"version":1,"config":{"retention.ms":"1000"}}` {
			t.Error(config)
		}
		// The broker that has answered knows leaders for all of it.
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
		md := ask1[*kmsg.MetadataResponse](c, broker, req).Topics[0]
		if md.ErrorCode != 0 || md.TopicID != made.TopicID || len(md.Partitions) != 4 {
			t.Errorf("%+v", md)
		}
		for _, p := range md.Partitions {
			if p.ErrorCode != 0 || p.Leader < 0 || len(p.Replicas) != 2 {
				t.Errorf("%+v", p)
			}
		}
	}
	if names := c.children(kzk.ConfigChangesPath); len(names) != 0 {
		t.Errorf("a new topic's configuration is told by %v", names) // Kafka does not either
	}
}

func TestCreateTopics_TimeoutLeavesItMade(t *testing.T) {
	c := newCluster(t, 1)
	for name, timeout := range map[string]int32{"short": 100, "none": 0} {
		req := create(placed(name, []int32{0}, []int32{9})) // nobody is broker 9
		req.TimeoutMillis = timeout
		if got := ask1[*kmsg.CreateTopicsResponse](c, 1, req).Topics[0]; got.ErrorCode != int16(kproto.RequestTimedOut) {
			t.Errorf("%s: %+v", name, got)
		}
		c.znode(kzk.TopicPath(name)) // it is there
	}
}

func TestDeleteTopics_ByNameAndID(t *testing.T) {
	c := newCluster(t, 2)
	made := ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 2, 2), topic("b", 1, 1), topic("c", 1, 1))).Topics
	req := deletion("a")
	byID, both, neither, unknown := kmsg.NewDeleteTopicsRequestTopic(), req.Topics[0], kmsg.NewDeleteTopicsRequestTopic(), kmsg.NewDeleteTopicsRequestTopic()
	byID.TopicID, both.TopicID, unknown.TopicID = made[1].TopicID, made[0].TopicID, [16]byte{1}
	req.Topics = append(req.Topics, byID, both, neither, unknown, req.Topics[0])
	resp := ask1[*kmsg.DeleteTopicsResponse](c, 2, req)
	var codes []int16
	for _, d := range resp.Topics {
		codes = append(codes, d.ErrorCode)
	}
	if want := []int16{0, 0, int16(kproto.InvalidRequest), int16(kproto.InvalidRequest), int16(kproto.UnknownTopicID)}; !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
	if resp.Topics[1].Topic == nil || *resp.Topics[1].Topic != "b" {
		t.Errorf("%+v", resp.Topics[1])
	}
	// It is gone altogether when the answer comes, so it can be made again at once.
	if again := ask1[*kmsg.CreateTopicsResponse](c, 2, create(topic("a", 1, 1))).Topics[0]; again.ErrorCode != 0 || again.TopicID == made[0].TopicID {
		t.Errorf("%+v", again)
	}
	if names := c.children(kzk.TopicsPath); !slices.Equal(names, []string{"a", "c"}) {
		t.Errorf("%v are left", names)
	}
}

func TestDeleteTopics_Disabled(t *testing.T) {
	c := newCluster(t, 1, "delete.topic.enable=false")
	ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 1, 1)))
	if got := ask1[*kmsg.DeleteTopicsResponse](c, 1, deletion("a", "none")); got.Topics[0].ErrorCode != 73 || got.Topics[1].ErrorCode != 73 {
		t.Errorf("%+v", got)
	}
	old, err := kgo.NewClient(kgo.SeedBrokers(c.brokers[1].Addr("").String()), kgo.MaxVersions(kversion.V0_11_0()))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	resp, err := old.Broker(1).Request(t.Context(), deletion("a"))
	if err != nil || resp.(*kmsg.DeleteTopicsResponse).Topics[0].ErrorCode != 42 {
		t.Errorf("%+v, %v", resp, err)
	}
	if names := c.children(kzk.DeleteTopicsPath); len(names) != 0 {
		t.Errorf("%v are marked", names)
	}
}

func TestCreatePartitions_KeepsTheTopic(t *testing.T) {
	c := newCluster(t, 3)
	made := ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 1, 2))).Topics[0]
	before, _ := c.znode(kzk.TopicPath("a"))
	if got := ask1[*kmsg.CreatePartitionsResponse](c, 2, growth("a", 3)).Topics[0]; got.ErrorCode != 0 {
		t.Fatalf("%+v", got)
	}
	if got := ask1[*kmsg.CreatePartitionsResponse](c, 3, growth("a", 4, []int32{2, 3})).Topics[0]; got.ErrorCode != 0 {
		t.Fatalf("%+v", got)
	}
	was, err := kzk.DecodeTopic("a", []byte(before))
	if err != nil {
		t.Fatal(err)
	}
	after, stat := c.znode(kzk.TopicPath("a"))
	is, err := kzk.DecodeTopic("a", []byte(after))
	if err != nil || is.ID != kproto.UUID(made.TopicID) || stat.Version != 2 || len(is.Partitions) != 4 ||
		!slices.Equal(is.Partitions[0].Replicas, was.Partitions[0].Replicas) || !slices.Equal(is.Partitions[3].Replicas, []int32{2, 3}) {
		t.Errorf("%s became %s, %v", before, after, err)
	}
	req := kmsg.NewPtrMetadataRequest()
	name := "a"
	req.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
	for _, p := range ask1[*kmsg.MetadataResponse](c, 3, req).Topics[0].Partitions {
		if p.Leader < 0 || len(p.Replicas) != 2 {
			t.Errorf("%+v", p)
		}
	}
}

// A change of configuration is told the way Kafka tells it, and what was told long ago is removed.
func TestConfigs_AreToldAndForgotten(t *testing.T) {
	c := newCluster(t, 1)
	ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 1, 1)))
	ask1[*kmsg.IncrementalAlterConfigsResponse](c, 1, increments(ofTopic, "a", "set:flush.ms=5"))
	ask1[*kmsg.AlterClientQuotasResponse](c, 1, quota("user=u/1,client-id=", map[string]*float64{"request_percentage": number(5)}))
	if config, stat := c.znode("/config/topics/a"); config != `{"version":1,"config":{"flush.ms":"5"}}` || stat.Version != 1 {
		t.Errorf("%s, version %d", config, stat.Version)
	}
	if config, _ := c.znode("/config/users/u%2F1/clients/<default>"); config != `{"version":1,"config":{"request_percentage":"5.0"}}` {
		t.Error(config)
	}
	names := c.children(kzk.ConfigChangesPath)
	if !slices.Equal(names, []string{"config_change_0000000000", "config_change_0000000001"}) {
		t.Fatalf("%v", names)
	}
	for i, want := range []string{"topics/a", "users/u%2F1/clients/<default>"} {
		if got, _ := c.znode(kzk.ConfigChangesPath + "/" + names[i]); got != `{"version":2,"entity_path":"`+want+`"}` {
			t.Error(got)
		}
	}
	// A broker whose clock is a quarter of an hour ahead.
	a, _ := standalone(t, c, nil, func() time.Time { return time.Now().Add(16 * time.Minute) })
	if err := a.SetTopicConfig(t.Context(), "a", map[string]string{"flush.ms": "6"}); err != nil {
		t.Fatal(err)
	}
	if names := c.children(kzk.ConfigChangesPath); len(names) != 0 {
		t.Errorf("%v are left", names)
	}
}

// A value that another client sets is not lost to an increment that was under way.
func TestIncrements_DoNotOverwriteEachOther(t *testing.T) {
	c := newCluster(t, 3)
	ask1[*kmsg.CreateTopicsResponse](c, 1, create(topic("a", 1, 1)))
	keys := []string{"flush.ms", "retention.ms", "segment.ms", "retention.bytes", "segment.bytes", "flush.messages", "file.delete.delay.ms", "max.message.bytes"}
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			resp, err := c.client.Broker(1+i%3).Request(t.Context(), increments(ofTopic, "a", "set:"+key+"=5000"))
			if err != nil || resp.(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode != 0 {
				t.Errorf("%s: %+v, %v", key, resp, err)
			}
		})
	}
	wg.Wait()
	data, _ := c.znode("/config/topics/a")
	if config, err := kzk.DecodeConfig([]byte(data)); err != nil || len(config) != len(keys) {
		t.Errorf("%s, %v", data, err)
	}
	// Whoever asks any broker next sees it.
	for broker := 1; broker <= 3; broker++ {
		res := ask1[*kmsg.DescribeConfigsResponse](c, broker, description(ofTopic, "a", keys...)).Resources[0]
		for _, e := range res.Configs {
			if e.Source != kmsg.ConfigSourceDynamicTopicConfig || *e.Value != "5000" {
				t.Errorf("broker %d: %+v", broker, e)
			}
		}
	}
}

func TestCreateTopic_Errors(t *testing.T) {
	c := newCluster(t, 1)
	a, _ := standalone(t, c, nil, nil)
	ctx := t.Context()
	if err := a.CreateTopic(ctx, admin.NewTopic{Name: "a", Partitions: 2, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	for want, topic := range map[kproto.Error]admin.NewTopic{
		kproto.TopicAlreadyExists:       {Name: "a", Partitions: 1, ReplicationFactor: 1},
		kproto.InvalidReplicationFactor: {Name: "b", Partitions: 1, ReplicationFactor: 5},
		kproto.InvalidTopicException:    {Name: "b b", Partitions: 1, ReplicationFactor: 1},
		kproto.InvalidConfig:            {Name: "b", Partitions: 1, ReplicationFactor: 1, Configs: map[string]string{"x": "y"}},
	} {
		err := a.CreateTopic(ctx, topic)
		if kproto.Code(err) != want || !strings.Contains(err.Error(), topic.Name) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	a.Close()
	if err := a.CreateTopic(ctx, admin.NewTopic{Name: "c"}); err == nil || errors.Is(err, kproto.TopicAlreadyExists) {
		t.Errorf("after Close: %v", err)
	}
}

func TestManyTopicsAtOnce(t *testing.T) {
	c := newCluster(t, 3)
	var topics []kmsg.CreateTopicsRequestTopic
	for i := range 40 {
		topics = append(topics, topic(fmt.Sprintf("t-%d", i), 3, 3))
	}
	for _, made := range ask1[*kmsg.CreateTopicsResponse](c, 2, create(topics...)).Topics {
		if made.ErrorCode != 0 {
			t.Fatalf("%+v", made)
		}
	}
}
