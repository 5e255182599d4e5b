package partitions_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// TestStorm produces with acks=all while brokers are killed, restarted and cut off, and leadership moves among live members of
// the ISR. In the end every record that was acknowledged is there, once, in the order of its producer, and all logs agree.
func TestStorm(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t, 3, quick)
	w.minISR.Store(2)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	s := &storm{w: w, up: map[int32]bool{1: true, 2: true, 3: true}}
	stop := make(chan struct{})
	var producers sync.WaitGroup
	acked := make([][]string, 3)
	for i := range acked {
		producers.Go(func() { acked[i] = s.produce(stop, i) })
	}
	steps := 25
	if testing.Short() {
		steps = 8
	}
	for range steps {
		s.step(rng)
	}
	s.calm()
	close(stop)
	producers.Wait()

	leader := w.brokers[w.state("t", 0).Leader]
	c := leader.client()
	eventually(t, "all is exposed", func() bool {
		p := c.listOffset(5, "t", 0, -1, -1)
		return p.Offset == leader.dir.Log("t", 0).EndOffset()
	})
	got := c.all("t", 0)
	for i := range acked {
		mine := slices.DeleteFunc(slices.Clone(got), func(v string) bool { return !strings.HasPrefix(v, fmt.Sprintf("%d/", i)) })
		// What was not acknowledged may be there too, and more than once: nothing else.
		at := 0
		for _, v := range acked[i] {
			for at < len(mine) && mine[at] != v {
				at++
			}
			if at == len(mine) {
				t.Fatalf("producer %d: %s was acknowledged and is not there in its turn; there are %v", i, v, mine)
			}
		}
	}
	t.Logf("%d acknowledged, %d in the log, epoch %d", len(acked[0])+len(acked[1])+len(acked[2]), len(got), w.state("t", 0).LeaderEpoch)
	want := leader.bytes(t)
	for _, b := range w.brokers {
		b.ends("t", 0, leader.dir.Log("t", 0).EndOffset())
		if b.bytes(t) != want {
			t.Errorf("the log on %d is not that on %d", b.id, leader.id)
		}
	}
}

// bytes is all that a replica has.
func (b *broker) bytes(t *testing.T) string {
	log := b.dir.Log("t", 0)
	var all strings.Builder
	for at := log.StartOffset(); at < log.EndOffset(); {
		chunk, err := log.Read(at, 1<<20, log.EndOffset(), true)
		ok(t, err)
		for _, buf := range chunk.Bufs {
			all.Write(buf)
		}
		at = chunk.Next
		chunk.Release()
	}
	return all.String()
}

type storm struct {
	w  *world
	mu sync.Mutex
	up map[int32]bool // guarded by mu; so is w.brokers
}

// step does one thing to one broker, and lets the others live with it for a moment.
func (s *storm) step(rng *rand.Rand) {
	id := int32(rng.IntN(3) + 1)
	s.mu.Lock()
	b := s.w.brokers[id]
	up := s.up[id]
	s.mu.Unlock()
	switch what := rng.IntN(4); {
	case !up:
		s.start(id)
	case what == 0:
		s.down(b)
	case what == 1:
		b.cut.Store(!b.cut.Load())
	default:
		s.elect(rng)
	}
	for end := time.Now().Add(time.Duration(rng.IntN(80)) * time.Millisecond); time.Now().Before(end); {
		s.tend()
	}
}

func (s *storm) start(id int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w.start(id)
	s.up[id] = true
}

func (s *storm) down(b *broker) {
	s.mu.Lock()
	s.up[b.id] = false
	s.mu.Unlock()
	b.kill()
}

// tend is the controller: a leader that is down, or was started again since its election, is replaced.
func (s *storm) tend() {
	state := s.w.state("t", 0)
	s.mu.Lock()
	up := s.up[state.Leader]
	b := s.w.brokers[state.Leader]
	s.mu.Unlock()
	if up {
		if _, leads := b.m.Leads("t", 0); leads {
			return
		}
		if reg := b.mirror.Image().Brokers[b.id]; reg != nil {
			if p := b.mirror.Image().Partition("t", 0); p == nil || p.State == nil || p.State.Mzxid > reg.FirstEpoch {
				return // it will learn of it
			}
		}
	}
	s.elect(rand.New(rand.NewPCG(1, 2)))
}

// elect writes a new state, if the one it is made of is still there: a live member of the ISR leads, and the dead leave it.
func (s *storm) elect(rng *rand.Rand) {
	state := s.w.state("t", 0)
	s.mu.Lock()
	live := slices.DeleteFunc(slices.Clone(state.ISR), func(id int32) bool { return !s.up[id] })
	s.mu.Unlock()
	if len(live) > 0 {
		s.w.electIf("t", 0, live[rng.IntN(len(live))], state.LeaderEpoch+1, live, state.Version)
	}
}

// calm brings everybody back.
func (s *storm) calm() {
	for id := range int32(3) {
		s.mu.Lock()
		up := s.up[id+1]
		s.mu.Unlock()
		if !up {
			s.start(id + 1)
		}
		s.w.brokers[id+1].cut.Store(false)
	}
	eventually(s.w.t, "all are in the ISR", func() bool {
		s.tend()
		return len(s.w.state("t", 0).ISR) == 3
	})
}

// produce appends numbers, one after another, until stop, and returns those that were acknowledged. A number whose fate is
// not known is not sent again.
func (s *storm) produce(stop chan struct{}, i int) (acked []string) {
	var c *client
	for n := 0; ; n++ {
		select {
		case <-stop:
			return acked
		default:
		}
		if c == nil {
			if c = s.dialLeader(); c == nil {
				continue
			}
		}
		value := fmt.Sprintf("%d/%d", i, n)
		q := produceRequest(9, -1, "t", 0, batch(value))
		q.TimeoutMillis = 500
		resp, err := c.exchange(q)
		if err != nil {
			c.conn.Close()
			c = nil
			continue
		}
		switch code := kproto.Error(resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode); code {
		case kproto.NoError:
			acked = append(acked, value)
		case kproto.NotLeaderOrFollower, kproto.UnknownTopicOrPartition:
			c.conn.Close()
			c = nil
		}
	}
}

// exchange is request for a broker that may go away.
func (c *client) exchange(q kmsg.Request) (kmsg.Response, error) {
	c.next++
	if _, err := c.conn.Write(kmsg.NewRequestFormatter().AppendRequest(nil, q, c.next)); err != nil {
		return nil, err
	}
	resp, err := c.read(q, c.next)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return resp, err
}

func (s *storm) dialLeader() *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, b := range s.w.brokers {
		if !s.up[id] {
			continue
		}
		if _, leads := b.m.Leads("t", 0); leads {
			if c, err := b.dialOwn(); err == nil {
				return c
			}
		}
	}
	return nil
}
