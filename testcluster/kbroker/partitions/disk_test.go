package partitions_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// failing is a world in which the records of broker 2 cannot be written from some moment on.
func failing(t *testing.T) (w *world, fail *atomic.Bool) {
	fail = new(atomic.Bool)
	w = &world{t: t, brokers: map[int32]*broker{}, tune: quick}
	w.minISR.Store(1)
	memories := map[int32]storage.FS{}
	w.fs = func(id int32) (storage.FS, string) {
		if memories[id] == nil {
			memories[id] = storage.NewMemory()
			if id == 2 {
				memories[id] = storage.NewFaults(memories[id], func(c storage.Call) error {
					if fail.Load() && c.Op == storage.OpWrite && strings.HasSuffix(c.Path, ".log") {
						return errors.New("the disk is gone")
					}
					return nil
				})
			}
		}
		return memories[id], "/data"
	}
	w.begin(2)
	return w, fail
}

// TestDisk_OfAFollower: it leaves the ISR, and the leader goes on.
func TestDisk_OfAFollower(t *testing.T) {
	w, fail := failing(t)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	c.must("t", 0, batch("a"))
	fail.Store(true)
	c.must("t", 0, batch("b"))
	w.isr("t", 0, 1)
	fail.Store(false)
	w.brokers[2].kill()
	w.start(2)
	w.isr("t", 0, 1, 2)
	w.brokers[2].ends("t", 0, 2)
}

// TestDisk_OfALeader: the client is told, and nothing that was not written is served.
func TestDisk_OfALeader(t *testing.T) {
	w, fail := failing(t)
	w.topic("t", []int32{2, 1})
	w.brokers[2].leads("t", 0, 0)
	c := w.brokers[2].client()
	c.must("t", 0, batch("a"))
	fail.Store(true)
	for _, acks := range []int16{1, -1} {
		if _, err := c.produce(acks, "t", 0, batch("b")); err != kproto.KafkaStorageError {
			t.Errorf("acks=%d: %v", acks, err)
		}
	}
	if got := c.all("t", 0); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}
