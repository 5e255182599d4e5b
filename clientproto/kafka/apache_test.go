package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestApache runs the client against Apache's brokers, of before and of today.
func TestApache(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{
		"27": func(t *testing.T) string {
			zk := peertest.StartZK39(t, peertest.Options{})
			return peertest.StartKafka(t, "27", zk.Addr()+"/kafka", peertest.KafkaOptions{Brokers: 2}).Bootstrap()
		},
		"4": func(t *testing.T) string { return peertest.StartKRaft(t, peertest.KafkaOptions{}).Bootstrap() },
	} {
		t.Run(name, func(t *testing.T) {
			suite(t, start(t))
		})
	}
}

// TestOwn runs it against our own.
func TestOwn(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	suite(t, e.BootstrapServers())
}

func suite(t *testing.T, bootstrap string) {
	c := dial(t, kafka.Config{Bootstrap: bootstrap})
	t.Run("topics", func(t *testing.T) { testTopics(t, c) })
	t.Run("configs", func(t *testing.T) { testConfigs(t, c) })
	t.Run("roundtrip", func(t *testing.T) { testRoundTrip(t, c) })
	t.Run("positions", func(t *testing.T) { testPositions(t, c) })
	t.Run("tail", func(t *testing.T) { testTail(t, c) })
	t.Run("refused", func(t *testing.T) { testRefused(t, c) })
	t.Run("group", func(t *testing.T) { testGroup(t, c) })
	t.Run("rebalance", func(t *testing.T) { testRebalance(t, c) })
	t.Run("deleterecords", func(t *testing.T) { testDeleteRecords(t, c) })
}

func dial(t *testing.T, cfg kafka.Config) *kafka.Client {
	t.Helper()
	c, err := kafka.Dial(t.Context(), cfg)
	ok(t, err)
	t.Cleanup(c.Close)
	return c
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTopic creates a topic.
func newTopic(t *testing.T, c *kafka.Client, name string, partitions int32) {
	t.Helper()
	ok(t, c.CreateTopic(t.Context(), kmodel.NewTopic{Name: name, Partitions: partitions, Replicas: 1}))
}

// until waits for a condition that others bring about.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func testTopics(t *testing.T, c *kafka.Client) {
	ctx := t.Context()
	newTopic(t, c, "topics", 2)
	ok(t, c.CreatePartitions(ctx, "topics", 3, nil, false))
	until(t, "the third partition", func() bool {
		topics, err := c.Topics(ctx, "topics")
		ok(t, err)
		return len(topics[0].Partitions) == 3
	})
	err := c.CreateTopic(ctx, kmodel.NewTopic{Name: "topics", Partitions: 1, Replicas: 1})
	if !errors.Is(err, kproto.TopicAlreadyExists) || !strings.Contains(err.Error(), "TOPIC_ALREADY_EXISTS: Topic 'topics' already exists") {
		t.Errorf("created twice: %v", err)
	}
	ok(t, c.CreateTopic(ctx, kmodel.NewTopic{Name: "never", Partitions: 1, Replicas: 1, ValidateOnly: true}))
	topics, err := c.Topics(ctx, "never", "topics")
	ok(t, err)
	if topics[0].Name != "never" || !errors.Is(topics[0].Err, kproto.UnknownTopicOrPartition) || topics[1].Err != nil {
		t.Errorf("described %+v", topics)
	}
	outcomes, err := c.DeleteTopics(ctx, "never", "topics")
	ok(t, err)
	if !errors.Is(outcomes[0].Err, kproto.UnknownTopicOrPartition) || outcomes[1].Err != nil {
		t.Errorf("deleted %+v", outcomes)
	}
	if moves, err := c.Reassignments(ctx); err != nil || len(moves) != 0 {
		t.Errorf("reassignments %v, %v", moves, err)
	}
	cluster, err := c.Cluster(ctx)
	ok(t, err)
	if len(cluster.ID) != 22 || cluster.Controller < 0 || len(cluster.Brokers) == 0 {
		t.Errorf("cluster %+v", cluster)
	}
	dirs, err := c.LogDirs(ctx)
	ok(t, err)
	if len(dirs) != len(cluster.Brokers) || dirs[0].Err != nil || dirs[0].Dir == "" {
		t.Errorf("log dirs %+v", dirs)
	}
}

