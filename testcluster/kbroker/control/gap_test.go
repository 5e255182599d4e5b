package control_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// TestKill_Gap: brokers are killed under a client that writes with acks=all, the controller among them. Nobody waits for
// a session's end: every partition takes records again after a moment.
func TestKill_Gap(t *testing.T) {
	w := startWhole(t)
	const partitions = 6
	adm := kadm.NewClient(w.client())
	two := "2"
	if _, err := adm.CreateTopic(timeout(t), partitions, 3, map[string]*string{"min.insync.replicas": &two}, "t"); err != nil {
		t.Fatal(err)
	}
	all := replicasAll("t", partitions, 3)
	w.await("all are in sync", all)
	cl := w.client(kgo.DefaultProduceTopic("t"), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(100*time.Millisecond))
	var mu sync.Mutex
	var gap [partitions]time.Duration
	var last [partitions]time.Time
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for p := range partitions {
		last[p] = time.Now()
		writers.Go(func() {
			for ctx.Err() == nil {
				if err := cl.ProduceSync(ctx, &kgo.Record{Partition: int32(p), Value: []byte("x")}).FirstErr(); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				gap[p], last[p] = max(gap[p], time.Since(last[p])), time.Now()
				mu.Unlock()
			}
		})
	}
	for round := range 3 {
		victim := round
		if round == 1 { // now the controller
			w.await("there is a controller", func(i *kzk.Image) bool { victim = int(i.Controller) - 1; return victim >= 0 })
		}
		w.kill(victim)
		w.await("nobody waits for it", func(i *kzk.Image) bool {
			for _, p := range i.Topics["t"].Partitions {
				if len(p.State.ISR) != 2 || p.State.Leader < 0 {
					return false
				}
			}
			return true
		})
		mu.Lock()
		since := time.Now()
		mu.Unlock()
		w.poll(func() bool {
			mu.Lock()
			defer mu.Unlock()
			for p := range partitions {
				if last[p].Before(since) {
					return false
				}
			}
			return true
		})
		w.start(victim)
		w.await("all are in sync again", all)
	}
	cancel()
	writers.Wait()
	t.Logf("longest gaps by partition: %v", gap)
	for p, g := range gap {
		if g > 4*time.Second { // a session would take 18 s; on a machine with time to spare it is a tenth of a second
			t.Errorf("partition %d took no record for %v", p, g)
		}
	}
}

// poll waits until cond holds, which nothing tells of.
func (w *whole) poll(cond func() bool) {
	w.t.Helper()
	ctx := timeout(w.t)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatal("it does not come to that")
		}
	}
}

// replicasAll says whether the topic's partitions have so many replicas, all in sync.
func replicasAll(topic string, partitions, replicas int) func(*kzk.Image) bool {
	return func(i *kzk.Image) bool {
		for p := range partitions {
			part := i.Partition(topic, int32(p))
			if part == nil || part.State == nil || part.State.Leader < 0 || len(part.State.ISR) != replicas {
				return false
			}
		}
		return true
	}
}
