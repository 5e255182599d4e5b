package partitions_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

func TestProduceAndFetch_EveryVersion(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	c := b.client()
	var want []string
	for version := range int16(10) {
		value := fmt.Sprintf("v%d", version)
		resp := c.request(produceRequest(version, -1, "t", 0, batch(value))).(*kmsg.ProduceResponse)
		p := resp.Topics[0].Partitions[0]
		if version < 3 {
			if p.ErrorCode != int16(kproto.UnsupportedVersion) {
				t.Errorf("Produce v%d: error %d", version, p.ErrorCode)
			}
			continue
		}
		if p.ErrorCode != 0 || p.BaseOffset != int64(len(want)) || p.LogAppendTime != -1 || p.ErrorMessage != nil {
			t.Errorf("Produce v%d: %+v", version, p)
		}
		want = append(want, value)
	}
	for version := range int16(13) {
		p := fetched(c.request(fetchRequest(version, "t", 0, 0)))
		if version < 4 {
			if p.ErrorCode != int16(kproto.UnsupportedVersion) {
				t.Errorf("Fetch v%d: error %d", version, p.ErrorCode)
			}
			continue
		}
		if got := values(t, p.RecordBatches); !slices.Equal(got, want) || p.HighWatermark != int64(len(want)) || p.LastStableOffset != int64(len(want)) {
			t.Errorf("Fetch v%d: %v, high watermark %d", version, got, p.HighWatermark)
		}
	}
}

func TestProduce_Errors(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1}, []int32{2})
	w.topic("__consumer_offsets", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	b.leads("__consumer_offsets", 0, 0)
	damaged := batch("x")
	damaged[len(damaged)-1] ^= 1
	c := b.client()
	for _, tc := range []struct {
		name      string
		acks      int16
		topic     string
		partition int32
		records   []byte
		want      kproto.Error
	}{
		{"unknown topic", 1, "other", 0, batch("x"), kproto.UnknownTopicOrPartition},
		{"unknown partition", 1, "t", 2, batch("x"), kproto.UnknownTopicOrPartition},
		{"led by another", 1, "t", 1, batch("x"), kproto.NotLeaderOrFollower},
		{"acks", 2, "t", 0, batch("x"), kproto.InvalidRequiredAcks},
		{"null", 1, "t", 0, nil, kproto.InvalidRecord},
		{"damaged", 1, "t", 0, damaged, kproto.CorruptMessage},
		{"cut", 1, "t", 0, batch("x")[:65], kproto.CorruptMessage},
		{"the brokers' own topic", 1, "__consumer_offsets", 0, batch("x"), kproto.InvalidTopicException},
	} {
		if base, err := c.produce(tc.acks, tc.topic, tc.partition, tc.records); err != tc.want || base != -1 {
			t.Errorf("%s: offset %d, %s, want %s", tc.name, base, err.Name(), tc.want.Name())
		}
	}
	if base, err := c.produce(1, "t", 0, batch("x")); base != 0 || err != kproto.NoError {
		t.Errorf("a good batch: %d, %v", base, err)
	}
}

// TestProduce_Acks0 has no answer, but for the end of the connection after an error.
func TestProduce_Acks0(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	c := b.client()
	for i := range 3 {
		c.send(produceRequest(9, 0, "t", 0, batch(fmt.Sprint(i))))
	}
	if got := c.all("t", 0); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("got %v", got)
	}
	q := produceRequest(9, 0, "nowhere", 0, batch("x"))
	if _, err := c.read(q, c.send(q)); err != io.EOF {
		t.Errorf("after an error: %v", err)
	}
}

func TestProduce_Idempotent(t *testing.T) {
	w := newWorld(t, 1, nil)
	w.topic("t", []int32{1})
	b := w.brokers[1]
	b.leads("t", 0, 0)
	c := b.client()
	send := func(epoch int16, sequence int32) (int64, kproto.Error) {
		return c.produce(-1, "t", 0, batchOf(kproto.BatchHeader{ProducerID: 7, ProducerEpoch: epoch, BaseSequence: sequence}, "a", "b"))
	}
	for i, tc := range []struct {
		epoch    int16
		sequence int32
		base     int64
		err      kproto.Error
	}{
		{0, 0, 0, kproto.NoError},
		{0, 2, 2, kproto.NoError},
		{0, 0, 0, kproto.NoError}, // again: the old offsets
		{0, 6, -1, kproto.OutOfOrderSequenceNumber},
		{1, 2, -1, kproto.OutOfOrderSequenceNumber},
		{1, 0, 4, kproto.NoError},
		{0, 4, -1, kproto.InvalidProducerEpoch},
	} {
		if base, err := send(tc.epoch, tc.sequence); base != tc.base || err != tc.err {
			t.Errorf("batch %d: %d, %s; want %d, %s", i, base, err.Name(), tc.base, tc.err.Name())
		}
	}
}

