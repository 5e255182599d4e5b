package kbroker_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// tool27 runs a script of Kafka 2.7 and returns what it shows.
func tool27(t *testing.T, script string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(within(t), peertest.KafkaTool(t, "27", script), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", script, args, err, out)
	}
	return string(out)
}

// TestOldTools: Kafka 2.7's tools that write znodes instead of asking a broker create, configure, grow, move and delete
// topics. They drop the topic's id when they rewrite it (KAFKA-14190): it comes back, and no record is lost, also not by
// the restart of all brokers.
func TestOldTools(t *testing.T) {
	peertest.KafkaTool(t, "27", "kafka-topics.sh")
	e := zooKeeper(t)
	chroot := e.ConnectString() + "/old"
	var members []*member
	for id := int32(1); id <= 3; id++ {
		members = append(members, startBroker(t, configure(t, chroot, id)))
	}
	ctx := within(t)
	topics := func(args ...string) string {
		return tool27(t, "kafka-topics.sh", append([]string{"--zookeeper", chroot}, args...)...)
	}
	topics("--create", "--topic", "old", "--partitions", "2", "--replication-factor", "2", "--config", "retention.ms=123456")
	var id kproto.UUID
	hasID := func(img *kzk.Image) bool {
		found := img.Topics["old"]
		if found == nil || !found.HasID {
			return false
		}
		id = found.ID
		return true
	}
	ok(t, members[0].Await(ctx, hasID))
	before := id
	cl := client(t, []kgo.Opt{kgo.DefaultProduceTopic("old")}, members...)
	for i := range 100 {
		ok(t, cl.ProduceSync(ctx, &kgo.Record{Value: fmt.Append(nil, i)}).FirstErr())
	}

	topics("--alter", "--topic", "old", "--partitions", "3")
	ok(t, members[0].Await(ctx, func(img *kzk.Image) bool {
		return img.Topics["old"] != nil && len(img.Topics["old"].Partitions) == 3 && hasID(img)
	}))
	if id != before {
		t.Errorf("after a change of partitions the topic's id is %s, it was %s", id, before)
	}
	reassign(t, chroot, 0, []int32{3, 1})
	for _, m := range members {
		ok(t, m.Await(ctx, func(img *kzk.Image) bool {
			p := img.Partition("old", 0)
			return p != nil && slices.Equal(p.Replicas, []int32{3, 1}) && len(p.State.ISR) == 2 && len(p.Adding)+len(p.Removing) == 0 &&
				img.Reassign == nil && hasID(img)
		}))
	}
	if id != before {
		t.Errorf("after a reassignment the topic's id is %s, it was %s", id, before)
	}
	tool27(t, "kafka-configs.sh", "--zookeeper", chroot, "--alter", "--entity-type", "topics", "--entity-name", "old", "--add-config", "retention.ms=654321")
	ok(t, members[1].Await(ctx, func(img *kzk.Image) bool { return img.TopicConfig("old")["retention.ms"] == "654321" }))

	for _, m := range members {
		m.stop(t)
	}
	for _, m := range members {
		m.start(t)
	}
	if got := readAll(t, "old", 100, members...); len(got) != 100 {
		t.Errorf("%d records after the restart, want 100", len(got))
	}
	if shown := topics("--describe", "--topic", "old"); !strings.Contains(shown, "PartitionCount: 3") || !strings.Contains(shown, "retention.ms=654321") {
		t.Errorf("%s", shown)
	}
	topics("--delete", "--topic", "old")
	for _, m := range members {
		ok(t, m.Await(ctx, func(img *kzk.Image) bool { return img.Topics["old"] == nil && len(img.Deletions) == 0 }))
	}
}

// reassign has Kafka 2.7's tool move a partition of the topic old, by the znode that the controller watches.
func reassign(t *testing.T, zk string, partition int32, replicas []int32) {
	t.Helper()
	plan, err := json.Marshal(map[string]any{"version": 1, "partitions": []any{
		map[string]any{"topic": "old", "partition": partition, "replicas": replicas},
	}})
	ok(t, err)
	path := filepath.Join(t.TempDir(), "plan.json")
	ok(t, os.WriteFile(path, plan, 0o644))
	tool27(t, "kafka-reassign-partitions.sh", "--zookeeper", zk, "--reassignment-json-file", path, "--execute")
}

// readAll reads n records of a topic from its beginning: each once.
func readAll(t *testing.T, topic string, n int, members ...*member) map[string]bool {
	t.Helper()
	cl := client(t, []kgo.Opt{kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}, members...)
	got := map[string]bool{}
	for len(got) < n {
		f := cl.PollFetches(within(t))
		ok(t, f.Err0())
		f.EachRecord(func(r *kgo.Record) {
			if got[string(r.Value)] {
				t.Errorf("%s twice", r.Value)
			}
			got[string(r.Value)] = true
		})
	}
	return got
}
