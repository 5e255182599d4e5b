package partitions_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestFetch_SessionReadsAll follows many partitions by one session, as a consumer does, while records come, partitions are
// forgotten and taken up again, positions move back, and the limits are narrow: each record is read, in its order, and in good
// time.
func TestFetch_SessionReadsAll(t *testing.T) {
	const parts, steps = 12, 400
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	b, producer := led(t, parts)
	s := &sessionReader{c: b.client(), rng: rng, subscribed: map[int32]bool{}, told: map[int32]int64{}, got: map[int32][]string{}}
	var want [parts][]string
	for p := range int32(parts) {
		s.subscribed[p] = true
	}
	for n := range steps {
		switch rng.IntN(6) {
		case 0, 1:
			p := rng.IntN(parts)
			v := fmt.Sprintf("%d/%d", p, n)
			producer.must("t", int32(p), batch(v))
			want[p] = append(want[p], v)
		case 2:
			p := int32(rng.IntN(parts))
			s.subscribed[p] = !s.subscribed[p]
		case 3: // and back to somewhere
			p := int32(rng.IntN(parts))
			at := rng.IntN(len(s.got[p]) + 1)
			s.records -= len(s.got[p]) - at
			s.got[p] = s.got[p][:at]
		default:
			s.fetch(0)
		}
	}
	for p := range int32(parts) {
		s.subscribed[p] = true
	}
	all := 0
	for p := range want {
		all += len(want[p])
	}
	// Whatever is left comes without waiting: nothing new wakes these fetches.
	for rounds := 0; s.records < all; rounds++ {
		if rounds > 3*all {
			t.Fatalf("%d records of %d after %d fetches", s.records, all, rounds)
		}
		s.fetch(0)
	}
	for p := range want {
		if !slices.Equal(s.got[int32(p)], want[p]) {
			t.Errorf("partition %d: got %v, want %v", p, s.got[int32(p)], want[p])
		}
	}
	// And one that waits is woken by any of them.
	for p := range int32(parts) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			producer.must("t", p, batch("wake"))
		}()
		for was := s.records; s.records == was; {
			s.fetch(20_000)
		}
		<-done
	}
}

// sessionReader is a consumer with a fetch session.
type sessionReader struct {
	c          *client
	rng        *rand.Rand
	id, epoch  int32
	subscribed map[int32]bool
	told       map[int32]int64 // offsets, as the session knows them
	got        map[int32][]string
	records    int
}

func (s *sessionReader) fetch(wait int32) {
	q := fetchRequest(12, "t", 0, 0)
	q.MaxWaitMillis, q.MaxBytes, q.SessionID, q.SessionEpoch = wait, int32(50+s.rng.IntN(300)), s.id, s.epoch
	q.Topics[0].Partitions = nil
	f := kmsg.NewFetchRequestForgottenTopic()
	f.Topic = "t"
	for p, on := range s.subscribed {
		offset := int64(len(s.got[p]))
		at, known := s.told[p]
		switch {
		case on && (!known || at != offset):
			q.Topics[0].Partitions = append(q.Topics[0].Partitions, fetchRequest(12, "t", p, offset).Topics[0].Partitions...)
			s.told[p] = offset
		case !on && known:
			f.Partitions = append(f.Partitions, p)
			delete(s.told, p)
		}
	}
	if len(q.Topics[0].Partitions) == 0 {
		q.Topics = nil
	}
	if s.epoch == 0 && q.Topics == nil {
		return
	}
	if len(f.Partitions) > 0 {
		q.ForgottenTopics = append(q.ForgottenTopics, f)
	}
	resp := s.c.request(q).(*kmsg.FetchResponse)
	if resp.ErrorCode != 0 {
		// A session without partitions is gone: begin anew.
		s.id, s.epoch = 0, 0
		clear(s.told)
		return
	}
	if s.epoch == 0 {
		s.id = resp.SessionID
	}
	s.epoch++
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 {
				s.c.t.Fatalf("partition %d: error %d", p.Partition, p.ErrorCode)
			}
			all := values(s.c.t, p.RecordBatches)
			s.got[p.Partition] = append(s.got[p.Partition], all...)
			s.records += len(all)
		}
	}
}
