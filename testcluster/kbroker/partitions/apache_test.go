package partitions_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// TestAgainstApache sends the same requests, in the same order, to Kafka 2.7 and to this broker, and compares the answers,
// byte for byte where they have records.
func TestAgainstApache(t *testing.T) {
	apache, ours := bothBrokers(t)
	for _, x := range exchanges() {
		for _, version := range x.versions {
			theirs, mine := x.ask(apache, version), x.ask(ours, version)
			if theirs != mine && !slices.Contains(x.differs, version) {
				t.Errorf("%s, v%d:\nApache: %s\nours:   %s", x.name, version, theirs, mine)
			}
		}
	}
	theirTale, ourTale := sessionTale(apache), sessionTale(ours)
	for i := range theirTale {
		if theirTale[i] != ourTale[i] {
			t.Errorf("in a session:\nApache: %s\nours:   %s", theirTale[i], ourTale[i])
		}
	}
}

// bothBrokers are connections to Kafka 2.7 and to this broker, each of which leads t-0 and t-1.
func bothBrokers(t *testing.T) (apache, ours *client) {
	t.Helper()
	w := newWorld(t, 1, nil)
	cluster := peertest.StartKafka(t, "27", w.zk.ConnectString()+"/kafka", peertest.KafkaOptions{FirstID: 1})
	conn, err := net.Dial("tcp", strings.Split(cluster.Bootstrap(), ",")[0])
	ok(t, err)
	apache = &client{t: t, conn: conn}
	t.Cleanup(func() { apache.conn.Close() })
	create := kmsg.NewPtrCreateTopicsRequest()
	create.Version, create.TimeoutMillis = 5, 10_000
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", 2, 1
	create.Topics = append(create.Topics, topic)
	eventually(t, "Apache's broker takes a topic", func() bool {
		return apache.request(create).(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode == 0
	})
	for p := range int32(2) {
		eventually(t, "Apache's broker leads it", func() bool { return apache.listOffset(5, "t", p, -1, -1).ErrorCode == 0 })
	}
	w.topic("t", []int32{1}, []int32{1})
	w.brokers[1].leads("t", 1, 0)
	return apache, w.brokers[1].client()
}

// sessionTale is what a fetch session says from its beginning to its end.
func sessionTale(c *client) (tale []string) {
	q := fetchRequest(12, "t", 0, 0)
	q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", 1, 0).Topics[0].Partitions...)
	for i := range q.Topics[0].Partitions {
		q.Topics[0].Partitions[i].FetchOffset = c.listOffset(5, "t", int32(i), -1, -1).Offset
	}
	q.MaxWaitMillis, q.SessionEpoch = 0, 0
	all := q.Topics
	step := func(what string, topics []kmsg.FetchRequestTopic, forget ...int32) {
		q.Topics, q.ForgottenTopics = topics, nil
		if forget != nil {
			f := kmsg.NewFetchRequestForgottenTopic()
			f.Topic, f.Partitions = "t", forget
			q.ForgottenTopics = append(q.ForgottenTopics, f)
		}
		resp := c.request(q).(*kmsg.FetchResponse)
		line := fmt.Sprintf("%s: error %d, session %v", what, resp.ErrorCode, resp.SessionID != 0)
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				line += fmt.Sprintf(" | %d error %d hw %d start %d %d bytes", p.Partition, p.ErrorCode, p.HighWatermark, p.LogStartOffset, len(p.RecordBatches))
			}
		}
		tale = append(tale, line)
		if q.SessionEpoch == 0 {
			q.SessionID = resp.SessionID
		}
		q.SessionEpoch++
	}
	one := func(i int, offset int64) []kmsg.FetchRequestTopic {
		t := fetchRequest(12, "t", int32(i), offset)
		return t.Topics
	}
	end := all[0].Partitions[0].FetchOffset
	step("begin", all)
	step("nothing new", nil)
	c.request(produceRequest(8, 1, "t", 0, batch("x")))
	step("records", nil)
	step("not taken", nil)
	step("taken", one(0, end+1))
	step("out of range", one(0, end+100))
	step("again", nil)
	step("back", one(0, end+1))
	step("quiet", nil)
	step("forget", nil, 0)
	c.request(produceRequest(8, 1, "t", 0, batch("x")))
	step("forgotten", nil)
	step("unknown", append(one(5, 0), fetchRequest(12, "none", 0, 0).Topics...))
	step("still unknown", nil)
	q.SessionEpoch += 3
	step("a wrong epoch", nil)
	q.SessionEpoch = -1
	step("the end", nil)
	q.SessionEpoch = 7
	step("after the end", nil)
	return tale
}

// exchange is a request in some versions. A version in which we mean to answer otherwise is in differs.
type exchange struct {
	name     string
	versions []int16
	request  func() kmsg.Request
	differs  []int16
}

func upTo(from, to int16) (all []int16) {
	for v := from; v <= to; v++ {
		all = append(all, v)
	}
	return all
}