func testConfigs(t *testing.T, c *kafka.Client) {
	ctx := t.Context()
	newTopic(t, c, "configs", 1)
	topic := kmodel.Resource{Type: kmodel.TopicResource, Name: "configs"}
	ok(t, c.AlterConfigs(ctx, topic, []kmodel.ConfigChange{{Op: kmodel.SetConfig, Name: "retention.ms", Value: "1000"}}, false))
	until(t, "the new value", func() bool {
		configs, err := c.Configs(ctx, true, topic)
		ok(t, err)
		ok(t, configs[0].Err)
		for _, entry := range configs[0].Entries {
			if entry.Name == "retention.ms" {
				return entry.Value == "1000" && entry.Source == kmodel.DynamicTopic && entry.Type == "long" && entry.Doc != "" && len(entry.Synonyms) > 0
			}
		}
		return false
	})
	err := c.AlterConfigs(ctx, topic, []kmodel.ConfigChange{{Op: kmodel.SetConfig, Name: "retention.hours", Value: "1"}}, false)
	if !errors.Is(err, kproto.InvalidConfig) && !errors.Is(err, kproto.InvalidRequest) {
		t.Errorf("an unknown key: %v", err)
	}
	configs, err := c.Configs(ctx, false, kmodel.Resource{Type: kmodel.TopicResource, Name: "nope"}, topic)
	ok(t, err)
	if !errors.Is(configs[0].Err, kproto.UnknownTopicOrPartition) || configs[1].Err != nil {
		t.Errorf("configs of a missing topic: %v, and %v", configs[0].Err, configs[1].Err)
	}
}

// write writes records and returns those that failed, by number.
func write(t *testing.T, c *kafka.Client, o kmodel.ProduceOptions, records ...kmodel.Record) map[int64]error {
	t.Helper()
	var mu sync.Mutex
	failed := map[int64]error{}
	p, err := c.Producer(t.Context(), o, func(n int64, _ kmodel.Record, err error) {
		mu.Lock()
		defer mu.Unlock()
		failed[n] = err
	})
	ok(t, err)
	defer p.Close()
	for i := range records {
		ok(t, p.Produce(t.Context(), &records[i], int64(i)))
	}
	ok(t, p.Flush(t.Context()))
	return failed
}

// mustWrite writes records of which none may fail.
func mustWrite(t *testing.T, c *kafka.Client, records ...kmodel.Record) {
	t.Helper()
	if failed := write(t, c, kmodel.DefaultProduceOptions(), records...); len(failed) > 0 {
		t.Fatalf("of %d records failed %v", len(records), failed)
	}
}

// readAll reads to the end, or until there are most.
func readAll(t *testing.T, c *kafka.Client, o kmodel.ConsumeOptions, most int) []kmodel.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m, err := c.Consumer(ctx, o)
	ok(t, err)
	var out []kmodel.Record
	for most == 0 || len(out) < most {
		err := m.Poll(ctx, func(r *kmodel.Record) bool {
			own := *r
			own.Headers, own.Source, own.LeaderEpoch = slices.Clone(r.Headers), nil, 0
			out = append(out, own)
			return most == 0 || len(out) < most
		})
		if errors.Is(err, io.EOF) {
			break
		}
		ok(t, err)
	}
	ok(t, m.Close(ctx))
	return out
}

func equal(a, b kmodel.Record) bool {
	return a.Topic == b.Topic && a.Partition == b.Partition && a.Timestamp == b.Timestamp &&
		same(a.Key, b.Key) && same(a.Value, b.Value) &&
		slices.EqualFunc(a.Headers, b.Headers, func(x, y kmodel.Header) bool { return x.Key == y.Key && same(x.Value, y.Value) })
}

// same tells null from empty.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

