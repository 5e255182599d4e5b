package partitions_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// client is a connection to a broker.
type client struct {
	t    testing.TB
	conn net.Conn
	next int32
}

func (b *broker) client() *client {
	b.w.t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	ok(b.w.t, err)
	b.w.t.Cleanup(func() { conn.Close() })
	return &client{t: b.w.t, conn: conn}
}

// dialOwn is client for a broker that may be down.
func (b *broker) dialOwn() (*client, error) {
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		return nil, err
	}
	return &client{t: b.w.t, conn: conn}, nil
}

// send sends a request, and returns its correlation id.
func (c *client) send(q kmsg.Request) int32 {
	c.t.Helper()
	c.next++
	f := kmsg.NewRequestFormatter(kmsg.FormatterClientID("test"))
	_, err := c.conn.Write(f.AppendRequest(nil, q, c.next))
	ok(c.t, err)
	return c.next
}

// receive reads the answer to q.
func (c *client) receive(q kmsg.Request, correlation int32) kmsg.Response {
	c.t.Helper()
	resp, err := c.read(q, correlation)
	ok(c.t, err)
	return resp
}

func (c *client) read(q kmsg.Request, correlation int32) (kmsg.Response, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	var head [8]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return nil, err
	}
	if got := int32(binary.BigEndian.Uint32(head[4:])); got != correlation {
		return nil, fmt.Errorf("an answer to %d, not %d", got, correlation)
	}
	resp := q.ResponseKind()
	if resp.IsFlexible() {
		body = body[1:]
	}
	return resp, resp.ReadFrom(body)
}

func (c *client) request(q kmsg.Request) kmsg.Response {
	c.t.Helper()
	return c.receive(q, c.send(q))
}

// requestOrEnd is request for a broker that may hang up: then there is no answer but nil, and the client has a new connection.
func (c *client) requestOrEnd(q kmsg.Request) kmsg.Response {
	c.t.Helper()
	resp, err := c.read(q, c.send(q))
	if err == io.EOF {
		c.conn.Close()
		c.conn, err = net.Dial("tcp", c.conn.RemoteAddr().String())
		ok(c.t, err)
		return nil
	}
	ok(c.t, err)
	return resp
}

// batch is a record batch of values.
func batch(values ...string) []byte {
	return batchOf(kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}, values...)
}

func batchOf(h kproto.BatchHeader, values ...string) []byte {
	var records []kproto.Record
	for _, v := range values {
		records = append(records, kproto.Record{Timestamp: time.Now().UnixMilli(), Value: []byte(v)})
	}
	return kproto.AppendBatch(nil, h, records)
}

func produceRequest(version, acks int16, topic string, partition int32, records []byte) *kmsg.ProduceRequest {
	q := kmsg.NewPtrProduceRequest()
	q.Version, q.Acks, q.TimeoutMillis = version, acks, 20_000
	p := kmsg.NewProduceRequestTopicPartition()
	p.Partition, p.Records = partition, records
	tp := kmsg.NewProduceRequestTopic()
	tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
	q.Topics = append(q.Topics, tp)
	return q
}

// produce returns the base offset, or the error.
func (c *client) produce(acks int16, topic string, partition int32, records []byte) (int64, kproto.Error) {
	c.t.Helper()
	resp := c.request(produceRequest(9, acks, topic, partition, records)).(*kmsg.ProduceResponse)
	p := resp.Topics[0].Partitions[0]
	return p.BaseOffset, kproto.Error(p.ErrorCode)
}

func fetchRequest(version int16, topic string, partition int32, offset int64) *kmsg.FetchRequest {
	q := kmsg.NewPtrFetchRequest()
	q.Version, q.MaxWaitMillis, q.MinBytes, q.MaxBytes, q.SessionEpoch = version, 100, 1, 1<<20, -1
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.CurrentLeaderEpoch = partition, offset, 1<<20, -1
	p.LastFetchedEpoch = -1
	tp := kmsg.NewFetchRequestTopic()
	tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
	q.Topics = append(q.Topics, tp)
	return q
}

// fetched is what a fetch has of its first partition.
func fetched(resp kmsg.Response) kmsg.FetchResponseTopicPartition {
	return resp.(*kmsg.FetchResponse).Topics[0].Partitions[0]
}

// values are those of whole batches.
func values(t testing.TB, batches []byte) []string {
	t.Helper()
	var all []string
	for len(batches) > 0 {
		h, err := kproto.ParseBatchHeader(batches)
		ok(t, err)
		if !kproto.CheckCRC(batches[:h.Size()]) {
			t.Fatalf("the batch at %d is damaged", h.BaseOffset)
		}
		ok(t, kproto.WalkRecords(h, batches[kproto.BatchHeaderSize:h.Size()], func(r kproto.Record) error {
			all = append(all, string(r.Value))
			return nil
		}))
		batches = batches[h.Size():]
	}
	return all
}

// all are the values of a partition from its beginning, as clients of b see them.
func (c *client) all(topic string, partition int32) []string {
	c.t.Helper()
	var got []string
	for offset := int64(0); ; {
		q := fetchRequest(12, topic, partition, offset)
		q.MaxWaitMillis = 0
		p := fetched(c.request(q))
		if p.ErrorCode != 0 || len(p.RecordBatches) == 0 {
			return got
		}
		got = append(got, values(c.t, p.RecordBatches)...)
		offset = int64(len(got))
	}
}
