package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/check/history"
	"github.com/zoka-project/zoka/testcluster/check/records"
)

// producer sends records as an idempotent client does that waits for all replicas in sync. Now and then it goes without
// a word, and another takes its place: what was under way then may be there or not.
type producer struct {
	*kafka
	rnd *rand.Rand
}

func (p *producer) close()            {}
func (p *producer) ops() []history.Op { return nil }

func (p *producer) work(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.session(ctx); err != nil {
			p.problem("a producer cannot be made: %v", err)
			return
		}
	}
}

// ledger is what one producer was told.
type ledger struct {
	sync.Mutex
	sent []records.Sent
}

// session is one client's life.
func (p *producer) session(ctx context.Context) error {
	p.mu.Lock()
	id := p.mu.producers
	p.mu.producers++
	p.mu.Unlock()
	codecs := [][]kgo.CompressionCodec{{kgo.NoCompression()}, {kgo.ZstdCompression()}, {kgo.SnappyCompression()}, {kgo.Lz4Compression()}}
	c, err := p.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MaxBufferedRecords(400),
		kgo.ProducerLinger(time.Duration(p.rnd.IntN(5))*time.Millisecond),
		kgo.ProducerBatchCompression(codecs[p.rnd.IntN(len(codecs))]...))
	if err != nil {
		return err
	}
	life, cancel := context.WithTimeout(ctx, time.Duration(3+p.rnd.IntN(20))*time.Second)
	defer cancel()
	l := &ledger{}
	for number := 0; life.Err() == nil; number++ {
		p.send(c, l, records.ID{Producer: id, Number: number})
		if number%8 == 7 {
			pause(life, time.Duration(1+p.rnd.IntN(15))*time.Millisecond)
		}
	}
	if ctx.Err() != nil || p.rnd.IntN(2) == 0 {
		if err := c.Flush(p.life); err != nil {
			p.problem("producer %d has waited in vain: %v", id, err)
		}
	}
	c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	l.Lock()
	defer l.Unlock()
	p.mu.sent = append(p.mu.sent, l.sent...)
	return nil
}

// send hands a record over. It waits while the client has too many.
func (p *producer) send(c *kgo.Client, l *ledger, id records.ID) {
	s := records.Sent{ID: id, Partition: int32(p.rnd.IntN(kafkaPartitions)), Unknown: true}
	l.Lock()
	l.sent = append(l.sent, s)
	l.Unlock()
	record := &kgo.Record{Topic: kafkaTopic, Partition: s.Partition, Value: valueOf(id, p.rnd.IntN(600))}
	c.Produce(p.life, record, func(r *kgo.Record, err error) {
		if err != nil {
			return
		}
		l.Lock()
		defer l.Unlock()
		l.sent[id.Number].Offset, l.sent[id.Number].Unknown = r.Offset, false
	})
}

// valueOf is a record's value: its name, and so many bytes more.
func valueOf(id records.ID, more int) []byte {
	return fmt.Appendf(nil, "%d/%d/%s", id.Producer, id.Number, strings.Repeat("z", more))
}

// idOf reads the name in a record's value.
func idOf(value []byte) (id records.ID, err error) {
	if _, err = fmt.Sscanf(string(value), "%d/%d/", &id.Producer, &id.Number); err != nil {
		err = fmt.Errorf("a record that nobody has sent: %.40q", value)
	}
	return id, err
}
