package partitions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
)

// led is one broker that leads all partitions of a topic.
func led(t *testing.T, parts int) (*broker, *client) {
	w := newWorld(t, 1, func(o *partitions.Options) { o.FetchSessions = 2 })
	replicas := make([][]int32, parts)
	for i := range replicas {
		replicas[i] = []int32{1}
	}
	w.topic("t", replicas...)
	for p := range int32(parts) {
		w.brokers[1].leads("t", p, 0)
	}
	return w.brokers[1], w.brokers[1].client()
}

func (c *client) must(topic string, partition int32, records []byte) {
	c.t.Helper()
	if _, err := c.produce(-1, topic, partition, records); err != kproto.NoError {
		c.t.Fatal(err)
	}
}

// TestFetch_Waits parks fetches until there is something, enough, or the time is over.
func TestFetch_Waits(t *testing.T) {
	b, c := led(t, 1)
	reader := b.client()

	q := fetchRequest(12, "t", 0, 0)
	q.MaxWaitMillis = 20
	begin := time.Now()
	if p := fetched(reader.request(q)); len(p.RecordBatches) != 0 || p.ErrorCode != 0 || time.Since(begin) < 20*time.Millisecond {
		t.Errorf("an empty log: %+v after %v", p, time.Since(begin))
	}

	q.MaxWaitMillis = 30_000
	sent := reader.send(q)
	c.must("t", 0, batch("one"))
	if got := values(t, fetched(reader.receive(q, sent)).RecordBatches); !slices.Equal(got, []string{"one"}) {
		t.Errorf("got %v", got)
	}

	// Two batches are not enough, the third one is.
	q = fetchRequest(12, "t", 0, 1)
	q.MaxWaitMillis, q.MinBytes = 30_000, int32(3*len(batch("xx")))
	sent = reader.send(q)
	for range 3 {
		c.must("t", 0, batch("xx"))
	}
	if got := values(t, fetched(reader.receive(q, sent)).RecordBatches); len(got) != 3 {
		t.Errorf("got %v", got)
	}

	// What there is when the time is over is given, though it is not enough.
	q = fetchRequest(12, "t", 0, 3)
	q.MaxWaitMillis, q.MinBytes = 20, 1<<20
	if got := values(t, fetched(reader.request(q)).RecordBatches); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// TestFetch_WakesForAllItsPartitions parks one fetch in many partitions, again and again.
func TestFetch_WakesForAllItsPartitions(t *testing.T) {
	b, c := led(t, 5)
	reader := b.client()
	q := fetchRequest(12, "t", 0, 0)
	for p := range int32(4) {
		q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", p+1, 0).Topics[0].Partitions...)
	}
	q.MaxWaitMillis = 30_000
	for round := range int64(10) {
		for p := range 5 {
			sent := reader.send(q)
			c.must("t", int32(p), batch("x"))
			for i, part := range reader.receive(q, sent).(*kmsg.FetchResponse).Topics[0].Partitions {
				if got := len(values(t, part.RecordBatches)); got != 0 && i != p || got != 1 && i == p {
					t.Fatalf("round %d, partition %d: %d records in %d", round, p, got, i)
				}
			}
			q.Topics[0].Partitions[p].FetchOffset++
		}
	}
}

// TestFetch_Limits: a batch that is larger than all limits comes first, or not at all.
func TestFetch_Limits(t *testing.T) {
	_, c := led(t, 3)
	big := strings.Repeat("x", 10_000)
	for p := range int32(3) {
		c.must("t", p, batch(big))
		c.must("t", p, batch(big))
	}
	sizes := func(maxBytes, partitionMax int32) (sizes []int) {
		q := fetchRequest(12, "t", 0, 0)
		for p := range int32(2) {
			q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", p+1, 0).Topics[0].Partitions...)
		}
		q.MaxBytes = maxBytes
		for i := range q.Topics[0].Partitions {
			q.Topics[0].Partitions[i].PartitionMaxBytes = partitionMax
		}
		for _, p := range c.request(q).(*kmsg.FetchResponse).Topics[0].Partitions {
			sizes = append(sizes, len(values(t, p.RecordBatches)))
		}
		return sizes
	}
	for _, tc := range []struct {
		all, each int32
		want      []int
	}{
		{1 << 20, 1 << 20, []int{2, 2, 2}},
		{1 << 20, 11_000, []int{1, 1, 1}},
		{21_000, 1 << 20, []int{2, 0, 0}},
		{31_000, 1 << 20, []int{2, 1, 0}},
		{100, 1 << 20, []int{1, 0, 0}},
		{1 << 20, 100, []int{1, 0, 0}},
		{0, 0, []int{1, 0, 0}},
	} {
		if got := sizes(tc.all, tc.each); !slices.Equal(got, tc.want) {
			t.Errorf("max %d, each %d: %v, want %v", tc.all, tc.each, got, tc.want)
		}
	}
}

func TestFetch_Offsets(t *testing.T) {
	_, c := led(t, 1)
	c.must("t", 0, batch("a", "b", "c"))
	c.must("t", 0, batch("d"))
	for offset, want := range map[int64]kproto.Error{-1: kproto.OffsetOutOfRange, 0: kproto.NoError, 1: kproto.NoError, 4: kproto.NoError, 5: kproto.OffsetOutOfRange} {
		p := fetched(c.request(fetchRequest(12, "t", 0, offset)))
		if kproto.Error(p.ErrorCode) != want {
			t.Errorf("from %d: error %d", offset, p.ErrorCode)
		}
		// The batch that has the offset comes whole.
		if got := len(values(t, p.RecordBatches)); offset == 1 && got != 4 {
			t.Errorf("from %d: %d records", offset, got)
		}
	}
	if p := fetched(c.request(fetchRequest(12, "none", 0, 0))); kproto.Error(p.ErrorCode) != kproto.UnknownTopicOrPartition {
		t.Errorf("error %d", p.ErrorCode)
	}
}

// TestFetch_Zstd is refused to readers that are too old for it.
func TestFetch_Zstd(t *testing.T) {
	_, c := led(t, 1)
	b := packed(kproto.CodecZstd, 1, good(0))
	if resp := c.request(produceRequest(6, 1, "t", 0, slices.Clone(b))).(*kmsg.ProduceResponse); kproto.Error(resp.Topics[0].Partitions[0].ErrorCode) != kproto.UnsupportedCompressionType {
		t.Errorf("Produce v6: %+v", resp.Topics[0].Partitions[0])
	}
	c.must("t", 0, b)
	for version, want := range map[int16]kproto.Error{9: kproto.UnsupportedCompressionType, 10: kproto.NoError} {
		if p := fetched(c.request(fetchRequest(version, "t", 0, 0))); kproto.Error(p.ErrorCode) != want {
			t.Errorf("Fetch v%d: error %d", version, p.ErrorCode)
		}
	}
}

// TestFetch_NewLeaderAnswersTheOldOnesFetches: a change of leadership ends a fetch that waits.
func TestFetch_LeadershipEndsTheWait(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	q := fetchRequest(12, "t", 0, 0)
	q.MaxWaitMillis = 30_000
	sent := c.send(q)
	w.elect("t", 0, 2, 1, []int32{1, 2})
	if p := fetched(c.receive(q, sent)); kproto.Error(p.ErrorCode) != kproto.NotLeaderOrFollower {
		t.Errorf("error %d", p.ErrorCode)
	}
}

// TestFetch_Session is KIP-227, from beginning to end.
func TestFetch_Session(t *testing.T) {
	_, c := led(t, 3)
	q := fetchRequest(12, "t", 0, 0)
	for p := range int32(2) {
		q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", p+1, 0).Topics[0].Partitions...)
	}
	q.MaxWaitMillis, q.SessionEpoch = 0, 0
	ask := func() (resp *kmsg.FetchResponse, parts string) {
		resp = c.request(q).(*kmsg.FetchResponse)
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				parts += fmt.Sprintf(" %d:%d", p.Partition, len(values(t, p.RecordBatches)))
			}
		}
		return resp, strings.TrimSpace(parts)
	}
	resp, parts := ask()
	if resp.SessionID == 0 || parts != "0:0 1:0 2:0" {
		t.Fatalf("session %d, %s", resp.SessionID, parts)
	}
	q.SessionID, q.SessionEpoch, q.Topics = resp.SessionID, 1, nil
	check := func(what, want string) {
		t.Helper()
		resp, parts := ask()
		if resp.ErrorCode != 0 || resp.SessionID != q.SessionID || parts != want {
			t.Errorf("%s: error %d, session %d, parts %q, want %q", what, resp.ErrorCode, resp.SessionID, parts, want)
		}
		q.SessionEpoch++
		q.Topics, q.ForgottenTopics = nil, nil
	}
	check("nothing new", "")
	c.must("t", 1, batch("x"))
	check("one partition has something", "1:1")
	q.Topics = fetchRequest(12, "t", 1, 1).Topics
	check("and is read on", "")
	c.must("t", 0, batch("x"))
	c.must("t", 2, batch("x"))
	f := kmsg.NewFetchRequestForgottenTopic()
	f.Topic, f.Partitions = "t", []int32{0}
	q.ForgottenTopics = append(q.ForgottenTopics, f)
	check("one is forgotten", "2:1")
	q.Topics = fetchRequest(12, "t", 2, 9).Topics
	check("an error", "2:0")
	q.Topics = fetchRequest(12, "t", 2, 1).Topics
	check("its end", "2:0")
	check("which is told once", "")

	q.SessionEpoch = 1
	if resp, _ := ask(); kproto.Error(resp.ErrorCode) != kproto.InvalidFetchSessionEpoch {
		t.Errorf("an old epoch: error %d", resp.ErrorCode)
	}
	q.SessionEpoch = -1
	if resp, _ := ask(); resp.ErrorCode != 0 || resp.SessionID != 0 {
		t.Errorf("the end: %+v", resp)
	}
	q.SessionEpoch = 9
	if resp, _ := ask(); kproto.Error(resp.ErrorCode) != kproto.FetchSessionIDNotFound {
		t.Errorf("after the end: error %d", resp.ErrorCode)
	}
}

