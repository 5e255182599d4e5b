package codec

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func versions(t *testing.T, maximum int16, fn func(t *testing.T, version int16)) {
	for v := range maximum + 1 {
		t.Run(fmt.Sprintf("v%d", v), func(t *testing.T) { fn(t, v) })
	}
}

// produceRequests are bodies with null, empty and ordinary values.
func produceRequest(version int16) *kmsg.ProduceRequest {
	q := kmsg.NewPtrProduceRequest()
	q.SetVersion(version)
	q.Acks, q.TimeoutMillis = -1, 30_000
	if version >= 3 {
		id := "tx"
		q.TransactionID = &id
	}
	for topic, records := range [][][]byte{{[]byte("batch"), nil}, {{}}, {}} {
		it := kmsg.NewProduceRequestTopic()
		it.Topic = fmt.Sprintf("topic-%d", topic)
		for i, b := range records {
			p := kmsg.NewProduceRequestTopicPartition()
			p.Partition, p.Records = int32(i+7), b
			it.Partitions = append(it.Partitions, p)
		}
		q.Topics = append(q.Topics, it)
	}
	return q
}

func TestParseProduce(t *testing.T) {
	versions(t, ProduceMax, func(t *testing.T, version int16) {
		q, err := ParseProduce(produceRequest(version).AppendTo(nil), version, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d %d", q.Acks, q.TimeoutMs)
		for _, it := range q.Items {
			got += fmt.Sprintf(" | %s %d %q %v", it.Topic, it.Partition, it.Records, it.Records == nil)
		}
		want := `-1 30000 | topic-0 7 "batch" false | topic-0 8 "" true | topic-1 7 "" false`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestAppendProduceResponse(t *testing.T) {
	results := []ProduceResult{
		{Topic: []byte("a"), Partition: 1, Err: 0, Base: 100, AppendTime: 5, LogStart: 3},
		{Topic: []byte("a"), Partition: 2, Err: 6, Base: -1, AppendTime: -1, LogStart: -1, Message: "not the leader"},
		{Topic: []byte("b"), Partition: 0, Err: 3, Base: -1, AppendTime: -1, LogStart: -1},
	}
	versions(t, ProduceMax, func(t *testing.T, version int16) {
		body := AppendProduceResponse(nil, version, results)
		var p kmsg.ProduceResponse
		p.SetVersion(version)
		if err := p.ReadFrom(body); err != nil {
			t.Fatal(err)
		}
		if again := p.AppendTo(nil); !bytes.Equal(again, body) {
			t.Errorf("kmsg writes what it read as\n%x, here it is\n%x", again, body)
		}
		var got []ProduceResult
		for _, topic := range p.Topics {
			for _, part := range topic.Partitions {
				r := ProduceResult{Topic: []byte(topic.Topic), Partition: part.Partition, Err: part.ErrorCode, Base: part.BaseOffset,
					AppendTime: part.LogAppendTime, LogStart: part.LogStartOffset}
				if part.ErrorMessage != nil {
					r.Message = *part.ErrorMessage
				}
				got = append(got, r)
			}
		}
		for i, want := range results {
			if version < 2 {
				want.AppendTime = -1
			}
			if version < 5 {
				want.LogStart = -1
			}
			if version < 8 {
				want.Message = ""
			}
			if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", want); g != w {
				t.Errorf("result %d is %s, want %s", i, g, w)
			}
		}
	})
}

func fetchRequest(version int16) *kmsg.FetchRequest {
	q := kmsg.NewPtrFetchRequest()
	q.SetVersion(version)
	q.ReplicaID, q.MaxWaitMillis, q.MinBytes, q.MaxBytes = 2, 500, 1, 1<<20
	q.IsolationLevel, q.SessionID, q.SessionEpoch, q.Rack = 1, 77, 3, "rack"
	for topic, parts := range []int32{2, 0, 1} {
		it := kmsg.NewFetchRequestTopic()
		it.Topic = fmt.Sprintf("topic-%d", topic)
		for i := range parts {
			p := kmsg.NewFetchRequestTopicPartition()
			p.Partition, p.CurrentLeaderEpoch, p.FetchOffset, p.LastFetchedEpoch = i, 4, 1000+int64(i), 3
			p.LogStartOffset, p.PartitionMaxBytes = 10, 1<<16
			it.Partitions = append(it.Partitions, p)
		}
		q.Topics = append(q.Topics, it)
	}
	gone := kmsg.NewFetchRequestForgottenTopic()
	gone.Topic, gone.Partitions = "gone", []int32{1, 2}
	q.ForgottenTopics = append(q.ForgottenTopics, gone)
	return q
}

func TestParseFetch(t *testing.T) {
	versions(t, FetchMax, func(t *testing.T, version int16) {
		q, err := ParseFetch(fetchRequest(version).AppendTo(nil), version, nil)
		if err != nil {
			t.Fatal(err)
		}
		since := func(v int16, value, otherwise int64) int64 {
			if version >= v {
				return value
			}
			return otherwise
		}
		got := fmt.Sprintf("%d %d %d %d %v %d %d %d", q.Replica, q.MaxWaitMs, q.MinBytes, q.MaxBytes, q.Committed, q.SessionID, q.SessionEpoch, len(q.Forgotten))
		want := fmt.Sprintf("2 500 1 %d %v %d %d %d", since(3, 1<<20, 1<<31-1), version >= 4, since(7, 77, 0), since(7, 3, -1), since(7, 2, 0))
		for i, it := range q.Items {
			got += fmt.Sprintf(" | %s %d %d %d %d %d %d", it.Topic, it.Partition, it.LeaderEpoch, it.Offset, it.LastFetchedEpoch, it.LogStart, it.MaxBytes)
			topic, partition := []string{"topic-0", "topic-0", "topic-2"}[i], []int64{0, 1, 0}[i]
			want += fmt.Sprintf(" | %s %d %d %d %d %d 65536", topic, partition, since(9, 4, -1), 1000+partition, since(12, 3, -1), since(5, 10, -1))
		}
		if len(q.Items) != 3 || got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		for i, f := range q.Forgotten {
			if string(f.Topic) != "gone" || f.Partition != int32(i+1) {
				t.Errorf("forgotten %d is %s-%d", i, f.Topic, f.Partition)
			}
		}
	})
}

func TestAppendFetchRequest(t *testing.T) {
	want := fetchRequest(FetchMax)
	want.Rack, want.Topics = "", append(want.Topics[:1:1], want.Topics[2])
	body := want.AppendTo(nil)
	q, err := ParseFetch(body, FetchMax, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := AppendFetchRequest(nil, &q); !bytes.Equal(got, body) {
		t.Errorf("kmsg writes\n%x, here it is\n%x", body, got)
	}
}

func fetchResponse() *FetchResponse {
	return &FetchResponse{Err: 70, SessionID: 9, Committed: true, Parts: []FetchPart{
		{Topic: "a", Partition: 0, HighWatermark: 10, LastStable: 10, LogStart: 1, Records: [][]byte{[]byte("one"), nil, []byte("two")}, Size: 6},
		{Topic: "a", Partition: 1, Err: 1, HighWatermark: -1, LastStable: -1, LogStart: -1},
		{Topic: "b", Partition: 5, HighWatermark: 3, LastStable: 3, LogStart: 0, Diverging: true, EndEpoch: 2, End: 1},
		{Topic: "b", Partition: 6, HighWatermark: 3, LastStable: 3, LogStart: 0, Records: [][]byte{bytes.Repeat([]byte("x"), 300)}, Size: 300},
	}}
}

func TestAppendFetchResponse(t *testing.T) {
	for _, committed := range []bool{true, false} {
		versions(t, FetchMax, func(t *testing.T, version int16) {
			want := fetchResponse()
			want.Committed = committed
			meta, pieces := AppendFetchResponse(nil, nil, version, want)
			body := bytes.Join(pieces, nil)
			if len(body) != len(meta)+306 {
				t.Errorf("%d bytes of %d and the records", len(body), len(meta))
			}
			var p kmsg.FetchResponse
			p.SetVersion(version)
			if err := p.ReadFrom(body); err != nil {
				t.Fatal(err)
			}
			if again := p.AppendTo(nil); !bytes.Equal(again, body) {
				t.Errorf("kmsg writes what it read as\n%x, here it is\n%x", again, body)
			}
			if version >= 7 && (p.ErrorCode != 70 || p.SessionID != 9) {
				t.Errorf("error %d, session %d", p.ErrorCode, p.SessionID)
			}
			i := 0
			for _, topic := range p.Topics {
				for _, part := range topic.Partitions {
					w := want.Parts[i]
					i++
					if topic.Topic != w.Topic || part.Partition != w.Partition || part.ErrorCode != w.Err || part.HighWatermark != w.HighWatermark ||
						string(part.RecordBatches) != string(bytes.Join(w.Records, nil)) {
						t.Errorf("part %d is %s %+v", i, topic.Topic, part)
					}
					if version >= 4 && (part.LastStableOffset != w.LastStable || (part.AbortedTransactions == nil) == committed) {
						t.Errorf("part %d: last stable %d, aborted %v", i, part.LastStableOffset, part.AbortedTransactions)
					}
					if version >= 5 && part.LogStartOffset != w.LogStart {
						t.Errorf("part %d: log start %d", i, part.LogStartOffset)
					}
					if version >= 12 && w.Diverging && (part.DivergingEpoch.Epoch != w.EndEpoch || part.DivergingEpoch.EndOffset != w.End) {
						t.Errorf("part %d: diverging %+v", i, part.DivergingEpoch)
					}
				}
			}
			if i != len(want.Parts) {
				t.Errorf("%d parts", i)
			}
		})
	}
}

func TestParseFetchResponse(t *testing.T) {
	want := fetchResponse()
	_, pieces := AppendFetchResponse(nil, nil, FetchMax, want)
	var p kmsg.FetchResponse
	p.SetVersion(FetchMax)
	if err := p.ReadFrom(bytes.Join(pieces, nil)); err != nil {
		t.Fatal(err)
	}
	// What kmsg wrote, with aborted transactions and a current leader, as an Apache broker may send them.
	p.Topics[0].Partitions[0].AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1, FirstOffset: 2}}
	p.Topics[1].Partitions[0].CurrentLeader.LeaderID = 3
	body := p.AppendTo(nil)
	got, err := ParseFetchResponse(body, nil, func(b []byte) string { return string(b) })
	if err != nil {
		t.Fatal(err)
	}
	if got.Err != want.Err || got.SessionID != want.SessionID || len(got.Parts) != len(want.Parts) {
		t.Fatalf("got %+v", got)
	}
	for i, w := range want.Parts {
		g := got.Parts[i]
		if !bytes.Equal(bytes.Join(g.Records, nil), bytes.Join(w.Records, nil)) {
			t.Errorf("records of part %d: %q", i, g.Records)
		}
		g.Records, w.Records = nil, nil
		if fmt.Sprint(g) != fmt.Sprint(w) {
			t.Errorf("part %d is %+v, want %+v", i, g, w)
		}
	}
}

// TestTruncated parses every beginning of every body: all are errors.
func TestTruncated(t *testing.T) {
	for version := range int16(FetchMax + 1) {
		body := fetchRequest(version).AppendTo(nil)
		for n := range body {
			if _, err := ParseFetch(body[:n], version, nil); err == nil {
				t.Errorf("Fetch v%d: %d bytes of %d are taken", version, n, len(body))
			}
		}
		if _, err := ParseFetch(append(body, 0), version, nil); err == nil {
			t.Errorf("Fetch v%d: a byte too many is taken", version)
		}
	}
	for version := range int16(ProduceMax + 1) {
		body := produceRequest(version).AppendTo(nil)
		for n := range body {
			if _, err := ParseProduce(body[:n], version, nil); err == nil {
				t.Errorf("Produce v%d: %d bytes of %d are taken", version, n, len(body))
			}
		}
	}
}

// TestTooManyItems: a body of a megabyte must not become an answer of many.
func TestTooManyItems(t *testing.T) {
	q := fetchRequest(FetchMax)
	for range MaxItems {
		q.Topics[0].Partitions = append(q.Topics[0].Partitions, q.Topics[0].Partitions[0])
	}
	if _, err := ParseFetch(q.AppendTo(nil), FetchMax, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("Fetch: %v", err)
	}
	p := produceRequest(ProduceMax)
	for range MaxItems {
		p.Topics[0].Partitions = append(p.Topics[0].Partitions, p.Topics[0].Partitions[1])
	}
	if _, err := ParseProduce(p.AppendTo(nil), ProduceMax, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("Produce: %v", err)
	}
}

func FuzzParseProduce(f *testing.F) {
	for v := range int16(ProduceMax + 1) {
		f.Add(v, produceRequest(v).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		version = max(0, min(version, ProduceMax))
		q, err := ParseProduce(body, version, nil)
		if len(q.Items) > len(body)/5 {
			t.Fatalf("%d items of %d bytes", len(q.Items), len(body))
		}
		if err != nil {
			return
		}
		var k kmsg.ProduceRequest
		k.SetVersion(version)
		if err := k.ReadFrom(body); err != nil {
			t.Fatalf("kmsg refuses what is taken here: %v", err)
		}
		n := 0
		for _, topic := range k.Topics {
			for _, p := range topic.Partitions {
				if it := q.Items[n]; string(it.Topic) != topic.Topic || it.Partition != p.Partition || !bytes.Equal(it.Records, p.Records) {
					t.Fatalf("item %d is %+v, kmsg says %s %+v", n, it, topic.Topic, p)
				}
				n++
			}
		}
		if n != len(q.Items) || q.Acks != k.Acks || q.TimeoutMs != k.TimeoutMillis {
			t.Fatalf("%+v, kmsg says %+v", q, k)
		}
	})
}

func FuzzParseFetch(f *testing.F) {
	for v := range int16(FetchMax + 1) {
		f.Add(v, fetchRequest(v).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		version = max(0, min(version, FetchMax))
		q, err := ParseFetch(body, version, nil)
		if len(q.Items) > len(body)/16 {
			t.Fatalf("%d items of %d bytes", len(q.Items), len(body))
		}
		if err != nil {
			return
		}
		var k kmsg.FetchRequest
		k.SetVersion(version)
		if err := k.ReadFrom(body); err != nil {
			t.Fatalf("kmsg refuses what is taken here: %v", err)
		}
		n := 0
		for _, topic := range k.Topics {
			for _, p := range topic.Partitions {
				if it := q.Items[n]; string(it.Topic) != topic.Topic || it.Partition != p.Partition || it.Offset != p.FetchOffset || it.MaxBytes != p.PartitionMaxBytes {
					t.Fatalf("item %d is %+v, kmsg says %s %+v", n, it, topic.Topic, p)
				}
				n++
			}
		}
		if n != len(q.Items) || q.MinBytes != k.MinBytes {
			t.Fatalf("%+v, kmsg says %+v", q, k)
		}
	})
}

func FuzzParseFetchResponse(f *testing.F) {
	_, pieces := AppendFetchResponse(nil, nil, FetchMax, fetchResponse())
	f.Add(bytes.Join(pieces, nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParseFetchResponse(body, nil, func(b []byte) string { return string(b) })
		if len(p.Parts) > len(body)/37 {
			t.Fatalf("%d parts of %d bytes", len(p.Parts), len(body))
		}
		if err != nil {
			return
		}
		_, pieces := AppendFetchResponse(nil, nil, FetchMax, &p)
		again, err := ParseFetchResponse(bytes.Join(pieces, nil), nil, func(b []byte) string { return string(b) })
		if err != nil || len(again.Parts) != len(p.Parts) {
			t.Fatalf("%v: %d parts became %d", err, len(p.Parts), len(again.Parts))
		}
	})
}
