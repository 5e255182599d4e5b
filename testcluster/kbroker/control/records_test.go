package control_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// whole is a cluster of whole brokers, with logs.
type whole struct {
	t       *testing.T
	zk      string
	configs []*kconf.Broker
	brokers []*kbroker.Broker
}

func startWhole(t *testing.T) *whole {
	t.Helper()
	zk, err := ensemble.Start(timeout(t), ensemble.Options{Nodes: 1, InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { zk.Close() })
	w := &whole{t: t, zk: zk.ConnectString(), brokers: make([]*kbroker.Broker, 3)}
	for id := range 3 {
		lines := []string{fmt.Sprint("broker.id=", id+1), fmt.Sprint("listeners=PLAINTEXT://127.0.0.1:", peertest.FreePort(t)),
			"zookeeper.connect=" + w.zk, "log.dirs=" + t.TempDir(), "auto.leader.rebalance.enable=false"}
		config, _, err := kconf.ParseBroker("server.properties", strings.Join(lines, "\n")+"\n")
		if err != nil {
			t.Fatal(err)
		}
		w.configs = append(w.configs, config)
		w.start(id)
	}
	t.Cleanup(func() {
		for i := range w.brokers {
			w.close(i)
		}
	})
	w.await("all brokers are there", func(i *kzk.Image) bool { return len(i.Brokers) == 3 && i.Brokers[i.Controller] != nil })
	return w
}

func (w *whole) start(i int) {
	w.t.Helper()
	b, err := kbroker.Start(timeout(w.t), kbroker.Options{Config: w.configs[i], Logger: logger(w.t).With("broker", i+1)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.brokers[i] = b
}

func (w *whole) close(i int) {
	if b := w.brokers[i]; b != nil {
		w.brokers[i] = nil
		if err := b.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *whole) kill(i int) {
	w.brokers[i].Kill()
	w.brokers[i] = nil
}

// await waits until all brokers that run see the cluster as it should be.
func (w *whole) await(what string, cond func(*kzk.Image) bool) {
	w.t.Helper()
	for i, b := range w.brokers {
		if b == nil {
			continue
		}
		if err := b.Await(timeout(w.t), cond); err != nil {
			w.t.Fatalf("broker %d: wait until %s: %v", i+1, what, err)
		}
	}
}

func (w *whole) bootstrap() string {
	var addrs []string
	for _, b := range w.brokers {
		if b == nil {
			continue
		}
		addrs = append(addrs, b.Addr("").String())
	}
	return strings.Join(addrs, ",")
}

func (w *whole) client(opts ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(strings.Split(w.bootstrap(), ",")...), kgo.MetadataMinAge(50*time.Millisecond))...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(cl.Close)
	return cl
}

// tool runs one of a release of Kafka.
func (w *whole) tool(release, script string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), peertest.KafkaTool(w.t, release, script), args...)
	cmd.Env = append(os.Environ(), "KAFKA_HEAP_OPTS=-Xmx128m", "LOG_DIR="+w.t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	return string(out)
}

// moves is a file for kafka-reassign-partitions.sh.
func (w *whole) moves(topic string, replicas ...string) string {
	w.t.Helper()
	var parts []string
	for i, r := range replicas {
		parts = append(parts, fmt.Sprintf(`{"topic":%q,"partition":%d,"replicas":[%s]}`, topic, i, r))
	}
	file := filepath.Join(w.t.TempDir(), "moves.json")
	text := `{"version":1,"partitions":[` + strings.Join(parts, ",") + `]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// replicas says whether the topic's partitions have these, all of them in sync, and no move is under way.
func replicas(topic string, want ...[]int32) func(*kzk.Image) bool {
	return func(i *kzk.Image) bool {
		for id, r := range want {
			p := i.Partition(topic, int32(id))
			if p == nil || p.State == nil || len(p.Adding)+len(p.Removing) > 0 || !slices.Equal(p.Replicas, r) || len(p.State.ISR) != len(r) {
				return false
			}
		}
		return i.Reassign == nil
	}
}

func (w *whole) produce(topic string, from, to int) {
	w.t.Helper()
	cl := w.client(kgo.DefaultProduceTopic(topic))
	for n := from; n < to; n++ {
		cl.Produce(w.t.Context(), kgo.StringRecord(fmt.Sprint("record ", n)), func(_ *kgo.Record, err error) {
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	if err := cl.Flush(timeout(w.t)); err != nil {
		w.t.Fatal(err)
	}
}

// consume wants the records of all that was produced, each once.
func (w *whole) consume(topic string, count int) {
	w.t.Helper()
	cl := w.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	seen := make(map[string]int)
	for len(seen) < count && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { seen[string(r.Value)]++ })
	}
	for n := range count {
		if seen[fmt.Sprint("record ", n)] != 1 {
			w.t.Fatalf("of %d records, record %d was read %d times; %d are there", count, n, seen[fmt.Sprint("record ", n)], len(seen))
		}
	}
}

// TestOldTools_KeepRecords: Kafka 2.7's tools alter a topic and move its partitions by ZooKeeper, and drop its id; the
// brokers are restarted and killed. Every record is still there, and the id too.
func TestOldTools_KeepRecords(t *testing.T) {
	peertest.FindKafka(t, "27")
	w := startWhole(t)
	adm := kadm.NewClient(w.client())
	if _, err := adm.CreateTopic(timeout(t), 1, 2, nil, "kept"); err != nil {
		t.Fatal(err)
	}
	ids, err := adm.ListTopics(timeout(t), "kept")
	if err != nil {
		t.Fatal(err)
	}
	id := ids["kept"].ID
	w.produce("kept", 0, 500)

	w.tool("27", "kafka-topics.sh", "--zookeeper", w.zk, "--alter", "--topic", "kept", "--partitions", "3")
	w.await("it has three partitions and its id", func(i *kzk.Image) bool {
		topic := i.Topics["kept"]
		return len(topic.Partitions) == 3 && topic.HasID && topic.ID == [16]byte(id) && topic.Partitions[2].State != nil
	})
	w.produce("kept", 500, 1000)

	w.tool("27", "kafka-reassign-partitions.sh", "--zookeeper", w.zk, "--execute", "--reassignment-json-file", w.moves("kept", "3,1", "1,2", "2,3"))
	w.await("it has moved", replicas("kept", []int32{3, 1}, []int32{1, 2}, []int32{2, 3}))
	w.produce("kept", 1000, 1500)

	w.kill(1)
	w.close(0)
	w.close(2)
	for i := range w.brokers {
		w.start(i)
	}
	w.await("all are in sync", replicas("kept", []int32{3, 1}, []int32{1, 2}, []int32{2, 3}))
	w.consume("kept", 1500)
	ids, err = kadm.NewClient(w.client()).ListTopics(timeout(t), "kept")
	if err != nil || ids["kept"].ID != id {
		t.Errorf("id %v, was %v; %v", ids["kept"].ID, id, err)
	}
}

// TestTools_ByBootstrap: kafka-reassign-partitions.sh and kafka-leader-election.sh ask the controller.
func TestTools_ByBootstrap(t *testing.T) {
	for _, release := range []string{"27", "4"} {
		t.Run(release, func(t *testing.T) { testTools(t, release) })
	}
}

func testTools(t *testing.T, release string) {
	peertest.FindKafka(t, release)
	w := startWhole(t)
	adm := kadm.NewClient(w.client())
	if _, err := adm.CreateTopic(timeout(t), 2, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	w.produce("t", 0, 300)
	bootstrap := []string{"--bootstrap-server", w.bootstrap()}
	file := w.moves("t", "1,2", "2,3")
	reassign := func(args ...string) string {
		t.Helper()
		return w.tool(release, "kafka-reassign-partitions.sh", append(args, bootstrap...)...)
	}
	if out := reassign("--execute", "--reassignment-json-file", file); !strings.Contains(out, "Successfully started partition reassignments for t-0,t-1") {
		t.Errorf("execute:\n%s", out)
	}
	w.await("it has moved", replicas("t", []int32{1, 2}, []int32{2, 3}))
	if out := reassign("--verify", "--reassignment-json-file", file); !strings.Contains(out, "Reassignment of partition t-1 is complete") {
		t.Errorf("verify:\n%s", out)
	}
	if out := reassign("--list"); !strings.Contains(out, "No partition reassignments found.") {
		t.Errorf("list:\n%s", out)
	}
	w.kill(2)
	w.await("broker 3 is missed", func(i *kzk.Image) bool { return len(i.Partition("t", 1).State.ISR) == 1 })
	w.start(2)
	w.await("broker 3 is back", replicas("t", []int32{1, 2}, []int32{2, 3}))
	w.consume("t", 300)

	w.kill(0)
	w.start(0)
	w.await("broker 2 leads", func(i *kzk.Image) bool {
		st := i.Partition("t", 0).State
		return st.Leader == 2 && len(st.ISR) == 2
	})
	out := w.tool(release, "kafka-leader-election.sh", append(bootstrap, "--election-type", "preferred", "--all-topic-partitions")...)
	if !strings.Contains(out, "Successfully completed leader election (PREFERRED) for partitions t-0") {
		t.Errorf("election:\n%s", out)
	}
	w.await("broker 1 leads", func(i *kzk.Image) bool { return i.Partition("t", 0).State.Leader == 1 })
	w.consume("t", 300)
}
