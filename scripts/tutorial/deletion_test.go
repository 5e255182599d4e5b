package tutorial

import (
	"strings"
	"testing"
)

// TestKafka_DeletionDisabled: without delete.topic.enable a topic outlives its deletion, with its records. With --zookeeper
// the tool marks it as Kafka 2.7's does, and the controller takes the mark away; the exit code says that it is there still.
func TestKafka_DeletionDisabled(t *testing.T) {
	t.Parallel()
	all, bs := newBrokers(t, 1, "delete.topic.enable=false", "offsets.topic.replication.factor=1")
	same(t, tool(t, "kafka-topics.sh", "--zookeeper", all[0].addr, "--create", "--replication-factor", "1", "--partitions", "1", "--topic", "first"), "Created topic first.\n")
	bs.produces(t, "first", []string{"hello world"})
	for flag, want := range map[string]string{
		"--zookeeper":        "Topic first is marked for deletion.\nNote: This will have no impact if delete.topic.enable is not set to true.\n",
		"--bootstrap-server": "Error while executing topic command : Topic deletion is disabled.\n",
	} {
		where := map[string]string{"--zookeeper": all[0].addr, "--bootstrap-server": bs[0].addr}[flag]
		if got := run(t, nil, "../kafka-topics.sh", flag, where, "--delete", "--topic", "first"); got.code != 1 || got.stdout != want {
			t.Errorf("delete with %s: %+v", flag, got)
		}
	}
	const mark = "/admin/delete_topics/first"
	all[0].eventually("to drop the tool's mark", func() bool { return all.zoka("get", mark).code == 1 })
	same(t, all.does("create", mark, ""), "Created "+mark)
	all[0].eventually("to drop the mark", func() bool { return all.zoka("get", mark).code == 1 })
	same(t, strings.Join(bs.reads(t, "first", 1), "\n"), "hello world")
}
