package partitions_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/storage"
)

func batchAt(ms int64, n int) []byte {
	var records []kproto.Record
	for i := range n {
		records = append(records, kproto.Record{Timestamp: ms + int64(i), Value: []byte("x")})
	}
	return kproto.AppendBatch(nil, kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}, records)
}

func TestListOffsets(t *testing.T) {
	_, c := led(t, 1)
	for _, ms := range []int64{1000, 3000, 2000} {
		c.must("t", 0, batchAt(ms, 2))
	}
	for _, tc := range []struct {
		what              string
		version           int16
		timestamp         int64
		offset, at, epoch int64
	}{
		{"latest", 7, -1, 6, -1, 0},
		{"earliest", 7, -2, 0, -1, 0},
		{"the greatest time", 7, -3, 3, 3001, 0},
		{"a time", 7, 1001, 1, 1001, 0},
		{"a time between", 7, 2500, 2, 3000, 0},
		{"a time before all", 7, 5, 0, 1000, 0},
		{"a time after all", 7, 9000, -1, -1, -1},
		{"latest, by the oldest that is usual", 1, -1, 6, -1, -1},
	} {
		p := c.listOffset(tc.version, "t", 0, tc.timestamp, -1)
		if p.ErrorCode != 0 || p.Offset != tc.offset || p.Timestamp != tc.at || int64(p.LeaderEpoch) != tc.epoch {
			t.Errorf("%s: error %d, offset %d, time %d, epoch %d", tc.what, p.ErrorCode, p.Offset, p.Timestamp, p.LeaderEpoch)
		}
	}
	for timestamp, want := range map[int64]int64{-1: 6, -2: 0} {
		if p := c.listOffset(0, "t", 0, timestamp, -1); !slices.Equal(p.OldStyleOffsets, []int64{want}) {
			t.Errorf("version 0, %d: %v", timestamp, p.OldStyleOffsets)
		}
	}
	if p := c.listOffset(7, "none", 0, -1, -1); kproto.Error(p.ErrorCode) != kproto.UnknownTopicOrPartition {
		t.Errorf("error %d", p.ErrorCode)
	}
}

// TestListOffsets_NewLeader does not know how far the log is safe before its followers have fetched.
func TestListOffsets_NewLeader(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	w.brokers[1].client().must("t", 0, batch("a"))
	w.brokers[1].close()
	w.brokers[2].kill()
	// Its log is there, the high watermark was not written down.
	b := w.start(2)
	w.elect("t", 0, 2, 1, []int32{1, 2})
	b.leads("t", 0, 1)
	c := b.client()
	for version, want := range map[int16]kproto.Error{5: kproto.OffsetNotAvailable, 4: kproto.LeaderNotAvailable} {
		if p := c.listOffset(version, "t", 0, -1, -1); kproto.Error(p.ErrorCode) != want {
			t.Errorf("ListOffsets v%d: error %d", version, p.ErrorCode)
		}
	}
	w.start(1)
	eventually(t, "it knows", func() bool { return c.listOffset(5, "t", 0, -1, -1).Offset == 1 })
}

func deleteRecordsRequest(topic string, partition int32, offset int64) *kmsg.DeleteRecordsRequest {
	q := kmsg.NewPtrDeleteRecordsRequest()
	q.Version, q.TimeoutMillis = 2, 20_000
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	tp := kmsg.NewDeleteRecordsRequestTopic()
	tp.Topic, tp.Partitions = topic, append(tp.Partitions, p)
	q.Topics = append(q.Topics, tp)
	return q
}

func (c *client) deleteRecords(q *kmsg.DeleteRecordsRequest) (int64, kproto.Error) {
	c.t.Helper()
	p := c.request(q).(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0]
	return p.LowWatermark, kproto.Error(p.ErrorCode)
}

