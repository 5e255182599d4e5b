package partitions_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
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

// TestDisk_OfALeader: the client is told, and others can lead at once; nothing that was not written is served.
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
	w.isr("t", 0, 1)
	s := w.state("t", 0)
	if s.Leader != -1 || s.LeaderEpoch != 1 {
		t.Fatalf("the state is %+v", s)
	}
	w.electIf("t", 0, 1, 2, []int32{1}, s.Version)
	w.brokers[1].leads("t", 0, 2)
	if got := w.brokers[1].client().all("t", 0); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if _, err := c.produce(-1, "t", 0, batch("b")); err != kproto.KafkaStorageError {
		t.Errorf("still %v", err)
	}
	fail.Store(false)
	w.brokers[2].kill()
	w.start(2)
	w.isr("t", 0, 1, 2)
}

// TestDisk_OfTheOnlyReplica: nobody else can lead without loss, so it stays in the ISR as the leader that it no longer is, and
// the client is told. A process that has started anew is not the one that was offline.
func TestDisk_OfTheOnlyReplica(t *testing.T) {
	w, fail := failing(t)
	w.topic("t", []int32{2})
	w.topic("u", []int32{2, 1})
	w.brokers[2].leads("t", 0, 0)
	w.brokers[2].leads("u", 0, 0)
	c := w.brokers[2].client()
	c.must("t", 0, batch("a"))
	fail.Store(true)
	for range 3 {
		if _, err := c.produce(-1, "t", 0, batch("b")); err != kproto.KafkaStorageError {
			t.Error(err)
		}
	}
	w.isr("u", 0, 1) // by then all are offline
	eventually(t, "t has no leader", func() bool { return w.state("t", 0).Leader == -1 })
	reg := w.brokers[2].mirror.Image().Brokers[2]
	s := w.state("t", 0)
	if !slices.Equal(s.ISR, []int32{2}) || s.LeaderEpoch != 1 || s.Version != 1 || s.Offline[2] != reg.FirstEpoch {
		t.Errorf("%+v", s)
	}
	fail.Store(false)
	w.brokers[2].kill()
	w.start(2)
	w.elect("t", 0, 2, 2, []int32{2})
	w.brokers[2].leads("t", 0, 2)
	if got := w.brokers[2].client().all("t", 0); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// TestDisk_ElectedWhileOffline: a replica that is offline and yet elected, alone, says so; what others have said stays.
func TestDisk_ElectedWhileOffline(t *testing.T) {
	w, fail := failing(t)
	w.topic("t", []int32{2, 1})
	w.brokers[2].leads("t", 0, 0)
	fail.Store(true)
	if _, err := w.brokers[2].client().produce(1, "t", 0, batch("a")); err != kproto.KafkaStorageError {
		t.Error(err)
	}
	w.isr("t", 0, 1)
	unclean := &kzk.State{Leader: 2, LeaderEpoch: 5, ControllerEpoch: 1, ISR: []int32{2}, Offline: map[int32]int64{3: 7}}
	w.put(kzk.StatePath("t", 0), kzk.EncodeState(unclean))
	eventually(t, "it resigns", func() bool { return w.state("t", 0).Leader == -1 })
	reg := w.brokers[2].mirror.Image().Brokers[2]
	s := w.state("t", 0)
	if s.LeaderEpoch != 6 || !slices.Equal(s.ISR, []int32{2}) || !maps.Equal(s.Offline, map[int32]int64{2: reg.FirstEpoch, 3: 7}) {
		t.Errorf("%+v", s)
	}
}

// TestDisk_OneOfTwo: what is in the other folder goes on as if nothing had happened.
func TestDisk_OneOfTwo(t *testing.T) {
	w := &world{t: t, brokers: map[int32]*broker{}, tune: quick, folders: 2}
	w.minISR.Store(1)
	var fail atomic.Bool
	memories := map[int32]storage.FS{}
	w.fs = func(id int32) (storage.FS, string) {
		if memories[id] == nil {
			memories[id] = storage.NewFaults(storage.NewMemory(), func(c storage.Call) error {
				if id == 2 && fail.Load() && c.Op == storage.OpWrite && strings.HasPrefix(c.Path, "/data+") {
					return syscall.ENOSPC
				}
				return nil
			})
		}
		return memories[id], "/data"
	}
	w.begin(2)
	b := w.brokers[2]
	w.topic("t", []int32{2, 1}, []int32{2, 1}, []int32{2, 1}, []int32{2, 1}, []int32{1, 2}, []int32{1, 2})
	var lost, kept []int32
	c := b.client()
	for id := range int32(6) {
		if id < 4 {
			b.leads("t", id, 0)
			c.must("t", id, batch("a"))
		} else {
			w.brokers[1].leads("t", id, 0)
			w.brokers[1].client().must("t", id, batch("a"))
		}
		if b.dirs[1].Log("t", id) != nil {
			lost = append(lost, id)
		} else {
			kept = append(kept, id)
		}
	}
	if len(lost) != 3 || len(kept) != 3 {
		t.Fatalf("%v and %v", lost, kept)
	}
	fail.Store(true)
	if _, err := c.produce(1, "t", lost[0], batch("b")); err != kproto.KafkaStorageError {
		t.Errorf("%v", err)
	}
	for _, id := range lost { // also those to which nothing was written
		w.isr("t", id, 1)
	}
	for _, id := range kept {
		if id < 4 {
			c.must("t", id, batch("b"))
		}
		if s := w.state("t", id); s.LeaderEpoch != 0 {
			t.Errorf("%d: %+v", id, s)
		}
		w.isr("t", id, 1, 2)
	}
	dirs := c.request(describe()).(*kmsg.DescribeLogDirsResponse).Dirs
	if dirs[0].ErrorCode != 0 || kproto.Error(dirs[1].ErrorCode) != kproto.KafkaStorageError || len(dirs[1].Topics) != 0 {
		t.Errorf("the folders are %+v", dirs)
	}
	// What is new goes where there is room.
	w.topic("new", []int32{2, 1}, []int32{2, 1})
	for id := range int32(2) {
		b.leads("new", id, 0)
		c.must("new", id, batch("a"))
	}
	fail.Store(false)
	b.kill()
	b = w.start(2)
	for _, id := range lost {
		s := w.state("t", id)
		w.electIf("t", id, 1, s.LeaderEpoch+1, []int32{1}, s.Version)
		w.isr("t", id, 1, 2)
		eventually(t, "the log is in its old folder", func() bool { return b.dirs[1].Log("t", id).EndOffset() == 1 })
	}
}

func describe() *kmsg.DescribeLogDirsRequest {
	q := kmsg.NewPtrDescribeLogDirsRequest()
	q.Version = 2
	return q
}

// TestDisk_OfflineAtStart: a replica that may be in a folder which could not be opened does not begin anew, least of all as
// a leader. What has come later does.
func TestDisk_OfflineAtStart(t *testing.T) {
	w := newWorld(t, 2, quick)
	w.topic("t", []int32{2, 1})
	w.brokers[2].leads("t", 0, 0)
	w.brokers[2].client().must("t", 0, batch("a"))
	w.brokers[2].kill()
	w.fs = func(int32) (storage.FS, string) { return storage.NewMemory(), "/other" }
	w.tune = func(o *partitions.Options) {
		quick(o)
		o.OfflineDirs = []string{"/data"}
	}
	b := w.start(2)
	w.isr("t", 0, 1)
	if s := w.state("t", 0); s.Leader != -1 {
		t.Errorf("%+v", s)
	}
	if _, err := b.client().produce(1, "t", 0, batch("b")); err != kproto.KafkaStorageError {
		t.Errorf("%v", err)
	}
	if b.dir.Log("t", 0) != nil {
		t.Error("there is a log")
	}
	w.topic("new", []int32{2, 1})
	b.leads("new", 0, 0)
	b.client().must("new", 0, batch("a"))
}