func testRoundTrip(t *testing.T, c *kafka.Client) {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		topic := "roundtrip-" + codec
		newTopic(t, c, topic, 2)
		var sent []kmodel.Record
		for i := range 500 {
			sent = append(sent, kmodel.Record{
				Topic: topic, Partition: int32(i % 2), Timestamp: 1_700_000_000_000 + int64(i), Key: fmt.Appendf(nil, "key %d", i), Value: fmt.Appendf(nil, "value %d", i),
				Headers: []kmodel.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "", Value: []byte{}}},
			})
		}
		sent = append(sent,
			kmodel.Record{Topic: topic, Partition: 1, Timestamp: 1, Key: nil, Value: nil},
			kmodel.Record{Topic: topic, Partition: 1, Timestamp: 2, Key: []byte{}, Value: []byte{0xff, 0}})
		o := kmodel.DefaultProduceOptions()
		o.Compression, o.Topics = codec, []string{topic}
		if failed := write(t, c, o, sent...); len(failed) > 0 {
			t.Fatalf("failed: %v", failed)
		}
		got := readAll(t, c, kmodel.ConsumeOptions{Topics: []string{topic}, From: kmodel.Position{Start: kmodel.StartBegin}, UntilEnd: true}, 0)
		slices.SortStableFunc(got, func(a, b kmodel.Record) int { return int(a.Partition - b.Partition) })
		slices.SortStableFunc(sent, func(a, b kmodel.Record) int { return int(a.Partition - b.Partition) })
		if !slices.EqualFunc(got, sent, equal) {
			t.Errorf("%s: read %d records, other than the %d that were written", codec, len(got), len(sent))
		}
	}
}

// numbers are records with numbers for values, n to a partition, a millisecond apart.
func numbers(topic string, partitions, n int) []kmodel.Record {
	var out []kmodel.Record
	for i := range n * partitions {
		out = append(out, kmodel.Record{Topic: topic, Partition: int32(i % partitions), Timestamp: 1000 + int64(i), Value: fmt.Append(nil, i)})
	}
	return out
}

// values are those of records, of partition after partition.
func values(records []kmodel.Record) string {
	slices.SortStableFunc(records, func(a, b kmodel.Record) int { return int(a.Partition - b.Partition) })
	return valuesAsRead(records)
}

func valuesAsRead(records []kmodel.Record) string {
	var out []string
	for _, r := range records {
		out = append(out, string(r.Value))
	}
	return strings.Join(out, " ")
}

func testPositions(t *testing.T, c *kafka.Client) {
	newTopic(t, c, "positions", 2)
	mustWrite(t, c, numbers("positions", 2, 5)...) // 0 2 4 6 8, 1 3 5 7 9
	for _, row := range []struct {
		o    kmodel.ConsumeOptions
		want string
	}{
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartBegin}}, "0 2 4 6 8 1 3 5 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartBegin, N: 3}}, "6 8 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartEnd}}, ""},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartEnd, N: 2}}, "6 8 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartEnd, N: 99}}, "0 2 4 6 8 1 3 5 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartAt, N: 4}}, "8 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartAt, N: 1}, Partitions: []int32{1}}, "3 5 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartTime, N: 1007}}, "8 7 9"},
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartTime, N: 5000}}, ""},
	} {
		row.o.Topics, row.o.UntilEnd = []string{"positions"}, true
		if got := values(readAll(t, c, row.o, 0)); got != row.want {
			t.Errorf("%+v: read %q, want %q", row.o, got, row.want)
		}
	}
	regex := kmodel.ConsumeOptions{Topics: []string{"pos.*s"}, Regex: true, UntilEnd: true, From: kmodel.Position{Start: kmodel.StartBegin}}
	if got := values(readAll(t, c, regex, 0)); got != "0 2 4 6 8 1 3 5 7 9" {
		t.Errorf("by a regular expression: %q", got)
	}
	for _, row := range []struct {
		o    kmodel.ConsumeOptions
		want string
	}{
		{kmodel.ConsumeOptions{From: kmodel.Position{Start: kmodel.StartAt, N: 6}}, "OFFSET_OUT_OF_RANGE: offset 6 of positions-0 is not there: it has 0 to 5"},
		{kmodel.ConsumeOptions{Partitions: []int32{2}}, "positions has no partition 2; it has partitions 0 to 1"},
	} {
		row.o.Topics = []string{"positions"}
		if _, err := c.Consumer(t.Context(), row.o); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: %v, want %q", row.o, err, row.want)
		}
	}
}