// TestDeleteRecords waits until all replicas have done it, and does not wait for the next of their long polls to end.
func TestDeleteRecords(t *testing.T) {
	w := newWorld(t, 3, func(o *partitions.Options) { o.FetchWaitMs = 15_000 })
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	for range 10 {
		c.must("t", 0, batch("x"))
	}
	begin := time.Now()
	for i, offset := range []int64{3, 5, 5, 2} {
		low, err := c.deleteRecords(deleteRecordsRequest("t", 0, offset))
		if want := max(offset, []int64{3, 5, 5, 5}[i]); err != kproto.NoError || low != want {
			t.Errorf("%d: low watermark %d, %s", offset, low, err.Name())
		}
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v: followers were told by the end of their polls", d)
	}
	for _, b := range w.brokers {
		if start := b.dir.Log("t", 0).StartOffset(); start != 5 {
			t.Errorf("the log on %d begins at %d", b.id, start)
		}
	}
	if p := fetched(c.request(fetchRequest(12, "t", 0, 4))); kproto.Error(p.ErrorCode) != kproto.OffsetOutOfRange {
		t.Errorf("error %d", p.ErrorCode)
	}
	if low, err := c.deleteRecords(deleteRecordsRequest("t", 0, 11)); err != kproto.OffsetOutOfRange {
		t.Errorf("behind the end: %d, %v", low, err)
	}
	if low, err := c.deleteRecords(deleteRecordsRequest("t", 0, -1)); err != kproto.NoError || low != 10 {
		t.Errorf("all: %d, %v", low, err)
	}
	w.compact.Store(true)
	w.put("/config/topics/t", []byte(`{"version":1,"config":{"cleanup.policy":"compact"}}`))
	eventually(t, "a compacted topic refuses", func() bool {
		_, err := c.deleteRecords(deleteRecordsRequest("t", 0, -1))
		return err == kproto.PolicyViolation
	})
}

// TestDeleteRecords_FarBehind: a follower that is down meanwhile starts over at the new beginning.
func TestDeleteRecords_FarBehind(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	c.must("t", 0, batch("a"))
	w.brokers[2].close()
	w.elect("t", 0, 1, 1, []int32{1})
	w.brokers[1].leads("t", 0, 1)
	for range 5 {
		c.must("t", 0, batch("b"))
	}
	eventually(t, "the broker's end is known", func() bool { return len(w.brokers[1].mirror.Image().Brokers) == 1 })
	if low, err := c.deleteRecords(deleteRecordsRequest("t", 0, 4)); err != kproto.NoError || low != 4 {
		t.Fatal(low, err)
	}
	b := w.start(2)
	b.ends("t", 0, 6)
	if start := b.dir.Log("t", 0).StartOffset(); start != 4 {
		t.Errorf("the log begins at %d", start)
	}
}

func TestLogDirs(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("a", []int32{1}, []int32{1})
	w.topic("b", []int32{1})
	b := w.brokers[1]
	b.leads("a", 1, 0)
	b.leads("b", 0, 0)
	c := b.client()
	c.must("a", 1, batch("x"))
	for version := range int16(5) {
		q := kmsg.NewPtrDescribeLogDirsRequest()
		q.Version = version
		resp := c.request(q).(*kmsg.DescribeLogDirsResponse)
		if len(resp.Dirs) != 1 || resp.Dirs[0].Dir != "/data" || len(resp.Dirs[0].Topics) != 2 {
			t.Fatalf("v%d: %+v", version, resp)
		}
		if parts := resp.Dirs[0].Topics[0].Partitions; len(parts) != 2 || parts[0].Size != 0 || parts[1].Size != int64(len(batch("x"))) {
			t.Errorf("v%d: %+v", version, parts)
		}
		topic := kmsg.NewDescribeLogDirsRequestTopic()
		topic.Topic, topic.Partitions = "b", []int32{0}
		q.Topics = append(q.Topics, topic)
		if resp := c.request(q).(*kmsg.DescribeLogDirsResponse); len(resp.Dirs[0].Topics) != 1 || resp.Dirs[0].Topics[0].Topic != "b" {
			t.Errorf("v%d, of b alone: %+v", version, resp)
		}
	}
	for dir, want := range map[string]map[string]kproto.Error{
		"/data": {"a": kproto.NoError, "later": kproto.ReplicaNotAvailable},
		"/none": {"a": kproto.LogDirNotFound},
	} {
		for topic, code := range want {
			q := kmsg.NewPtrAlterReplicaLogDirsRequest()
			q.Version = 2
			d := kmsg.NewAlterReplicaLogDirsRequestDir()
			tp := kmsg.NewAlterReplicaLogDirsRequestDirTopic()
			tp.Topic, tp.Partitions = topic, []int32{0}
			d.Dir, d.Topics = dir, append(d.Topics, tp)
			q.Dirs = append(q.Dirs, d)
			resp := c.request(q).(*kmsg.AlterReplicaLogDirsResponse)
			if got := kproto.Error(resp.Topics[0].Partitions[0].ErrorCode); got != code {
				t.Errorf("%s into %s: %s", topic, dir, got.Name())
			}
		}
	}
}

