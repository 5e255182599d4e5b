package partitions_test

import (
	"net"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
)

// TestFollow_LeaderHangs: a leader that takes a fetch and says nothing is given up after replica.socket.timeout.ms, and asked
// anew.
func TestFollow_LeaderHangs(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer silent.Close()
	w := newWorld(t, 2, func(o *partitions.Options) { o.SocketTimeoutMs, o.FetchWaitMs = 100, 50 })
	b := w.brokers[2]
	b.instead.Store(silent.Addr().String())
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	conn, err := silent.Accept()
	ok(t, err)
	defer conn.Close()
	b.instead.Store("")
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
			fake, err := net.Listen("tcp", "127.0.0.1:0")
			ok(t, err)
			defer fake.Close()
			w := newWorld(t, 2, nil)
			b := w.brokers[2]
			b.instead.Store(fake.Addr().String())
			w.topic("t", []int32{1, 2})
			w.brokers[1].leads("t", 0, 0)
			conn, err := fake.Accept()
			ok(t, err)
			b.instead.Store("")
			_, err = conn.Read(make([]byte, 10))
			ok(t, err)
			_, err = conn.Write([]byte(answer))
			ok(t, err)
			if name == "nothing" {
				ok(t, conn.Close())
			} else {
				defer conn.Close()
			}
			w.brokers[1].client().must("t", 0, batch("a"))
		})
	}
}
