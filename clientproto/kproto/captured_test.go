package kproto_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// producedByKafka is a segment of Kafka 2.7.2 with one batch of its idempotent producer; its
// DumpLogSegments says of it: baseOffset: 0 lastOffset: 2 count: 3 baseSequence: 0 lastSequence: 2
// producerId: 1 producerEpoch: 0 partitionLeaderEpoch: 0 CreateTime: 1795402153456 size: 99
// crc: 210020603 isvalid: true.
const producedByKafka = "00000000000000000000005700000000020c84a8fb000000000002000001a2064ebde8000001a2064ebdf0" +
	"00000000000000010000000000000000000314000000046b310476310022000e02046b321276616c75652074776f0010001004046b330000"

func TestCapturedBatch(t *testing.T) {
	b, err := hex.DecodeString(producedByKafka)
	if err != nil {
		t.Fatal(err)
	}
	h, err := kproto.ParseBatchHeader(b)
	want := kproto.BatchHeader{Length: 87, Magic: 2, CRC: 210020603, LastOffsetDelta: 2, FirstTimestamp: 1795402153448,
		MaxTimestamp: 1795402153456, ProducerID: 1, Count: 3}
	if err != nil || h != want || h.Size() != 99 || h.LastSequence() != 2 || !kproto.CheckCRC(b) {
		t.Errorf("%+v, %v, checksum right: %v", h, err, kproto.CheckCRC(b))
	}
	records := walk(t, h, b[kproto.BatchHeaderSize:])
	if wanted := []kproto.Record{
		{Offset: 0, Timestamp: 1795402153448, Key: []byte("k1"), Value: []byte("v1")},
		{Offset: 1, Timestamp: 1795402153455, Key: []byte("k2"), Value: []byte("value two")},
		{Offset: 2, Timestamp: 1795402153456, Key: []byte("k3"), Value: []byte{}},
	}; !reflect.DeepEqual(records, wanted) {
		t.Errorf("%+v", records)
	}
	if again := kproto.AppendBatch(nil, h, records); !bytes.Equal(again, b) {
		t.Errorf("written again\n%x", again)
	}
}