// TestLogDirs_Several: new replicas go where the fewest are, or where it was said before; they stay there.
func TestLogDirs_Several(t *testing.T) {
	w := newWorld(t, 0, nil)
	w.folders = 2
	b := w.start(1)
	w.topic("t", []int32{1}, []int32{1}, []int32{1}, []int32{1})
	b.leads("t", 3, 0)
	if a, b := len(b.dirs[0].Logs()), len(b.dirs[1].Logs()); a != 2 || b != 2 {
		t.Errorf("%d and %d logs", a, b)
	}
	q := kmsg.NewPtrAlterReplicaLogDirsRequest()
	q.Version = 1
	d := kmsg.NewAlterReplicaLogDirsRequestDir()
	tp := kmsg.NewAlterReplicaLogDirsRequestDirTopic()
	tp.Topic, tp.Partitions = "later", []int32{0, 1, 2}
	d.Dir, d.Topics = "/data+", append(d.Topics, tp)
	q.Dirs = append(q.Dirs, d)
	b.client().request(q)
	w.topic("later", []int32{1}, []int32{1}, []int32{1})
	b.leads("later", 2, 0)
	b.client().must("later", 2, batch("x"))
	if a, b := len(b.dirs[0].Logs()), len(b.dirs[1].Logs()); a != 2 || b != 5 {
		t.Errorf("%d and %d logs", a, b)
	}
	b.close()
	b = w.start(1)
	w.elect("later", 2, 1, 1, []int32{1})
	b.leads("later", 2, 1)
	if got := b.client().all("later", 2); !slices.Equal(got, []string{"x"}) {
		t.Errorf("got %v", got)
	}
}

// TestOnDisk is the whole of it on files: what was acknowledged is there after everybody has been killed.
func TestOnDisk(t *testing.T) {
	w := &world{t: t, brokers: map[int32]*broker{}}
	w.minISR.Store(3)
	root := t.TempDir()
	w.fs = func(id int32) (storage.FS, string) { return storage.Disk(), root + "/" + string(rune('0'+id)) }
	w.begin(3)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	var want []string
	for _, v := range []string{"a", "b", "c", "d"} {
		c.must("t", 0, batch(v))
		want = append(want, v)
	}
	for _, b := range w.brokers {
		b.kill()
	}
	for id := range int32(3) {
		w.start(id + 1)
	}
	w.elect("t", 0, 3, 1, []int32{1, 2, 3})
	w.brokers[3].leads("t", 0, 1)
	c = w.brokers[3].client()
	c.must("t", 0, batch("e"))
	q := kmsg.NewPtrDescribeLogDirsRequest()
	q.Version = 4
	if d := c.request(q).(*kmsg.DescribeLogDirsResponse).Dirs[0]; runtime.GOOS == "linux" && (d.TotalBytes <= 0 || d.UsableBytes <= 0 || d.UsableBytes > d.TotalBytes) {
		t.Errorf("%d bytes of %d are left", d.UsableBytes, d.TotalBytes)
	}
	if got := c.all("t", 0); !slices.Equal(got, append(want, "e")) {
		t.Errorf("got %v", got)
	}
}
