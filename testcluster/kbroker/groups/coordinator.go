package groups

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/group"
)

// loadsAtOnce bounds the partitions that are read at the same time.
const loadsAtOnce = 4

// Coordinator answers for the groups of one broker.
type Coordinator struct {
	o      Options
	config group.Config
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	loads  chan struct{} // a place for each partition that is being read

	nobody   *term         // answers for the partitions that others lead
	sleeps   atomic.Int64  // until when the clock sleeps, in ns of Unix
	wake     chan struct{} // the clock has something to do
	creating atomic.Bool
	refused  atomic.Pointer[error] // why the topic of offsets could not be created the last time
	fenced   atomic.Bool

	mu struct {
		sync.Mutex
		terms map[int32]*term // by partition
		image *kzk.Image      // the last one applied
		gone  map[string]bool // topics that were deleted, whose offsets are still there
		ended bool
	}
}

// New returns a coordinator that leads nothing yet. It asks the log to be told of leaderships, so it is made before the
// log has any.
func New(o Options) *Coordinator {
	c := &Coordinator{o: o.withDefaults(), loads: make(chan struct{}, loadsAtOnce), wake: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.config = c.groupConfig()
	c.mu.terms, c.mu.gone = map[int32]*term{}, map[string]bool{}
	c.nobody = newTerm(c, -1, 0)
	c.nobody.end()
	c.o.Log.OnLeadership(c.leadership)
	c.work.Go(c.clock)
	return c
}

func (c *Coordinator) groupConfig() group.Config {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	g := c.o.Config
	return group.Config{
		MinSession: ms(g.MinSessionTimeoutMs), MaxSession: ms(g.MaxSessionTimeoutMs),
		InitialDelay: ms(g.InitialRebalanceDelayMs), MaxSize: g.MaxSize, MaxMetadata: g.OffsetMetadataMaxBytes,
		MaxBatch:  c.o.MaxBatch,
		Retention: ms(g.OffsetsRetentionMs), RetentionCheck: ms(g.OffsetsRetentionCheckMs),
		NewID:  newUUID,
		Exists: func(topic string, partition int32) bool { return c.o.Image().Partition(topic, partition) != nil },
	}
}

// Apply takes in a new image: offsets of topics that are gone are removed. It does not block.
func (c *Coordinator) Apply(img *kzk.Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.mu.image; old != nil {
		for name, topic := range old.Topics {
			if now := img.Topics[name]; now == nil || now.Czxid != topic.Czxid {
				c.mu.gone[name] = true
			}
		}
	}
	c.mu.image = img
	if len(c.mu.gone) > 0 {
		c.wakeClock()
	}
}

// Fence says that the session with ZooKeeper is lost, or there again. As long as it is lost the coordinator answers as if
// it led nothing: somebody else may coordinate its groups by now.
func (c *Coordinator) Fence(lost bool) { c.fenced.Store(lost) }

// Close ends all work; who waits for an answer gets NOT_COORDINATOR. All goroutines have ended when it returns.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.mu.ended = true
	terms := c.mu.terms
	c.mu.terms = map[int32]*term{}
	c.mu.Unlock()
	c.cancel()
	for _, t := range terms {
		t.end()
	}
	c.work.Wait()
}

// leadership takes over a partition, or gives it up.
func (c *Coordinator) leadership(topic string, partition, epoch int32, leads bool) {
	if topic != Topic {
		return
	}
	c.mu.Lock()
	before := c.mu.terms[partition]
	if before != nil && leads && epoch == before.epoch+1 {
		// Each change of a leader has an epoch of its own: nobody else has led between this one and the last. It is the
		// replicas in sync that have changed, which is nothing to members.
		before.epoch = epoch
		c.mu.Unlock()
		return
	}
	delete(c.mu.terms, partition)
	if leads && !c.mu.ended {
		t := newTerm(c, partition, epoch)
		c.mu.terms[partition] = t
		c.work.Go(func() { t.load(before) })
	}
	c.mu.Unlock()
	if before != nil {
		before.end()
	}
}

// partitionOf is the partition of a group, or -1 as long as there is no such topic. Source: GroupMetadataManager.partitionFor.
func (c *Coordinator) partitionOf(name string) int32 {
	topic := c.o.Image().Topics[Topic]
	if topic == nil || len(topic.Partitions) == 0 {
		return -1
	}
	hash := int64(kproto.JavaHash(name))
	if hash = max(hash, -hash); hash > 1<<31-1 {
		hash = 0 // Java has no absolute value of its smallest int
	}
	return int32(hash % int64(len(topic.Partitions)))
}

// termOf is who answers for a group.
func (c *Coordinator) termOf(name string) *term {
	p := c.partitionOf(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.mu.terms[p]; t != nil && !c.fenced.Load() {
		return t
	}
	return c.nobody
}

func (c *Coordinator) allTerms() []*term {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]*term, 0, len(c.mu.terms))
	for _, t := range c.mu.terms {
		list = append(list, t)
	}
	return list
}

// newUUID is a random UUID (version 4) as text.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
