package control_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestKafka27Tools: the tools of Kafka 2.7 that write znodes, and read what the controller has made of it.
func TestKafka27Tools(t *testing.T) {
	kafka := peertest.FindKafka(t, "27")
	c := startCluster(t, control.Config{DeleteTopics: true}, 1, 2, 3)
	c.awaitController(1, 2, 3)
	tool := func(script string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), kafka.Tool(script), append([]string{"--zookeeper", c.zk.ConnectString()}, args...)...)
		cmd.Env = append(os.Environ(), "KAFKA_HEAP_OPTS=-Xmx128m", "LOG_DIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", script, args, err, out)
		}
		return string(out)
	}
	// A topic is created, and gets its leaders, and an id.
	tool("kafka-topics.sh", "--create", "--topic", "old", "--replica-assignment", "1:2,2:3")
	c.awaitState("old", 0, 1, 1, 2)
	image := c.await("it has an id", func(i *kzk.Image) bool { return i.Topics["old"].HasID })
	id, czxid := image.Topics["old"].ID, image.Topics["old"].Czxid
	describe := tool("kafka-topics.sh", "--describe", "--topic", "old")
	for _, want := range []string{`PartitionCount: 2`, `Partition: 0\s+Leader: 1\s+Replicas: 1,2\s+Isr: 1,2`, `Partition: 1\s+Leader: 2\s+Replicas: 2,3\s+Isr: 2,3`} {
		if !regexp.MustCompile(want).MatchString(describe) {
			t.Errorf("describe has no %q:\n%s", want, describe)
		}
	}
	// Partitions are added. The tool drops the id; the topic gets the same again.
	tool("kafka-topics.sh", "--alter", "--topic", "old", "--partitions", "3", "--replica-assignment", "1:2,2:3,3:1")
	c.awaitState("old", 2, 3, 3, 1)
	image = c.await("it has an id again", func(i *kzk.Image) bool { return i.Topics["old"].HasID && len(i.Topics["old"].Partitions) == 3 })
	if now := image.Topics["old"]; now.ID != id || now.Czxid != czxid {
		t.Errorf("id %v of %d, was %v of %d", now.ID, now.Czxid, id, czxid)
	}
	// A partition moves.
	file := filepath.Join(t.TempDir(), "moves.json")
	moves := `{"version":1,"partitions":[{"topic":"old","partition":0,"replicas":[3,2]},{"topic":"old","partition":1,"replicas":[2,3]}]}`
	if err := os.WriteFile(file, []byte(moves), 0o600); err != nil {
		t.Fatal(err)
	}
	tool("kafka-reassign-partitions.sh", "--reassignment-json-file", file, "--execute")
	c.await("it moves", func(i *kzk.Image) bool { return len(i.Partition("old", 0).Adding) > 0 })
	if out := tool("kafka-reassign-partitions.sh", "--reassignment-json-file", file, "--verify"); !strings.Contains(out, "Reassignment of partition old-0 is still in progress.") {
		t.Errorf("verify:\n%s", out)
	}
	c.writeISR("old", 0, 1, 2, 3)
	c.awaitState("old", 0, 3, 2, 3)
	c.await("the old tool's reassignment has ended", func(i *kzk.Image) bool {
		return i.Reassign == nil && slices.Equal(i.Partition("old", 0).Replicas, []int32{3, 2})
	})
	if out := tool("kafka-reassign-partitions.sh", "--reassignment-json-file", file, "--verify"); !strings.Contains(out, "Reassignment of partition old-0 is complete.") {
		t.Errorf("verify:\n%s", out)
	}
	// The preferred leaders lead again.
	c.writeLeader("old", 0, 2, 3, 2)
	c.writeLeader("old", 2, 1, 3, 1)
	tool("kafka-preferred-replica-election.sh")
	c.awaitState("old", 0, 3, 3, 2)
	c.awaitState("old", 2, 3, 3, 1)
	c.await("the election has ended", func(i *kzk.Image) bool { return i.Preferred == nil })
	// It goes.
	tool("kafka-topics.sh", "--delete", "--topic", "old")
	c.await("it is gone", func(i *kzk.Image) bool { return i.Topics["old"] == nil && len(i.Deletions) == 0 })
	if out := tool("kafka-topics.sh", "--list"); strings.TrimSpace(out) != "" {
		t.Errorf("list:\n%s", out)
	}
}
