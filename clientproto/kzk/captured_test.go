package kzk_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// znode is a line of a captured tree: what a cluster of Apache's had in ZooKeeper.
type znode struct {
	path string
	data []byte
	stat zkproto.Stat
}

// captured reads a tree of testdata: path, version and data of a znode a line, the data as a JSON string.
func captured(t testing.TB, name string) []znode {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all []znode
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.SplitN(line, "\t", 3)
		version, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatal(err)
		}
		n := znode{path: f[0], stat: zkproto.Stat{Czxid: zkproto.Zxid(i + 1), Mzxid: zkproto.Zxid(1000 + i), Version: int32(version)}}
		if f[2] != "null" {
			var s string
			if err := json.Unmarshal([]byte(f[2]), &s); err != nil {
				t.Fatal(err)
			}
			n.data = []byte(s)
		}
		all = append(all, n)
	}
	return all
}

func build(t testing.TB, nodes []znode) *kzk.Image {
	t.Helper()
	b := kzk.NewBuilder()
	for _, n := range nodes {
		if err := b.Put(n.path, n.data, n.stat); err != nil {
			t.Error(err)
		}
	}
	return b.Image()
}

func TestImage_OfKafka27(t *testing.T) {
	nodes := captured(t, "kafka-2.7.2.txt")
	image := build(t, nodes)
	if image.ClusterID != "voKHCVlSSnGfGkGI0S7fYA" || image.ControllerEpoch != 1 || image.ControllerEpochVersion != 1 ||
		image.Controller != 0 || image.ControllerZxid == 0 {
		t.Errorf("%+v", image)
	}
	if b := image.Brokers[0]; !reflect.DeepEqual(b, &kzk.Broker{ID: 0, Epoch: b.Epoch, FirstEpoch: b.Epoch, Host: "127.0.0.1", Port: 23192,
		Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: 23192}},
		Rack:      `räck "1"`, HasRack: true, JMXPort: -1, TimestampMs: 1795401870638, Version: 5}) || b.Epoch == 0 {
		t.Errorf("%+v", b)
	}
	topic := image.Topics["zk.made"]
	if len(image.Topics) != 3 || topic.HasID || topic.Czxid == 0 || !reflect.DeepEqual(topic.IDs(), []int32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("%+v", topic)
	}
	p := image.Partition("zk.made", 1)
	if !reflect.DeepEqual(p.Replicas, []int32{1, 0}) || p.State == nil || p.State.Mzxid == 0 ||
		!reflect.DeepEqual(p.State.ISR, []int32{0}) || p.State.Leader != 0 || p.State.LeaderEpoch != 1 || p.State.Version != 1 {
		t.Errorf("%+v, %+v", p, p.State)
	}
	if s := image.Partition("api", 1).State; s.Leader != -1 || s.LeaderEpoch != 2 {
		t.Errorf("%+v", s)
	}
	configs := map[string]map[string]string{
		"brokers/1": {"log.cleaner.threads": "3"}, "brokers/<default>": {"log.cleaner.threads": "2"},
		"clients/<default>": {"consumer_byte_rate": "2048"}, "topics/plain": {}, "topics/api": {},
		"topics/zk.made": {"cleanup.policy": "compact,delete", "retention.ms": "1000"},
		"users/a%2F%C3%BC%20%2A%2B%7E%25/clients/c%201": {"producer_byte_rate": "1024"},
		"users/alice": image.Configs["users/alice"],
	}
	if !reflect.DeepEqual(image.Configs, configs) || !strings.HasPrefix(image.Configs["users/alice"]["SCRAM-SHA-256"], "salt=") {
		t.Errorf("%+v", image.Configs)
	}
	if !reflect.DeepEqual(image.TopicConfig("zk.made"), configs["topics/zk.made"]) || image.Config("topics/none") != nil {
		t.Error("the overrides of a topic are not found")
	}
	if _, ok := image.Deletions["api"]; !ok || len(image.Deletions) != 1 {
		t.Errorf("%v", image.Deletions)
	}
	want := []kzk.ReassignPartition{{TopicPartition: kzk.TopicPartition{Topic: "zk.made", Partition: 1}, Replicas: []int32{0}},
		{TopicPartition: kzk.TopicPartition{Topic: "plain", Partition: 0}, Replicas: []int32{0}}}
	if image.Reassign == nil || !reflect.DeepEqual(image.Reassign.Partitions, want) {
		t.Errorf("%+v", image.Reassign)
	}
	if image.Preferred == nil || len(image.Preferred.Partitions) != 9 || image.Preferred.Partitions[1] != (kzk.TopicPartition{Topic: "zk.made", Partition: 4}) {
		t.Errorf("%+v", image.Preferred)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		if again := build(t, nodes); !reflect.DeepEqual(again, image) {
			t.Fatalf("the order of reading makes a difference")
		}
	}
}

