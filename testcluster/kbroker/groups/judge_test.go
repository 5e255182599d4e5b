package groups_test

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// run runs a foreign program against the cluster and returns what it says.
func (c *cluster) run(ctx context.Context, program string, args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(cmd.Environ(), "KAFKA_HEAP_OPTS=-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

func wantMatch(t testing.TB, out, pattern string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)` + pattern).MatchString(out) {
		t.Errorf("%q is not in what it says:\n%s", pattern, out)
	}
}

// TestKcat has librdkafka consume in a group, end, and go on where it was.
func TestKcat(t *testing.T) {
	kcat := peertest.Kcat(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := startCluster(t, 1)
	c.topic(ctx, "t", 3)
	c.produce(ctx, "t", 0, 100)
	consume := func(n string, more ...string) int {
		args := append([]string{"-b", c.seeds[0], "-q", "-c", n, "-X", "auto.offset.reset=earliest"}, more...)
		return len(strings.Fields(c.run(ctx, kcat, append(args, "-G", "kcat", "t")...)))
	}
	if n := consume("60"); n != 60 {
		t.Errorf("read %d of 60", n)
	}
	w := newCrew(c, ctx, "t", "kcat")
	w.until("kcat has committed", func() bool { return w.committed() == 60 })
	if n := consume("40", "-X", "partition.assignment.strategy=cooperative-sticky", "-X", "group.instance.id=one"); n != 40 {
		t.Errorf("read %d of the other 40", n)
	}
	w.until("kcat has committed", func() bool { return w.committed() == 100 })
}

// TestApacheTools has Kafka 2.7's consumer and its kafka-consumer-groups.sh at work.
func TestApacheTools(t *testing.T) {
	tool, console := peertest.KafkaTool(t, "27", "kafka-consumer-groups.sh"), peertest.KafkaTool(t, "27", "kafka-console-consumer.sh")
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	c := startCluster(t, 1)
	c.topic(ctx, "t", 2)
	c.produce(ctx, "t", 0, 100)
	groups := func(args ...string) string {
		return c.run(ctx, tool, append([]string{"--bootstrap-server", c.seeds[0]}, args...)...)
	}

	out := c.run(ctx, console, "--bootstrap-server", c.seeds[0], "--topic", "t", "--group", "java", "--from-beginning", "--max-messages", "100")
	wantMatch(t, out, `Processed a total of 100 messages`)

	w := newCrew(c, ctx, "t", "living")
	m := w.join(kgo.ClientID("mate"), kgo.InstanceID("static"))
	w.until("it reads all", func() bool { return w.read() == 100 && m.parts() == 2 && w.committed() == 100 })
	out = groups("--list", "--state")
	wantMatch(t, out, `^java +Empty`)
	wantMatch(t, out, `^living +Stable`)
	out = groups("--describe", "--all-groups")
	wantMatch(t, out, `^java +t +0 +50 +50 +0 +- +- +-`)
	wantMatch(t, out, `^living +t +1 +50 +50 +0 +static-[-0-9a-f]{36} +/127.0.0.1 +mate`)
	out = groups("--describe", "--group", "living", "--members", "--verbose")
	wantMatch(t, out, `^living +static-[-0-9a-f]{36} +static +/127.0.0.1 +mate +2 +t\(0,1\)`)
	m.leave(ctx)
	w.work.Wait()

	out = groups("--reset-offsets", "--group", "java", "--topic", "t", "--to-offset", "10", "--execute")
	wantMatch(t, out, `^java +t +0 +10`)
	out = groups("--delete-offsets", "--group", "java", "--topic", "t:1")
	wantMatch(t, out, `^t +1 +Successful`)
	out = groups("--delete", "--group", "java", "--group", "nobody")
	wantMatch(t, out, `Group 'nobody' could not be deleted due to: .*GroupIdNotFoundException`)
	wantMatch(t, out, `'java'`)
}

// TestNewestApacheTools has Kafka 4's, which ask for what we do not have first, and then for what we have.
func TestNewestApacheTools(t *testing.T) {
	tool, console := peertest.KafkaTool(t, "4", "kafka-consumer-groups.sh"), peertest.KafkaTool(t, "4", "kafka-console-consumer.sh")
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	c := startCluster(t, 1)
	c.topic(ctx, "t", 2)
	c.produce(ctx, "t", 0, 100)
	out := c.run(ctx, console, "--bootstrap-server", c.seeds[0], "--topic", "t", "--group", "java", "--from-beginning", "--max-messages", "100")
	wantMatch(t, out, `Processed a total of 100 messages`)
	out = c.run(ctx, tool, "--bootstrap-server", c.seeds[0], "--describe", "--group", "java")
	wantMatch(t, out, `^java +t +0 +50 +50 +0 +- +- +-`)
	out = c.run(ctx, tool, "--bootstrap-server", c.seeds[0], "--list", "--state", "--type") // types came with version 5
	wantMatch(t, out, `^java +Unknown +Empty`)
	out = c.run(ctx, tool, "--bootstrap-server", c.seeds[0], "--delete", "--group", "java")
	wantMatch(t, out, `'java'.*successful`)
}
