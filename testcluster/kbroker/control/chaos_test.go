package control_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestChaos: brokers die and come back, lose their connections to ZooKeeper, and write ISRs as leaders do, while topics
// come and go. No two leaders are ever seen in one leader epoch, nor two controllers in one controller epoch; and when it
// is over everything is led.
func TestChaos(t *testing.T) {
	seeds := 10
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runChaos(t, uint64(seed)) })
	}
}

func runChaos(t *testing.T, seed uint64) {
	c := startCluster(t, control.Config{DeleteTopics: true})
	s := &storm{cluster: c, rand: rand.New(rand.NewPCG(seed, 2)), cuts: make(map[int32]*cuts)}
	for id := int32(1); id <= 3; id++ {
		s.revive(id)
	}
	stop := make(chan struct{})
	var watchers sync.WaitGroup
	watchers.Go(func() { s.observe(stop) })
	watchers.Go(func() { s.lead(stop) })
	for range 80 {
		s.strike()
	}
	for id := int32(1); id <= 3; id++ {
		if c.brokers[id].down {
			s.revive(id)
		}
	}
	c.await("all is well", func(i *kzk.Image) bool {
		if len(i.Brokers) < 3 || i.Controller < 0 || len(i.Deletions) > 0 {
			return false
		}
		for _, topic := range i.Topics {
			for _, p := range topic.Partitions {
				if p.State == nil || p.State.Leader < 0 || len(p.State.ISR) != len(p.Replicas) {
					return false
				}
			}
		}
		return true
	})
	close(stop)
	watchers.Wait()
}

// storm is what happens to the cluster.
type storm struct {
	*cluster
	rand *rand.Rand
	cuts map[int32]*cuts
}

func (s *storm) strike() {
	id := int32(1 + s.rand.IntN(3))
	b := s.brokers[id]
	switch n := s.rand.IntN(10); {
	case b.down && n < 6:
		s.revive(id)
	case !b.down && n < 2:
		b.kill()
	case n < 4:
		s.cuts[id].cut()
	case n < 6:
		name := fmt.Sprint("t", s.rand.IntN(4))
		s.topic(name, s.replicas(), s.replicas())
	case n == 6:
		s.create(kzk.DeleteTopicPath(fmt.Sprint("t", s.rand.IntN(4))), nil, zkproto.ModePersistent)
	default: // let it work a while
		s.view.Fresh(timeout(s.t))
	}
}

func (s *storm) replicas() []int32 {
	var list []int32
	for _, i := range s.rand.Perm(3)[:1+s.rand.IntN(3)] {
		list = append(list, int32(i+1))
	}
	return list
}

// revive starts a broker that was killed, half of the time before its old session has ended.
func (s *storm) revive(id int32) {
	if old := s.brokers[id]; old != nil {
		if s.rand.IntN(2) == 0 {
			old.client.Close(timeout(s.t)) // it may have no connection to say so on
		}
		err := s.client.Delete(timeout(s.t), kzk.BrokerPath(id), -1)
		if err != nil && !errors.Is(err, zkproto.NoNode) {
			s.t.Error(err)
		}
	}
	k := &cuts{}
	s.cuts[id] = k
	s.startWith(id, k.dial, nil)
}

// lead writes ISRs for the leaders, as the test's own image has them: all live replicas are in sync.
func (s *storm) lead(stop chan struct{}) {
	for {
		image := s.view.Image()
		for name, topic := range image.Topics {
			for id, p := range topic.Partitions {
				st := p.State
				if st == nil || image.Brokers[st.Leader] == nil || image.Brokers[st.Leader].FirstEpoch > st.Mzxid {
					continue
				}
				next := *st
				next.ISR = slices.DeleteFunc(slices.Clone(p.Replicas), func(id int32) bool { return image.Brokers[id] == nil })
				if len(next.ISR) > len(st.ISR) && slices.Contains(next.ISR, st.Leader) {
					s.client.Set(context.Background(), kzk.StatePath(name, id), kzk.EncodeState(&next), st.Version)
				}
			}
		}
		select {
		case <-s.view.Changed(image):
		case <-stop:
			return
		}
	}
}

// observe checks every image that there is.
func (s *storm) observe(stop chan struct{}) {
	type term struct {
		czxid     int64
		partition int32
		epoch     int32
	}
	leaders := make(map[term]int32)
	for {
		image := s.view.Image()
		for name, topic := range image.Topics {
			for id, p := range topic.Partitions {
				if p.State == nil {
					continue
				}
				at := term{topic.Czxid, id, p.State.LeaderEpoch}
				if was, ok := leaders[at]; ok && was != p.State.Leader {
					s.t.Errorf("%s-%d: leaders %d and %d in leader epoch %d", name, id, was, p.State.Leader, at.epoch)
				}
				leaders[at] = p.State.Leader
				if len(p.State.ISR) == 0 || p.State.Leader >= 0 && !slices.Contains(p.State.ISR, p.State.Leader) {
					s.t.Errorf("%s-%d: leader %d, ISR %d", name, id, p.State.Leader, p.State.ISR)
				}
			}
		}
		select {
		case <-s.view.Changed(image):
		case <-stop:
			return
		}
	}
}

// cuts are a broker's connections to ZooKeeper.
type cuts struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (k *cuts) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		k.mu.Lock()
		k.conns = append(k.conns, conn)
		k.mu.Unlock()
	}
	return conn, err
}

func (k *cuts) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, conn := range k.conns {
		conn.Close()
	}
	k.conns = nil
}
