package partitions_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestRefusals_OfASlowPartition: who asks a partition whose disk hangs what it knows of a producer keeps nobody from writing
// to another.
func TestRefusals_OfASlowPartition(t *testing.T) {
	w := &world{t: t, brokers: map[int32]*broker{}}
	w.minISR.Store(1)
	var hang atomic.Bool
	hangs, release := make(chan struct{}), make(chan struct{})
	memory := storage.NewFaults(storage.NewMemory(), func(c storage.Call) error {
		if c.Op == storage.OpWrite && strings.Contains(c.Path, "/t-0/") && strings.HasSuffix(c.Path, ".log") && hang.CompareAndSwap(true, false) {
			close(hangs)
			<-release
		}
		return nil
	})
	w.fs = func(id int32) (storage.FS, string) {
		if id == 1 {
			return memory, "/data"
		}
		return storage.NewMemory(), "/data"
	}
	w.begin(2)
	t.Cleanup(func() { close(release) })
	w.topic("t", []int32{2, 1})
	w.topic("u", []int32{1})
	b := w.brokers[1]
	b.leads("u", 0, 0)
	of := func(producer int64, sequence int32) []byte {
		return batchOf(kproto.BatchHeader{ProducerID: producer, BaseSequence: sequence}, "a")
	}
	c := b.client()
	eventually(t, "the broker knows the topic", func() bool {
		_, err := c.produce(1, "t", 0, of(7, 0))
		return err == kproto.NotLeaderOrFollower
	})
	w.elect("t", 0, 1, 1, []int32{1})
	b.leads("t", 0, 1)
	hang.Store(true)
	b.client().send(produceRequest(9, 1, "t", 0, batch("b")))
	<-hangs
	b.client().send(produceRequest(9, 1, "t", 0, of(7, 1)))
	ok(t, c.conn.SetReadDeadline(time.Now().Add(patience)))
	for sequence := range int32(300) {
		if _, err := c.produce(1, "u", 0, of(8, sequence)); err != kproto.NoError {
			t.Fatal(sequence, err)
		}
	}
}
