package groups

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// term is a partition of offsets for the time that this broker leads it: a shard, and those who wait for its replies.
//
// Whoever brings the shard an input also carries out what comes of it, after the lock is released: replies, and appends in
// their order. When several come at the same time the first does it for all of them.
type term struct {
	c         *Coordinator
	partition int32
	epoch     int32        // the last one of the term; guarded by the coordinator's lock
	deadline  atomic.Int64 // when the shard is due, in ns of Unix; MaxInt64 is never

	mu struct {
		sync.Mutex
		shard   *group.Shard
		waiting map[group.Ticket]func(kmsg.Response)
		last    group.Ticket
		busy    bool // somebody carries out the output
		ended   bool
	}
	// writing is held while a batch is handed to the log, and at the end of the term for good: whoever leads next reads the
	// log only after that, so that no write of this term comes behind its back.
	writing sync.Mutex
	sealed  bool // guarded by writing
}

func newTerm(c *Coordinator, partition, epoch int32) *term {
	t := &term{c: c, partition: partition, epoch: epoch}
	t.deadline.Store(math.MaxInt64)
	t.mu.shard = group.New(c.config)
	t.mu.waiting = map[group.Ticket]func(kmsg.Response){}
	return t
}

// do gives the shard an input that nobody waits for.
func (t *term) do(input func(now time.Time, s *group.Shard)) {
	t.mu.Lock()
	input(t.c.o.Now(), t.mu.shard)
	t.mu.Unlock()
	t.carryOut()
}

// ask gives the shard a request; reply gets what it answers, now or later, from any goroutine.
func (t *term) ask(reply func(kmsg.Response), input func(now time.Time, ticket group.Ticket, s *group.Shard)) {
	t.mu.Lock()
	t.mu.last++
	t.mu.waiting[t.mu.last] = reply
	input(t.c.o.Now(), t.mu.last, t.mu.shard)
	t.mu.Unlock()
	t.carryOut()
}

// read asks the shard what it can say at once.
func (t *term) read(input func(s *group.Shard)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	input(t.mu.shard)
}

// end closes the shard: all who wait are answered.
func (t *term) end() {
	t.mu.Lock()
	t.mu.ended = true
	t.mu.shard.Close()
	t.mu.Unlock()
	t.carryOut()
}

// maxRounds bounds how long one caller works for the others.
const maxRounds = 64

// carryOut does what the shard wants done, unless somebody is at it. After a while it leaves the rest to the clock: the
// caller has a connection to read.
func (t *term) carryOut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.busy {
		return
	}
	t.mu.busy = true
	rounds := 0
	for t.roundLocked() && rounds < maxRounds {
		rounds++
	}
	t.mu.busy = false
	t.armLocked(rounds == maxRounds)
}

// roundLocked does what has come together, with the lock released meanwhile; false if that was nothing.
func (t *term) roundLocked() bool {
	out := t.mu.shard.Take()
	if len(out.Appends)+len(out.Replies)+len(out.Events) == 0 {
		return false
	}
	replies := make([]func(kmsg.Response), len(out.Replies))
	for i, r := range out.Replies {
		replies[i] = t.mu.waiting[r.Ticket]
		delete(t.mu.waiting, r.Ticket)
	}
	t.mu.Unlock()
	defer t.mu.Lock()
	for _, a := range out.Appends {
		t.append(a)
	}
	for i, r := range out.Replies {
		replies[i](r.Response)
	}
	for _, e := range out.Events {
		t.c.o.Logger.Info(e.Text, "group", e.Group, "partition", t.partition)
	}
	return true
}

// append writes a batch, and tells the shard what became of it.
func (t *term) append(a group.Append) {
	settle := func(_ int64, err error) {
		t.do(func(now time.Time, s *group.Shard) { s.Appended(now, a.ID, kproto.Code(err)) })
	}
	t.writing.Lock()
	if t.sealed {
		t.writing.Unlock()
		return // the shard is closed, and has said so to all
	}
	timeout := time.Duration(t.c.o.Config.OffsetsCommitTimeoutMs) * time.Millisecond
	t.c.o.Log.Append(Topic, t.partition, batch(a.Records), timeout, settle)
	t.writing.Unlock()
}

// seal waits for the write that is under way and forbids others. The shard is closed by then.
func (t *term) seal() {
	t.writing.Lock()
	t.sealed = true
	t.writing.Unlock()
}
