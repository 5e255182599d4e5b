package kbroker_test

import (
	"encoding/binary"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestHostileConnections: hundreds of connections that announce frames and send none, send most of a large one, or ask
// for records by the gigabyte and read nothing, take bounded memory, and do not keep a client of good will from its work.
func TestHostileConnections(t *testing.T) {
	noLeaks(t)
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1))
	b.options.Logger = slog.New(slog.DiscardHandler)
	ctx := within(t)
	created, err := admin(t, b).CreateTopic(ctx, 1, 1, nil, "t")
	ok(t, err)
	ok(t, created.Err)
	cl := client(t, []kgo.Opt{kgo.DefaultProduceTopic("t"), kgo.ProducerBatchCompression(kgo.NoCompression())}, b)
	produce := func(value string) {
		t.Helper()
		ok(t, cl.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr())
	}
	for range 24 {
		produce(strings.Repeat("x", 900<<10))
	}

	send := func(pieces ...[]byte) {
		t.Helper()
		conn, err := net.Dial("tcp", b.addr())
		ok(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		go func() {
			for _, p := range pieces {
				if _, err := conn.Write(p); err != nil {
					return
				}
			}
		}()
	}
	length := binary.BigEndian.AppendUint32(nil, 100<<20)
	for range 200 {
		send(length)
	}
	part := make([]byte, 60<<20)
	for range 8 {
		send(length, part)
	}
	for range 60 { // which ask for 12 GiB, if all were answered
		send(manyFetches(10))
	}
	var most uint64
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		produce("x")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	t.Logf("at most %d MiB", most>>20)
	if most > 1<<30 {
		t.Errorf("%d MiB are in use", most>>20)
	}
}

// manyFetches asks that often for all that there is.
func manyFetches(n int32) (out []byte) {
	q := kmsg.NewPtrFetchRequest()
	q.Version, q.MinBytes, q.MaxBytes, q.SessionEpoch = 12, 1, 1<<30, -1
	p := kmsg.NewFetchRequestTopicPartition()
	p.PartitionMaxBytes, p.CurrentLeaderEpoch, p.LastFetchedEpoch = 1<<30, -1, -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.Partitions = "t", append(topic.Partitions, p)
	q.Topics = append(q.Topics, topic)
	body := q.AppendTo(nil)
	for id := range n {
		h := kproto.RequestHeader{Key: q.Key(), Version: q.Version, CorrelationID: id, ClientID: "deaf", HasClientID: true}
		frame := append(h.AppendTo(make([]byte, 4), true), body...)
		binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
		out = append(out, frame...)
	}
	return out
}