// ask returns the answer as text, without what is chance or a broker's own words; "hung up" if there is none.
func (x *exchange) ask(c *client, version int16) string {
	q := x.request()
	q.SetVersion(version)
	resp := c.requestOrEnd(q)
	if resp == nil {
		return "hung up"
	}
	text, err := json.Marshal(resp)
	ok(c.t, err)
	var tree any
	ok(c.t, json.Unmarshal(text, &tree))
	scrub(tree)
	text, err = json.Marshal(tree)
	ok(c.t, err)
	return string(text)
}

func scrub(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			scrub(e)
		}
	case map[string]any:
		if code, ok := v["ErrorCode"]; ok && code != float64(0) {
			delete(v, "LogStartOffset") // sometimes there beside an error, and sometimes not
		}
		for k, e := range v {
			switch k {
			case "ErrorMessage", "ErrorRecords", "Dir", "UnknownTags", "ThrottleMillis":
				delete(v, k)
			case "SessionID":
				v[k] = e != float64(0)
			}
			scrub(e)
		}
	}
}

// at is a batch whose bytes are the same for both.
func at(ms int64, h kproto.BatchHeader, n int) []byte {
	var records []kproto.Record
	for i := range n {
		records = append(records, kproto.Record{Timestamp: ms + int64(i), Key: []byte("k"), Value: fmt.Appendf(nil, "v%d", i)})
	}
	return kproto.AppendBatch(nil, h, records)
}