func testTail(t *testing.T, c *kafka.Client) {
	newTopic(t, c, "tail", 3)
	records := numbers("tail", 3, 4) // by time 0 1 2 … 11
	records = append(records, kmodel.Record{Topic: "tail", Partition: 1, Timestamp: 900, Value: []byte("late")})
	mustWrite(t, c, records...)
	for n, want := range map[int64]string{1: "11", 4: "8 9 11 late", 100: "0 1 2 3 4 5 6 7 8 9 11 10 late"} {
		o := kmodel.ConsumeOptions{Topics: []string{"tail"}, From: kmodel.Position{Start: kmodel.StartTail, N: n}, UntilEnd: true}
		got := readAll(t, c, o, 0)
		if n == 1 { // its time is the newest
			if v := valuesAsRead(got); v != "11" {
				t.Errorf("tail 1: %q", v)
			}
			continue
		}
		if len(got) != min(int(n), 13) {
			t.Errorf("tail %d: %q, want as many as in %q", n, valuesAsRead(got), want)
		}
		perPartition := map[int32]int64{}
		for _, r := range got {
			if last, seen := perPartition[r.Partition]; seen && r.Offset <= last {
				t.Errorf("tail %d: partition %d is out of order", n, r.Partition)
			}
			perPartition[r.Partition] = r.Offset
		}
	}
	// What comes later follows.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := c.Consumer(ctx, kmodel.ConsumeOptions{Topics: []string{"tail"}, From: kmodel.Position{Start: kmodel.StartTail, N: 2}})
	ok(t, err)
	var got []string
	take := func(r *kmodel.Record) bool { got = append(got, string(r.Value)); return true }
	ok(t, m.Poll(ctx, take))
	mustWrite(t, c, kmodel.Record{Topic: "tail", Partition: 0, Timestamp: -1, Value: []byte("new")})
	for len(got) < 3 {
		ok(t, m.Poll(ctx, take))
	}
	ok(t, m.Close(ctx))
	if got[2] != "new" {
		t.Errorf("tail 2 and one more: %q", got)
	}
}

func testRefused(t *testing.T, c *kafka.Client) {
	newTopic(t, c, "refused", 1)
	ok(t, c.AlterConfigs(t.Context(), kmodel.Resource{Type: kmodel.TopicResource, Name: "refused"},
		[]kmodel.ConfigChange{{Op: kmodel.SetConfig, Name: "max.message.bytes", Value: "1000"}}, false))
	o := kmodel.DefaultProduceOptions()
	until(t, "the limit", func() bool {
		failed := write(t, c, o, kmodel.Record{Topic: "refused", Partition: 0, Timestamp: -1, Value: make([]byte, 2000)})
		return errors.Is(failed[0], kproto.MessageTooLarge)
	})
	failed := write(t, c, o,
		kmodel.Record{Topic: "refused", Partition: 0, Timestamp: -1, Value: []byte("good")},
		kmodel.Record{Topic: "refused", Partition: 5, Timestamp: -1, Value: []byte("no such partition")})
	if len(failed) != 1 || failed[1] == nil {
		t.Errorf("failed: %v", failed)
	}
	o.Topics = []string{"nope"}
	_, err := c.Producer(t.Context(), o, func(int64, kmodel.Record, error) {})
	if !errors.Is(err, kproto.UnknownTopicOrPartition) {
		t.Errorf("a producer of a missing topic: %v", err)
	}
}

