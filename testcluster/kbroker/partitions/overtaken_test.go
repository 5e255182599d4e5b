package partitions_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestFetch_Overtaken: a follower's fetch is admitted, and before the disk has answered another broker leads and has replaced
// the records. They are not for this follower, which would put them behind what they replace.
func TestFetch_Overtaken(t *testing.T) {
	var armed atomic.Bool
	reading, goOn := make(chan struct{}), make(chan struct{})
	w := &world{t: t, brokers: map[int32]*broker{}, tune: quick}
	w.minISR.Store(1)
	memories := map[int32]storage.FS{}
	w.fs = func(id int32) (storage.FS, string) {
		if memories[id] == nil {
			memories[id] = storage.NewMemory()
			if id == 1 {
				memories[id] = storage.NewFaults(memories[id], func(c storage.Call) error {
					if c.Op == storage.OpRead && strings.HasSuffix(c.Path, ".log") && armed.CompareAndSwap(true, false) {
						close(reading)
						<-goOn
					}
					return nil
				})
			}
		}
		return memories[id], "/data"
	}
	w.begin(2)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	w.elect("t", 0, 1, 1, []int32{1, 2})
	w.brokers[1].leads("t", 0, 1)
	w.brokers[1].client().must("t", 0, batch("a"))
	w.brokers[2].ends("t", 0, 1)
	w.brokers[2].close()
	if _, err := w.brokers[1].client().produce(1, "t", 0, batch("b")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.brokers[1].close() // so that nothing is in memory
	old := w.start(1)
	w.elect("t", 0, 1, 2, []int32{1})
	old.leads("t", 0, 2)

	c := old.client()
	q := fetchRequest(12, "t", 0, 1)
	q.ReplicaID = 3
	q.Topics[0].Partitions[0].CurrentLeaderEpoch, q.Topics[0].Partitions[0].LastFetchedEpoch = 2, 1
	armed.Store(true)
	correlation := c.send(q)
	<-reading
	w.elect("t", 0, 2, 3, []int32{2})
	led := w.start(2)
	w.elect("t", 0, 2, 4, []int32{2})
	led.leads("t", 0, 4)
	led.client().must("t", 0, batch("c"))
	log := old.dir.Log("t", 0)
	eventually(t, "the log is the other leader's", func() bool { return log.LatestEpoch() == 4 && log.EndOffset() == 2 })
	close(goOn)
	if p := fetched(c.receive(q, correlation)); kproto.Error(p.ErrorCode) != kproto.NotLeaderOrFollower || len(p.RecordBatches) > 0 {
		t.Errorf("error %d, %q", p.ErrorCode, p.RecordBatches)
	}
}
