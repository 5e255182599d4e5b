package judges

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestKafka27_OnOurEnsemble: Apache's broker coordinates itself by three ZooKeeper servers of ours, with our shell and
// with Apache's tools, while each of the three in turn is killed, the leader among them, and comes back.
func TestKafka27_OnOurEnsemble(t *testing.T) {
	t.Parallel()
	theirs := func(script string) string { return peertest.KafkaTool(t, "27", script) }
	topics := theirs("kafka-topics.sh")
	e, err := ensemble.Start(t.Context(), ensemble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	zookeeper := e.ConnectString() + "/kafka"
	broker := peertest.StartKafka(t, "27", zookeeper, peertest.KafkaOptions{FirstID: 1}).Brokers[0]
	ours := func(stdin string, args ...string) string {
		return program(t, stdin, testbin.Zoka(t), append([]string{"-s", zookeeper}, args...)...)
	}

	// A topic of each side's tool, the old way and the new, is the other side's too.
	has(t, ours("", "brokers"), broker.Addr())
	has(t, ours("", "topics", "create", "ours", "-p", "2"), "created ours\n")
	has(t, program(t, "", topics, "--zookeeper", zookeeper, "--create", "--topic", "theirs", "--partitions", "1", "--replication-factor", "1"), "Created topic theirs.\n")
	has(t, program(t, "", topics, "--zookeeper", zookeeper, "--describe", "--topic", "ours"), "PartitionCount: 2")
	has(t, ours("", "topics", "list"), "ours\ntheirs\n")

	var written strings.Builder
	for id := 1; id <= 3; id++ {
		if err := e.Kill(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		// The broker serves meanwhile, and what needs ZooKeeper works on the two that are left.
		line := fmt.Sprintf("without server %d\n", id)
		written.WriteString(line)
		ours(line, "-b", broker.Addr(), "produce", "theirs")
		has(t, ours("", "topics", "create", fmt.Sprintf("meanwhile-%d", id)), "created ")
		has(t, ours("", "consume", "--from-beginning", "-n", "1", "-g", "readers", "theirs"), line)
		if err := e.Restart(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	read := program(t, "", theirs("kafka-console-consumer.sh"), "--bootstrap-server", broker.Addr(), "--topic", "theirs", "--from-beginning", "--max-messages", "3")
	has(t, read, written.String())
	has(t, ours("", "groups", "describe", "readers"), "theirs")
	has(t, program(t, "", theirs("kafka-consumer-groups.sh"), "--bootstrap-server", broker.Addr(), "--list", "--timeout", "30000"), "readers\n")

	// The broker keeps its place when it is started again: the registration, the cluster's id and every topic.
	if err := broker.Stop(); err != nil {
		t.Fatal(err)
	}
	has(t, ours("", "-c", "ls /brokers/ids"), "[]\n")
	broker.Start(t)
	eventually(t, "topics are missing", func() bool { // a broker of Apache's knows its topics some moments after it serves
		return strings.Contains(ours("", "topics", "list"), "meanwhile-1\nmeanwhile-2\nmeanwhile-3\nours\ntheirs\n")
	})
	has(t, program(t, "", topics, "--zookeeper", zookeeper, "--delete", "--topic", "ours"), "Topic ours is marked for deletion.\n")
	eventually(t, "ours is still there", func() bool {
		return !strings.Contains("\n"+ours("", "topics", "list"), "\nours\n")
	})
}

// program runs a program that must work, and returns what it shows on both channels.
func program(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func has(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%q is not in %q", want, got)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}