func testGroup(t *testing.T, c *kafka.Client) {
	ctx := t.Context()
	newTopic(t, c, "group", 2)
	mustWrite(t, c, numbers("group", 2, 5)...)
	o := kmodel.ConsumeOptions{Topics: []string{"group"}, Group: "g", From: kmodel.Position{Start: kmodel.StartBegin}, UntilEnd: true}
	first := readAll(t, c, o, 3)
	rest := readAll(t, c, o, 0)
	if len(first) != 3 || len(rest) != 7 {
		t.Errorf("read %d, then %d", len(first), len(rest))
	}
	if got := values(append(first, rest...)); got != "0 2 4 6 8 1 3 5 7 9" {
		t.Errorf("together %q", got)
	}
	if again := readAll(t, c, o, 0); len(again) != 0 {
		t.Errorf("read again: %q", valuesAsRead(again))
	}
	commits, err := c.GroupOffsets(ctx, "g")
	ok(t, err)
	if len(commits) != 2 || commits[0].Offset != 5 || commits[1].Offset != 5 {
		t.Errorf("commits %+v", commits)
	}
	groups, err := c.Groups(ctx)
	ok(t, err)
	if len(groups) != 1 || groups[0].Name != "g" || groups[0].ProtocolType != "consumer" {
		t.Errorf("groups %+v", groups)
	}
	testMembers(t, c)
	described, err := c.DescribeGroups(ctx, "nope", "g")
	ok(t, err)
	if described[0].State != "Dead" || described[1].State != "Empty" {
		t.Errorf("described %+v", described)
	}
	commits[0].Offset = 2
	answers, err := c.CommitOffsets(ctx, "g", commits[:1])
	ok(t, err)
	ok(t, answers[0].Err)
	if left := values(readAll(t, c, o, 0)); left != "4 6 8" {
		t.Errorf("after a reset: %q", left)
	}
	deleted, err := c.DeleteGroupOffsets(ctx, "g", []kmodel.TopicPartition{{Topic: "group", Partition: 1}})
	ok(t, err)
	ok(t, deleted[0].Err)
	outcomes, err := c.DeleteGroups(ctx, "g", "nope")
	ok(t, err)
	if outcomes[0].Err != nil || !errors.Is(outcomes[1].Err, kproto.GroupIDNotFound) {
		t.Errorf("deleted %+v", outcomes)
	}
}

// testMembers looks at a group while it has a member.
func testMembers(t *testing.T, c *kafka.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	o := kmodel.ConsumeOptions{Topics: []string{"group"}, Group: "m", From: kmodel.Position{Start: kmodel.StartBegin}}
	m, err := c.Consumer(ctx, o)
	ok(t, err)
	ok(t, m.Poll(ctx, func(*kmodel.Record) bool { return false }))
	described, err := c.DescribeGroups(ctx, "m")
	ok(t, err)
	g := described[0]
	if g.State != "Stable" || len(g.Members) != 1 || len(g.Members[0].Assigned) != 2 || g.Members[0].ClientID != "zoka" || g.Coordinator.Port == 0 {
		t.Errorf("described %+v", g)
	}
	ok(t, m.Close(ctx))
	_, err = c.DeleteGroups(ctx, "m")
	ok(t, err)
}