func TestImage_OfKafka39(t *testing.T) {
	image := build(t, captured(t, "kafka-3.9.1.txt"))
	topic := image.Topics["t"]
	if topic == nil || !topic.HasID || topic.ID.String() != "mKwcnzhYTouHDxZokK3sng" || topic.Partitions[1].State == nil {
		t.Errorf("%+v", topic)
	}
	if image.Controller != 0 || image.ClusterID != "y3p3iJSITFOXkIBWJcxccQ" || image.Brokers[0].HasRack {
		t.Errorf("%+v", image)
	}
}

// What Kafka wrote, decoded and encoded, is what Kafka wrote.
func TestEncode_IsKafkasBytes(t *testing.T) {
	for file, atLeast := range map[string]int{"kafka-2.7.2.txt": 30, "kafka-3.9.1.txt": 7} {
		seen := 0
		for _, n := range captured(t, file) {
			if len(n.data) == 0 {
				continue
			}
			got, err := again(n.path, n.data)
			if err != nil || got == nil {
				if err != nil {
					t.Errorf("%s: %v", n.path, err)
				}
				continue
			}
			seen++
			if file == "kafka-3.9.1.txt" && n.path == kzk.ControllerPath {
				continue // written is version 1
			}
			if string(got) != string(n.data) {
				t.Errorf("%s:\n%s, Kafka wrote\n%s", n.path, got, n.data)
			}
		}
		if seen < atLeast {
			t.Errorf("%s: %d znodes were looked at", file, seen)
		}
	}
}

func again(path string, data []byte) ([]byte, error) {
	if p, ok := kzk.ParseStatePath(path); ok && kzk.StatePath(p.Topic, p.Partition) == path {
		s, err := kzk.DecodeState(data)
		if err != nil {
			return nil, err
		}
		return kzk.EncodeState(s), nil
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case strings.HasPrefix(path, kzk.BrokerIDsPath+"/"):
		b, err := kzk.DecodeBroker(1, data)
		if err != nil {
			return nil, err
		}
		return kzk.EncodeBroker(b), nil
	case strings.HasPrefix(path, kzk.TopicsPath+"/"):
		topic, err := kzk.DecodeTopic(name, data)
		if err != nil {
			return nil, err
		}
		return kzk.EncodeTopic(topic), nil
	case strings.HasPrefix(path, kzk.ConfigChangesPath+"/"):
		key, err := kzk.DecodeConfigChange(data)
		return kzk.EncodeConfigChange(key), err
	case strings.HasPrefix(path, kzk.ConfigPath+"/"):
		config, err := kzk.DecodeConfig(data)
		return kzk.EncodeConfig(config), err
	}
	switch path {
	case kzk.ControllerPath:
		id, err := kzk.DecodeController(data)
		var stamp struct {
			Timestamp int64 `json:",string"`
		}
		if err == nil {
			err = json.Unmarshal(data, &stamp)
		}
		return kzk.EncodeController(id, stamp.Timestamp), err
	case kzk.ControllerEpochPath:
		epoch, err := kzk.DecodeControllerEpoch(data)
		return kzk.EncodeControllerEpoch(epoch), err
	case kzk.ClusterIDPath:
		id, err := kzk.DecodeClusterID(data)
		return kzk.EncodeClusterID(id), err
	case kzk.ProducerIDBlockPath:
		block, err := kzk.DecodeProducerIDBlock(data)
		return kzk.EncodeProducerIDBlock(block), err
	case kzk.ReassignmentPath:
		r, err := kzk.DecodeReassignment(data)
		if err != nil {
			return nil, err
		}
		return kzk.EncodeReassignment(r), nil
	case kzk.PreferredElectionPath:
		partitions, err := kzk.DecodePartitions(data)
		return kzk.EncodePartitions(partitions), err
	}
	return nil, nil
}
