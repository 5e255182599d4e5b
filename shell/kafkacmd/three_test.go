package kafkacmd_test

import (
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestThree_Apache27 has three brokers of Kafka 2.7.2, of which one is killed.
func TestThree_Apache27(t *testing.T) {
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	cluster := peertest.StartKafka(t, "27", zookeeper.Addr(), peertest.KafkaOptions{Brokers: 3, FirstID: 1, Config: []string{"zookeeper.session.timeout.ms=6000"}})
	testThree(t, cluster.Bootstrap(), func() { cluster.Brokers[2].Kill() })
}

// TestThree_Own has three nodes of zoka's.
func TestThree_Own(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{InMemory: true, Brokers: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	testThree(t, e.BootstrapServers(), func() {
		if err := e.Kill(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
	})
}

// testThree: what is the matter with partitions is seen when broker 3 is gone.
func testThree(t *testing.T, bootstrap string, kill func()) {
	s := newSession(t, bootstrap)
	shows(t, s, "topics create whole -c min.insync.replicas=2 --replica-assignment 1:2:3,3:2:1", "created whole\n")
	shows(t, s, "topics create lonely --replica-assignment 3", "created lonely\n")
	shows(t, s, "topics describe whole", `whole: 2 partitions, 3 replicas,.* min.insync.replicas=2.*\n0	1	1,2,3	[123,]+	ok\n1	3	3,2,1	[123,]+	ok\n`)
	shows(t, s, "topics describe --under-replicated", "")
	shows(t, s, "produce whole x", "")
	shows(t, s, "consume whole --group readers --from-beginning -n 1", "x\n")
	shows(t, s, "groups", "readers\n")
	kill()
	// The registration of the broker outlives it.
	fails(t, s, "groups", command.ExitIncomplete, `groups: groups may be missing: broker 3 at 127.0.0.1:\d+: connection refused`)
	shows(t, s, "brokers 2 3", `2	127.0.0.1:\d+	-	(-|controller)	.*\n3	127.0.0.1:\d+	-	connection refused	.*\n`)
	await(t, func() bool { // once it has a coordinator again, it is shown whether all have answered or not
		out, _ := s.Run(t, "groups")
		return out == "readers\n"
	})
	await(t, func() bool {
		out, _ := s.Run(t, "groups describe --state")
		return strings.HasPrefix(out, "readers\tEmpty\t")
	})
	await(t, func() bool {
		out, _ := s.Run(t, "topics describe --under-replicated whole")
		lonely, _ := s.Run(t, "topics describe --unavailable")
		return strings.Count(out, "\n") == 2 && lonely != ""
	})
	shows(t, s, "topics describe --under-replicated whole", `whole	0	1	1,2,3	1,2|2,1	under-replicated\nwhole	1	2	3,2,1	1,2|2,1	under-replicated\n`)
	shows(t, s, "topics describe --at-min-isr whole", `(whole	[01]	[12]	.*\n){2}`)
	shows(t, s, "topics describe --under-min-isr whole", "")
	shows(t, s, "topics describe --unavailable", `lonely	0	none	3	3	unavailable\n`)
	shows(t, s, "topics list --unavailable", "lonely\n")
	shows(t, s, "topics alter whole -c min.insync.replicas=3", "whole: min.insync.replicas=3\n")
	shows(t, s, "topics describe --under-min-isr whole", `(whole	[01]	[12]	.*	under min.insync.replicas=3\n){2}`)
	fails(t, s, "topics create more -r 4", 1, `topics create more: INVALID_REPLICATION_FACTOR: .*`)
}
