package admin_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// tool runs a program of Kafka 2.7 and returns what it says.
func tool(t *testing.T, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, peertest.KafkaTool(t, "27", script), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	return string(out)
}

// says asks that an output has these lines.
func says(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !slices.Contains(strings.Split(out, "\n"), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// Kafka 2.7's tools make, change, move and delete topics by writing znodes; the brokers carry it out.
func TestToolsOfZooKeepersDays(t *testing.T) {
	peertest.KafkaTool(t, "27", "kafka-topics.sh") // skips
	c := newCluster(t, 3)
	made := ask1[*kmsg.CreateTopicsResponse](c, 1, create(placed("a", []int32{0, 1}, []int32{1, 2}, []int32{2, 3}))).Topics[0]

	// The old tool drops the id, which it does not know; it comes back.
	says(t, tool(t, "kafka-topics.sh", "--zookeeper", c.zk, "--alter", "--topic", "a", "--partitions", "3"), "Adding partitions succeeded!")
	c.await(func(img *kzk.Image) bool {
		a := img.Topics["a"]
		return a.HasID && a.ID == kproto.UUID(made.TopicID) && len(a.Partitions) == 3 && a.Partitions[2].State != nil
	})
	plan := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(plan, []byte(`{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[3,1]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, tool(t, "kafka-reassign-partitions.sh", "--zookeeper", c.zk, "--reassignment-json-file", plan, "--execute"), "Successfully started partition reassignment for a-0")
	c.await(func(img *kzk.Image) bool {
		p := img.Partition("a", 0)
		return img.Reassign == nil && slices.Equal(p.Replicas, []int32{3, 1}) && len(p.Adding)+len(p.Removing) == 0 && len(p.State.ISR) == 2
	})
	says(t, tool(t, "kafka-topics.sh", "--zookeeper", c.zk, "--delete", "--topic", "a"), "Topic a is marked for deletion.")
	c.await(func(img *kzk.Image) bool { return img.Topics["a"] == nil && len(img.Deletions) == 0 })
}

// Kafka 2.7's tools speak to the brokers.
func TestToolsOfBrokers(t *testing.T) {
	peertest.KafkaTool(t, "27", "kafka-configs.sh") // skips
	c := newCluster(t, 1)
	server := []string{"--bootstrap-server", c.brokers[1].Addr("").String()}
	run := func(script string, args ...string) string { return tool(t, script, slices.Concat(server, args)...) }
	says(t, run("kafka-topics.sh", "--create", "--topic", "t", "--partitions", "2", "--config", "retention.ms=1000"), "Created topic t.")
	says(t, run("kafka-configs.sh", "--alter", "--entity-type", "topics", "--entity-name", "t", "--add-config", "segment.bytes=1000000", "--delete-config", "retention.ms"),
		"Completed updating config for topic t.")
	says(t, run("kafka-configs.sh", "--alter", "--entity-type", "users", "--entity-name", "u x", "--add-config", "SCRAM-SHA-256=[iterations=4096,password=x]"),
		"Completed updating config for user u x.")
	ask1[*kmsg.AlterClientQuotasResponse](c, 1, quota("user=u x", map[string]*float64{"producer_byte_rate": number(1000)}))
	says(t, run("kafka-configs.sh", "--describe", "--entity-type", "users"), "Quota configs for user-principal 'u x' are producer_byte_rate=1000.0",
		"SCRAM credential configs for user-principal 'u x' are SCRAM-SHA-256=iterations=4096")
}

// await waits until broker 1's image is so.
func (c *cluster) await(cond func(*kzk.Image) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	var last *kzk.Image
	if err := c.brokers[1].Await(ctx, func(img *kzk.Image) bool { last = img; return cond(img) }); err != nil {
		c.t.Fatalf("%v; topics are %+v", err, last.Topics)
	}
}