// TestProduce_BehindARefusedBatch: what a producer sent behind a batch that was refused is not the first of its batches,
// though the log knows of none. A client takes its success for one of the batch before too.
func TestProduce_BehindARefusedBatch(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{2, 1})
	w.brokers[2].leads("t", 0, 0)
	b := w.brokers[1]
	c := b.client()
	send := func(producer int64, sequence int32, want kproto.Error) {
		t.Helper()
		h := kproto.BatchHeader{ProducerID: producer, BaseSequence: sequence}
		if _, err := c.produce(-1, "t", 0, batchOf(h, fmt.Sprint(producer, "-", sequence))); err != want {
			t.Errorf("producer %d, sequence %d: %s, want %s", producer, sequence, err.Name(), want.Name())
		}
	}
	eventually(t, "the broker knows the topic", func() bool {
		_, err := c.produce(1, "t", 0, batch("x"))
		return err == kproto.NotLeaderOrFollower
	})
	send(7, 0, kproto.NotLeaderOrFollower)
	send(8, 3, kproto.NotLeaderOrFollower)
	send(8, 2, kproto.NotLeaderOrFollower)
	w.elect("t", 0, 1, 1, []int32{1, 2})
	b.leads("t", 0, 1)
	send(7, 1, kproto.OutOfOrderSequenceNumber)
	send(9, 5, kproto.NoError) // never refused: its first may be lost to retention
	send(8, 3, kproto.OutOfOrderSequenceNumber)
	send(7, 0, kproto.NoError)
	send(7, 1, kproto.NoError)
	send(8, 2, kproto.NoError)
	send(8, 3, kproto.NoError)
	// What was refused here may have come to another leader meanwhile, and the log has it.
	w.elect("t", 0, 2, 2, []int32{2, 1})
	w.brokers[2].leads("t", 0, 2)
	eventually(t, "the broker follows", func() bool { _, leads := b.m.Leads("t", 0); return !leads })
	send(7, 2, kproto.NotLeaderOrFollower)
	other := w.brokers[2].client()
	for sequence := range int32(2) {
		h := kproto.BatchHeader{ProducerID: 7, BaseSequence: sequence + 2}
		if _, err := other.produce(-1, "t", 0, batchOf(h, fmt.Sprint("7-", sequence+2))); err != kproto.NoError {
			t.Error(err)
		}
	}
	w.elect("t", 0, 1, 3, []int32{1})
	b.leads("t", 0, 3)
	send(7, 4, kproto.NoError)
	want := []string{"9-5", "7-0", "7-1", "8-2", "8-3", "7-2", "7-3", "7-4"}
	eventually(t, "the records, in order", func() bool { return slices.Equal(c.all("t", 0), want) })
}

func TestProduce_MinInsyncReplicas(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.minISR.Store(2)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	c := w.brokers[1].client()
	if _, err := c.produce(-1, "t", 0, batch("both")); err != kproto.NoError {
		t.Fatal(err)
	}
	w.brokers[2].close()
	w.elect("t", 0, 1, 1, []int32{1})
	w.brokers[1].leads("t", 0, 1)
	if _, err := c.produce(-1, "t", 0, batch("alone")); err != kproto.NotEnoughReplicas {
		t.Errorf("acks=all: %v", err)
	}
	if _, err := c.produce(1, "t", 0, batch("alone")); err != kproto.NoError {
		t.Errorf("acks=1: %v", err)
	}
}

// TestProduce_Timeout waits for a replica that is gone.
func TestProduce_Timeout(t *testing.T) {
	w := newWorld(t, 2, nil)
	w.topic("t", []int32{1, 2})
	w.brokers[1].leads("t", 0, 0)
	w.brokers[2].close()
	c := w.brokers[1].client()
	q := produceRequest(9, -1, "t", 0, batch("x"))
	q.TimeoutMillis = 30
	p := c.request(q).(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	if kproto.Error(p.ErrorCode) != kproto.RequestTimedOut || p.BaseOffset != -1 {
		t.Errorf("%+v", p)
	}
	// It is there all the same, and safe when the replica is back.
	w.start(2)
	eventually(t, "the record is exposed", func() bool { return slices.Equal(c.all("t", 0), []string{"x"}) })
}