func exchanges() (all []exchange) {
	plain := kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	now := time.Now().UnixMilli()
	add := func(name string, versions []int16, request func() kmsg.Request, differs ...int16) {
		all = append(all, exchange{name, versions, request, differs})
	}
	produce := func(name string, versions []int16, acks int16, topic string, partition int32, records []byte, differs ...int16) {
		add("Produce "+name, versions, func() kmsg.Request {
			return produceRequest(0, acks, topic, partition, slices.Clone(records))
		}, differs...)
	}
	produce("acks=all", upTo(3, 8), -1, "t", 0, at(now, plain, 3))
	produce("acks=1", upTo(3, 8), 1, "t", 0, at(now, plain, 1))
	produce("acks=2", upTo(3, 8), 2, "t", 0, at(now, plain, 1))
	produce("nowhere", upTo(3, 8), 1, "none", 0, at(now, plain, 1))
	produce("in no partition", upTo(3, 8), 1, "t", 9, at(now, plain, 1))
	bad := func(name string, change func(b []byte) []byte, differs ...int16) {
		produce(name, []int16{8}, 1, "t", 0, change(at(now, plain, 2)), differs...)
	}
	bad("damaged", func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	bad("two batches", func(b []byte) []byte { return append(b, b...) })
	// Apache's hangs up where it finds no whole batch of a format that it knows, and has no code for an unknown codec.
	bad("cut short", func(b []byte) []byte { return b[:len(b)-3] }, 8)
	bad("none", func([]byte) []byte { return []byte{} }, 8)
	bad("base offset 5", func(b []byte) []byte { kproto.SetBaseOffset(b, 5); return b })
	bad("a count that lies", func(b []byte) []byte { b[60] = 3; kproto.SealBatch(b); return b })
	bad("an offset delta that lies", func(b []byte) []byte { b[26] = 5; kproto.SealBatch(b); return b })
	bad("a control batch", func(b []byte) []byte { b[22] |= byte(kproto.AttrControl); kproto.SealBatch(b); return b })
	bad("an unknown codec", func(b []byte) []byte { b[22] |= 7; kproto.SealBatch(b); return b }, 8)
	bad("magic 3", func(b []byte) []byte { b[16] = 3; return b }, 8)
	produce("too large", []int16{8}, 1, "t", 0, at(now, plain, 200_000))
	idempotent := func(name string, epoch int16, sequence int32, n int, differs ...int16) {
		produce(name, []int16{8}, -1, "t", 1, at(now, kproto.BatchHeader{ProducerID: 4711, ProducerEpoch: epoch, BaseSequence: sequence}, n), differs...)
	}
	idempotent("sequence 0", 0, 0, 2)
	idempotent("sequence 2", 0, 2, 2)
	idempotent("sequence 0 again", 0, 0, 2, 8) // Apache's gives the batch's time as that of the append
	idempotent("a gap", 0, 9, 1)
	idempotent("part of a batch again", 0, 2, 1)
	idempotent("a new epoch, not from 0", 1, 3, 1)
	idempotent("a new epoch", 1, 0, 1)
	idempotent("an old epoch", 0, 4, 1)

	fetch := func(name string, versions []int16, change func(q *kmsg.FetchRequest, p *kmsg.FetchRequestTopicPartition), differs ...int16) {
		add("Fetch "+name, versions, func() kmsg.Request {
			q := fetchRequest(0, "t", 0, 0)
			q.MaxWaitMillis = 0
			change(q, &q.Topics[0].Partitions[0])
			return q
		}, differs...)
	}
	type part = kmsg.FetchRequestTopicPartition
	fetch("all", upTo(4, 12), func(*kmsg.FetchRequest, *part) {})
	fetch("committed", upTo(4, 12), func(q *kmsg.FetchRequest, _ *part) { q.IsolationLevel = 1 })
	fetch("from the middle of a batch", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.FetchOffset = 1 })
	fetch("little", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.PartitionMaxBytes = 1 })
	fetch("at the end", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.FetchOffset = 24 })
	fetch("behind the end", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.FetchOffset = 25 })
	fetch("before the start", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.FetchOffset = -1 })
	fetch("nowhere", upTo(4, 12), func(q *kmsg.FetchRequest, _ *part) { q.Topics[0].Topic = "none" })
	fetch("in no partition", upTo(4, 12), func(_ *kmsg.FetchRequest, p *part) { p.Partition = 7 })
	fetch("in a newer epoch", upTo(9, 12), func(_ *kmsg.FetchRequest, p *part) { p.CurrentLeaderEpoch = 5 })
	fetch("diverging", []int16{12}, func(_ *kmsg.FetchRequest, p *part) { p.LastFetchedEpoch, p.CurrentLeaderEpoch = 0, 0 })
	fetch("of an epoch that never was", []int16{12}, func(_ *kmsg.FetchRequest, p *part) { p.LastFetchedEpoch = 3 })
	fetch("beginning a session", upTo(7, 12), func(q *kmsg.FetchRequest, _ *part) { q.SessionEpoch = 0 })
	fetch("in a session that is not", upTo(7, 12), func(q *kmsg.FetchRequest, _ *part) { q.SessionID, q.SessionEpoch = 77, 2 })
	fetch("of nothing", upTo(4, 12), func(q *kmsg.FetchRequest, _ *part) { q.Topics = nil })
	// Apache's answers without records, and without an error.
	fetch("by a stranger", []int16{11}, func(q *kmsg.FetchRequest, _ *part) { q.ReplicaID = 9 }, 11)

	for _, topic := range []string{"t", "none"} {
		for _, timestamp := range []int64{-1, -2, now - 5, now + 1, now + 100_000} {
			for _, epoch := range []int32{-1, 0, 3} {
				add(fmt.Sprintf("ListOffsets %s %d epoch %d", topic, timestamp-now, epoch), upTo(1, 5), func() kmsg.Request {
					q := kmsg.NewPtrListOffsetsRequest()
					q.ReplicaID = -1
					p := kmsg.NewListOffsetsRequestTopicPartition()
					p.CurrentLeaderEpoch, p.Timestamp = epoch, timestamp
					tp := kmsg.NewListOffsetsRequestTopic()
					tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
					q.Topics = append(q.Topics, tp)
					return q
				})
			}
		}
	}
	for _, epoch := range []int32{-1, 0, 1, 5} {
		for _, current := range []int32{-1, 0, 1} {
			add(fmt.Sprintf("OffsetForLeaderEpoch %d in %d", epoch, current), upTo(0, 3), func() kmsg.Request {
				q := kmsg.NewPtrOffsetForLeaderEpochRequest()
				q.ReplicaID = -1
				p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
				p.CurrentLeaderEpoch, p.LeaderEpoch = current, epoch
				tp := kmsg.NewOffsetForLeaderEpochRequestTopic()
				tp.Topic, tp.Partitions = "t", append(tp.Partitions, p)
				q.Topics = append(q.Topics, tp)
				return q
			})
		}
	}
	for _, offset := range []int64{2, 1, 100, -2, 5, -1} {
		for _, topic := range []string{"t", "none"} {
			add(fmt.Sprintf("DeleteRecords %s %d", topic, offset), upTo(0, 2), func() kmsg.Request {
				return deleteRecordsRequest(topic, 0, offset)
			})
		}
	}
	fetch("before what was deleted", upTo(4, 12), func(*kmsg.FetchRequest, *part) {})
	add("DescribeLogDirs", upTo(0, 2), func() kmsg.Request {
		q := kmsg.NewPtrDescribeLogDirsRequest()
		tp := kmsg.NewDescribeLogDirsRequestTopic()
		tp.Topic, tp.Partitions = "t", []int32{1, 5}
		q.Topics = append(q.Topics, tp)
		return q
	})
	for _, topic := range []string{"t", "none"} {
		add("AlterReplicaLogDirs "+topic, upTo(0, 1), func() kmsg.Request {
			q := kmsg.NewPtrAlterReplicaLogDirsRequest()
			d := kmsg.NewAlterReplicaLogDirsRequestDir()
			tp := kmsg.NewAlterReplicaLogDirsRequestDirTopic()
			tp.Topic, tp.Partitions = topic, []int32{0}
			d.Dir, d.Topics = "/nowhere", append(d.Topics, tp)
			q.Dirs = append(q.Dirs, d)
			return q
		})
	}
	return all
}
