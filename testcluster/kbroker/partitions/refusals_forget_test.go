package partitions

import (
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
)

func refusedBatch(topic string, producer int64) *codec.ProduceItem {
	h := kproto.BatchHeader{ProducerID: producer, BaseSequence: 0}
	return &codec.ProduceItem{Topic: []byte(topic), Records: kproto.AppendBatch(nil, h, []kproto.Record{{Value: []byte("a")}})}
}

// TestRefusals_AreForgotten: producers that never come again leave nothing behind, and what no topic can be called is not
// kept at all.
func TestRefusals_AreForgotten(t *testing.T) {
	now := time.Unix(1, 0)
	r := &refusals{now: func() time.Time { return now }}
	r.note(refusedBatch(strings.Repeat("x", kproto.MaxTopicName+1), 1), kproto.UnknownTopicOrPartition)
	if r.some.Load() {
		t.Error("a name that no topic can have is kept")
	}
	for producer := range int64(100) {
		r.note(refusedBatch("t", producer), kproto.NotLeaderOrFollower)
	}
	now = now.Add(refusalLifetime)
	if _, err := r.admit(nil, refusedBatch("u", 200)); err != nil || r.some.Load() || len(r.mu.first) != 0 {
		t.Errorf("%d are kept, %v", len(r.mu.first), err)
	}
}
