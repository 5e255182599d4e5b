package partitions_test

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
)

// fakeLeader is a world in which a stranger stands in for broker 1, which leads t-0: conn is the connection that its follower,
// broker 2, has made to it. The next connection goes to the broker itself.
func fakeLeader(t *testing.T, tune func(*partitions.Options)) (w *world, conn net.Conn) {
	t.Helper()
	fake, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { fake.Close() })
	w = newWorld(t, 2, tune)
	b := w.brokers[2]
	b.instead.Store(fake.Addr().String())
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	conn, err = fake.Accept()
	ok(t, err)
	t.Cleanup(func() { conn.Close() })
	b.instead.Store("")
	return w, conn
}

// TestFollow_LeaderHangs: a leader that takes a fetch and says nothing is given up after replica.socket.timeout.ms, and asked
// anew.
func TestFollow_LeaderHangs(t *testing.T) {
	w, _ := fakeLeader(t, func(o *partitions.Options) { o.SocketTimeoutMs, o.FetchWaitMs = 100, 50 })
	c := w.brokers[1].client()
	c.must("t", 0, batch("a"))
	if got := c.all("t", 0); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v", got)
	}
}

// TestFollow_Garbage: what is not an answer ends the connection, and the follower starts over.
func TestFollow_Garbage(t *testing.T) {
	for name, answer := range map[string]string{
		"a length below 0": "\xff\xff\xff\xff\x00\x00\x00\x01", "too long": "\x7f\xff\xff\xff\x00\x00\x00\x01",
		"another request's": "\x00\x00\x00\x05\x00\x00\x00\x09\x00", "no body": "\x00\x00\x00\x04\x00\x00\x00\x01",
		"a body that is none": "\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x01\x02\x03\x04\x05", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			w, conn := fakeLeader(t, nil)
			_, err := conn.Read(make([]byte, 10))
			ok(t, err)
			_, err = conn.Write([]byte(answer))
			ok(t, err)
			if name == "nothing" {
				ok(t, conn.Close())
			}
			w.brokers[1].client().must("t", 0, batch("a"))
		})
	}
}

// TestFollow_LaterEpoch: a follower does not take records of a later leader epoch than the one it follows, and asks again.
func TestFollow_LaterEpoch(t *testing.T) {
	w, conn := fakeLeader(t, nil)
	b := w.brokers[2]
	later := batch("not for epoch 0")
	kproto.SetLeaderEpoch(later, 1)
	answer := kmsg.NewPtrFetchResponse()
	answer.Version = 12
	part := kmsg.NewFetchResponseTopicPartition()
	part.HighWatermark, part.LastStableOffset, part.LogStartOffset, part.RecordBatches = 1, 1, 0, later
	topic := kmsg.NewFetchResponseTopic()
	topic.Topic, topic.Partitions = "t", append(topic.Partitions, part)
	answer.Topics = append(answer.Topics, topic)
	for range 2 { // the second request says that the first answer was taken in
		var head [4]byte
		_, err := io.ReadFull(conn, head[:])
		ok(t, err)
		request := make([]byte, binary.BigEndian.Uint32(head[:]))
		_, err = io.ReadFull(conn, request)
		ok(t, err)
		if version := binary.BigEndian.Uint16(request[2:]); version != 12 {
			t.Fatalf("Fetch %d", version)
		}
		body := answer.AppendTo(append(slices.Clone(request[4:8]), 0))
		_, err = conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
		ok(t, err)
	}
	if l := b.dir.Log("t", 0); l.EndOffset() != 0 || l.LatestEpoch() != -1 {
		t.Errorf("it has taken them: it ends at %d, in epoch %d", l.EndOffset(), l.LatestEpoch())
	}
	ok(t, conn.Close())
	w.brokers[1].client().must("t", 0, batch("a"))
	b.ends("t", 0, 1)
}
