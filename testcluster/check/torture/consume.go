package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/check/history"
	"github.com/zoka-project/zoka/testcluster/check/records"
)

// member is a place in the group of consumers. Who has it leaves, or dies without a word, and another comes. The last
// one stays until the member is closed: it reads what is left when nothing happens any more.
type member struct {
	*kafka
	at  int
	rnd *rand.Rand
	now *reader
}

func (m *member) ops() []history.Op { return nil }

func (m *member) work(ctx context.Context) {
	for n := 0; ; n++ {
		if m.now = m.join(n); m.now == nil {
			return
		}
		pause(ctx, time.Duration(2000+m.rnd.IntN(12000))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		m.now.end(m.rnd.IntN(2) == 0)
	}
}

func (m *member) close() {
	if m.now != nil {
		m.now.end(true)
		m.now = nil
	}
}

// reader is one member's life.
type reader struct {
	*kafka
	name   string
	client *kgo.Client
	stop   context.CancelFunc
	lines  *lines
	work   sync.WaitGroup

	mu     sync.Mutex
	expect map[int32]int64 // what was committed of a partition when it was assigned
}

// join makes a member: all share what all can do, cooperative-sticky, so that they can meet; the first member's place is
// static, which outlives its client.
func (m *member) join(n int) *reader {
	r := &reader{kafka: m.kafka, name: fmt.Sprintf("member %d.%d", m.at, n), lines: &lines{}, expect: map[int32]int64{}}
	options := []kgo.Opt{
		kgo.ClientID(r.name), kgo.Dialer(r.lines.dial), kgo.ConsumerGroup(kafkaGroup), kgo.ConsumeTopics(kafkaTopic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(memberSession), kgo.HeartbeatInterval(memberSession / 6), kgo.RebalanceTimeout(3 * time.Second),
		kgo.FetchMaxWait(200 * time.Millisecond), kgo.OnPartitionsAssigned(r.assigned), kgo.Balancers(m.balancers()...),
	}
	if m.at == 0 {
		options = append(options, kgo.InstanceID("static-0"))
	}
	c, err := m.client(options...)
	if err != nil {
		m.problem("a member of the group cannot be made: %v", err)
		return nil
	}
	r.client = c
	var ctx context.Context
	ctx, r.stop = context.WithCancel(m.life)
	r.work.Go(func() { r.read(ctx) })
	return r
}

// balancers are those that a group of this run agrees on: cooperative or eager.
func (m *member) balancers() []kgo.GroupBalancer {
	if m.cfg.Seed%3 == 0 {
		return []kgo.GroupBalancer{kgo.RangeBalancer()}
	}
	return []kgo.GroupBalancer{kgo.CooperativeStickyBalancer()}
}

// end is a member's: it leaves, or is gone without a word.
func (r *reader) end(leave bool) {
	r.stop()
	r.work.Wait()
	if !leave {
		r.lines.cut()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = r.client.LeaveGroupContext(ctx) // its coordinator may be gone
	r.client.CloseAllowingRebalance()
}

// assigned notes what was committed before: where this member goes on must not be before that.
func (r *reader) assigned(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	r.kafka.mu.Lock()
	defer r.kafka.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts[kafkaTopic] {
		r.expect[p] = r.kafka.mu.committed[p]
	}
}

// read takes records and commits them, until ctx ends.
func (r *reader) read(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := r.client.PollRecords(ctx, 2000)
		if fetches.IsClientClosed() {
			return
		}
		last := map[int32]*kgo.Record{}
		fetches.EachRecord(func(record *kgo.Record) {
			r.take(record)
			last[record.Partition] = record
		})
		r.commit(ctx, last)
		r.client.AllowRebalance()
		fetches.EachError(func(_ string, p int32, err error) {
			var loss *kgo.ErrDataLoss
			if errors.As(err, &loss) {
				r.problem("%s: partition %d: %v", r.name, p, err)
			}
		})
	}
}

// take notes a record that was given.
func (r *reader) take(record *kgo.Record) {
	id, err := idOf(record.Value)
	if err != nil {
		r.problem("%s: partition %d, offset %d: %v", r.name, record.Partition, record.Offset, err)
		return
	}
	r.mu.Lock()
	least, first := r.expect[record.Partition]
	delete(r.expect, record.Partition)
	r.mu.Unlock()
	if first && record.Offset < least {
		r.problem("%s begins partition %d at offset %d, although %d was committed before it was assigned", r.name, record.Partition, record.Offset, least)
	}
	r.kafka.mu.Lock()
	defer r.kafka.mu.Unlock()
	r.kafka.mu.given = append(r.kafka.mu.given, records.Given{
		Stored: records.Stored{ID: id, Partition: record.Partition, Offset: record.Offset}, Member: r.name,
	})
}

// commit tells the group what was processed. What is not acknowledged others will be given again.
func (r *reader) commit(ctx context.Context, last map[int32]*kgo.Record) {
	if len(last) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all []*kgo.Record
	for _, record := range last {
		all = append(all, record)
	}
	if r.client.CommitRecords(ctx, all...) != nil {
		return
	}
	r.kafka.mu.Lock()
	defer r.kafka.mu.Unlock()
	for p, record := range last {
		r.kafka.mu.committed[p] = max(r.kafka.mu.committed[p], record.Offset+1)
	}
}
