package kafkatools_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestOwn_OnKRaft runs what only clusters of Kafka 4 have: replicas that may become leaders, configurations of groups,
// credentials without ZooKeeper, and offsets of the newest layout.
func TestOwn_OnKRaft(t *testing.T) {
	broker := peertest.StartKRaft(t, peertest.KafkaOptions{FirstID: 1, Config: []string{"group.initial.rebalance.delay.ms=0"}})
	tools := zokaTools(t)
	for _, tt := range []struct{ line, want string }{
		{"kafka-topics.sh --create --topic t --partitions 2", "Created topic t.\n"},
		{"kafka-topics.sh --describe --topic t", "Topic: t\tTopicId: ID\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: min.insync.replicas=1\n" +
			"\tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n" +
			"\tTopic: t\tPartition: 1\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n"},
		{"kafka-configs.sh --alter --user u --add-config SCRAM-SHA-512=[password=pw]", "Completed updating config for user u.\n"},
		{"kafka-configs.sh --describe --user u", "SCRAM credential configs for user-principal 'u' are SCRAM-SHA-512=iterations=4096\n"},
		{"kafka-configs.sh --alter --user u --delete-config SCRAM-SHA-512", "Completed updating config for user u.\n"},
		{"kafka-configs.sh --describe --user u", ""},
		{"kafka-configs.sh --alter --group g --add-config consumer.session.timeout.ms=50000", "Completed updating config for group g.\n"},
		{"kafka-configs.sh --describe --group g", "Dynamic configs for group g are:\n  consumer.session.timeout.ms=50000 sensitive=false " +
			"synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000}\n"},
		{"kafka-consumer-groups.sh --reset-offsets --group g --topic t:1 --to-latest --execute",
			"\nGROUP           TOPIC           PARTITION  NEW-OFFSET\ng               t               1          0\n"},
		{"kafka-consumer-groups.sh --list --type", "GROUP                     TYPE                \ng                         Classic             \n"},
	} {
		words := strings.Fields(tt.line)
		cmd := exec.CommandContext(t.Context(), tools(words[0]), append(words[1:], "--bootstrap-server", broker.Bootstrap())...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if got := (cluster{broker.Bootstrap(), "nowhere"}).mask(string(out)); got != tt.want || err != nil || stderr.Len() > 0 {
			t.Errorf("%s: %v, %s\n got  %q\n want %q", tt.line, err, stderr.String(), got, tt.want)
		}
	}
}