// TestFetch_SessionsAreBounded: with two places, two clients have sessions, and a third one none; one with more partitions
// takes the place of one with fewer.
func TestFetch_SessionsAreBounded(t *testing.T) {
	_, c := led(t, 2)
	q := fetchRequest(12, "t", 0, 0)
	q.MaxWaitMillis, q.SessionEpoch = 0, 0
	var ids []int32
	for range 3 {
		ids = append(ids, c.request(q).(*kmsg.FetchResponse).SessionID)
	}
	if ids[0] == 0 || ids[1] == 0 || ids[2] != 0 {
		t.Errorf("sessions %v", ids)
	}
	q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", 1, 0).Topics[0].Partitions...)
	if id := c.request(q).(*kmsg.FetchResponse).SessionID; id == 0 {
		t.Error("no place for the larger one")
	}
}

// TestFetch_Pipelined sends many requests at once: the answers come in order, although the first ones wait.
func TestFetch_Pipelined(t *testing.T) {
	b, c := led(t, 1)
	reader := b.client()
	q := fetchRequest(12, "t", 0, 0)
	q.MaxWaitMillis = 30_000
	var sent []int32
	for range 50 {
		sent = append(sent, reader.send(q))
	}
	c.must("t", 0, batch("x"))
	for _, id := range sent {
		if got := values(t, fetched(reader.receive(q, id)).RecordBatches); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
	}
}
