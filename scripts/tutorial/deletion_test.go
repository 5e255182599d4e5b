package tutorial

import (
	"strings"
	"testing"
)

// TestKafka_DeletionDisabled: without delete.topic.enable a topic outlives its deletion, with its records, and the tool
// says so; one that writes znodes, as Kafka 2.7's does, leaves a mark that the controller takes away.
func TestKafka_DeletionDisabled(t *testing.T) {
	t.Parallel()
	all, bs := newBrokers(t, 1, "delete.topic.enable=false", "offsets.topic.replication.factor=1")
	same(t, tool(t, "kafka-topics.sh", "--zookeeper", all[0].addr, "--create", "--replication-factor", "1", "--partitions", "1", "--topic", "first"), "Created topic first.\n")
	bs.produces(t, "first", []string{"hello world"})
	for _, where := range [][]string{{"--zookeeper", all[0].addr}, {"--bootstrap-server", bs[0].addr}} {
		got := run(t, nil, "../kafka-topics.sh", append(where, "--delete", "--topic", "first")...)
		if got.code != 1 || !strings.Contains(got.stdout, "TOPIC_DELETION_DISABLED: delete.topic.enable is false") {
			t.Errorf("delete: %+v", got)
		}
	}
	const mark = "/admin/delete_topics/first"
	same(t, all.does("create", mark, ""), "Created "+mark)
	all[0].eventually("to drop the mark", func() bool { return all.zoka("get", mark).code == 1 })
	same(t, strings.Join(bs.reads(t, "first", 1), "\n"), "hello world")

}
