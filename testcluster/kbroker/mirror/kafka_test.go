package mirror_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// Kafka's own tool of the days of --zookeeper writes znodes directly: the mirror shows what it wrote.
func TestKafkasOwnTool(t *testing.T) {
	tool := peertest.KafkaTool(t, "27", "kafka-topics.sh")
	r := newRig(t, server(t, 1), func(r *rig) {
		for _, id := range []int32{1, 2} {
			b := &kzk.Broker{ID: id, JMXPort: -1, Endpoints: []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "127.0.0.1", Port: 9092}}}
			r.create(kzk.BrokerPath(id), kzk.EncodeBroker(b))
		}
	})
	topics := func(args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, tool, append([]string{"--zookeeper", r.addr}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	topics("--create", "--topic", "a-b", "--partitions", "3", "--replication-factor", "2", "--config", "retention.ms=5000")
	image := r.equal()
	topic := image.Topics["a-b"]
	if topic == nil || len(topic.Partitions) != 3 || len(topic.Partitions[2].Replicas) != 2 || image.TopicConfig("a-b")["retention.ms"] != "5000" {
		t.Fatalf("%+v, %v", topic, image.Configs)
	}
	topics("--alter", "--topic", "a-b", "--partitions", "5")
	image = r.equal()
	if grown := image.Topics["a-b"]; len(grown.Partitions) != 5 || grown.Czxid != topic.Czxid || grown.Version != 1 {
		t.Errorf("%+v", grown)
	}
	topics("--delete", "--topic", "a-b")
	if _, ok := r.equal().Deletions["a-b"]; !ok {
		t.Error("the topic is not to be deleted")
	}
}
