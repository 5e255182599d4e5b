package peertest

import (
	"os/exec"
	"strings"
	"testing"
)

// TestKafka: each cluster takes a topic and a record, and its broker keeps them when it is stopped and started.
func TestKafka(t *testing.T) {
	for _, tt := range []struct {
		release string
		start   func(t *testing.T) *KafkaCluster
	}{
		{"27", func(t *testing.T) *KafkaCluster {
			return StartKafka(t, "27", StartZK39(t, Options{}).Addr()+"/kafka", KafkaOptions{Brokers: 2, FirstID: 5})
		}},
		{"4", func(t *testing.T) *KafkaCluster { return StartKRaft(t, KafkaOptions{}) }},
	} {
		t.Run(tt.release, func(t *testing.T) {
			topics, kcat := KafkaTool(t, tt.release, "kafka-topics.sh"), Kcat(t)
			c := tt.start(t)
			run(t, "", topics, "--bootstrap-server", c.Bootstrap(), "--create", "--topic", "kept")
			run(t, "a record\n", kcat, "-b", c.Bootstrap(), "-P", "-t", "kept")
			if err := c.Brokers[0].Stop(); err != nil {
				t.Fatal(err)
			}
			c.Brokers[0].Start(t)
			if out := run(t, "", kcat, "-b", c.Bootstrap(), "-C", "-t", "kept", "-e", "-q"); out != "a record\n" {
				t.Errorf("the topic holds %q", out)
			}
		})
	}
}

func run(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, args, err, out)
	}
	return string(out)
}