// testRebalance: a second member takes over a part, and each record is read once or, where it was under way, again.
func testRebalance(t *testing.T, c *kafka.Client) {
	const partitions, each = 4, 50
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	newTopic(t, c, "rebalance", partitions)
	mustWrite(t, c, numbers("rebalance", partitions, each)...)
	var mu sync.Mutex
	seen := map[string]int{}
	readers := map[int]map[int32]bool{}
	all := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == 2*partitions*each && len(readers[0]) > 0 && len(readers[1]) > 0
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	member := func(id int) {
		m, err := c.Consumer(ctx, kmodel.ConsumeOptions{Topics: []string{"rebalance"}, Group: "rebalance", From: kmodel.Position{Start: kmodel.StartBegin}})
		ok(t, err)
		wg.Go(func() {
			for reading.Err() == nil {
				err := m.Poll(reading, func(r *kmodel.Record) bool {
					mu.Lock()
					defer mu.Unlock()
					seen[string(r.Value)]++
					if readers[id] == nil {
						readers[id] = map[int32]bool{}
					}
					readers[id][r.Partition] = true
					return true
				})
				if err != nil && reading.Err() == nil {
					t.Error(err)
					return
				}
			}
			if err := m.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	member(0)
	until(t, "the first member's records", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == partitions*each
	})
	member(1)
	until(t, "two members", func() bool {
		groups, err := c.DescribeGroups(ctx, "rebalance")
		return err == nil && groups[0].State == "Stable" && len(groups[0].Members) == 2 &&
			len(groups[0].Members[0].Assigned) == partitions/2 && len(groups[0].Members[1].Assigned) == partitions/2
	})
	more := numbers("rebalance", partitions, each)
	for i := range more {
		more[i].Value = append(more[i].Value, '+')
	}
	mustWrite(t, c, more...)
	until(t, "the rest", all)
	stop()
	wg.Wait()
	commits, err := c.GroupOffsets(t.Context(), "rebalance")
	ok(t, err)
	for _, o := range commits {
		if o.Offset != 2*each {
			t.Errorf("%s: committed %d, want %d", o.TopicPartition, o.Offset, 2*each)
		}
	}
	_, err = c.DeleteGroups(t.Context(), "rebalance")
	ok(t, err)
}

func testDeleteRecords(t *testing.T, c *kafka.Client) {
	ctx := t.Context()
	newTopic(t, c, "deleterecords", 2)
	mustWrite(t, c, numbers("deleterecords", 2, 5)...)
	partition := func(p int32) kmodel.TopicPartition {
		return kmodel.TopicPartition{Topic: "deleterecords", Partition: p}
	}
	answers, err := c.DeleteRecords(ctx, []kmodel.PartitionOffset{{TopicPartition: partition(1), Offset: -1}, {TopicPartition: partition(0), Offset: 3}})
	ok(t, err)
	if answers[0].Offset != 5 || answers[1].Offset != 3 || answers[0].Err != nil || answers[1].Err != nil {
		t.Errorf("answers %+v", answers)
	}
	o := kmodel.ConsumeOptions{Topics: []string{"deleterecords"}, From: kmodel.Position{Start: kmodel.StartBegin}, UntilEnd: true}
	if got := values(readAll(t, c, o, 0)); got != "6 8" {
		t.Errorf("left: %q", got)
	}
	offsets, err := c.Offsets(ctx, []kmodel.TopicPartition{partition(1), partition(7), partition(0)}, kmodel.Earliest)
	ok(t, err)
	if offsets[0].Offset != 5 || offsets[1].Err == nil || offsets[2].Offset != 3 {
		t.Errorf("offsets %+v", offsets)
	}
}

// TestApache_Advertised is a broker that sends clients where nobody is.
func TestApache_Advertised(t *testing.T) {
	nowhere := fmt.Sprintf("127.0.0.1:%d", peertest.FreePort(t))
	bootstrap := peertest.StartKRaft(t, peertest.KafkaOptions{Config: []string{"advertised.listeners=PLAINTEXT://" + nowhere}}).Bootstrap()
	c := dial(t, kafka.Config{Bootstrap: bootstrap})
	for what, try := range map[string]func(ctx context.Context) error{
		"create": func(ctx context.Context) error {
			return c.CreateTopic(ctx, kmodel.NewTopic{Name: "t", Partitions: 1, Replicas: 1})
		},
		"produce": func(ctx context.Context) error {
			o := kmodel.DefaultProduceOptions()
			o.Topics, o.AutoCreate = []string{"auto"}, true
			_, err := c.Producer(ctx, o, func(int64, kmodel.Record, error) {})
			return err
		},
		"groups": func(ctx context.Context) error {
			_, err := c.Groups(ctx)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			began := time.Now()
			err := try(t.Context())
			var advertised *kafka.AdvertisedError
			if !errors.As(err, &advertised) || advertised.Addr != nowhere || advertised.Bootstrap != bootstrap {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("told after %s", took)
			}
		})
	}
}
