package partitions

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// fetch is a Fetch request. One goroutine at a time works on it: the connection's at first, then whoever wakes it.
type fetch struct {
	m         *Manager
	req       *wire.Request
	replica   int32 // -1: a client
	committed bool
	minBytes  int
	maxBytes  int
	maxWait   time.Duration
	plan      plan
	items     []fetchItem
	room      *[]fetchItem // that items are in

	state    atomic.Int32
	late     atomic.Bool
	queued   bool // it has been parked
	counted  int  // of its items in Manager.parked
	deadline deadline
	stop     func() bool // stops watching the connection
}

// States of a fetch. A wake that finds it running makes it dirty, so that it looks again before it parks.
const (
	running = iota
	dirty
	parked
	ended
)

// fetchItem is one partition of a fetch, and what the last look at it found.
type fetchItem struct {
	sessionItem
	f    *fetch
	part *partition
	node node[fetchItem]

	lead      *replica.Leader // the partition's
	err       kproto.Error
	hw, start int64
	diverging bool
	endEpoch  int32
	endOffset int64
	chunk     klog.Chunk
	// bound is where reading ended: the high watermark, or the log's end for a follower.
	bound int64
	// moves is the partition's at the last look.
	moves int64
	// startThen is where the log began at the first look.
	startThen int64
}

func (m *Manager) fetch(req *wire.Request) {
	var room [4]codec.FetchItem
	q, err := codec.ParseFetch(req.Body, req.Version, room[:0])
	if err != nil {
		req.Hangup(fmt.Errorf("fetch: %w", err))
		return
	}
	f := &fetch{m: m, req: req, replica: q.Replica, committed: q.Committed,
		minBytes: int(q.MinBytes), maxBytes: int(q.MaxBytes), maxWait: time.Duration(q.MaxWaitMs) * time.Millisecond}
	f.maxBytes = max(0, min(f.maxBytes, int(m.o.ClientFetchMaxBytes)))
	// One connection is not to have many answers waiting for a client that does not read.
	req.Expect(f.maxBytes)
	t := m.table.Load()
	f.plan = m.sessions.open(f, t, &q, m.o.Now())
	for i := range f.items {
		it := &f.items[i]
		it.part = t.findKey(it.key)
		if it.part == nil {
			it.fail(t.missing(it.key.topic, it.key.partition))
		}
	}
	f.run(true)
}

// take copies the items of a session, or of a request, beginning with one of them. The room for them is used again: a fetch of
// many partitions is frequent, and large.
func (f *fetch) take(items []sessionItem, first int) {
	f.room, _ = f.m.rooms.Get().(*[]fetchItem)
	if f.room == nil {
		f.room = new([]fetchItem)
	}
	if cap(*f.room) < len(items) {
		*f.room = make([]fetchItem, len(items))
	}
	f.items = (*f.room)[:len(items)]
	for i := range items {
		it := &f.items[i]
		it.sessionItem, it.f = items[(first+i)%len(items)], f
		it.node.value = it
	}
}

// giveBack ends the use of the items. They are in no queue any more.
func (f *fetch) giveBack() {
	f.m.parked.Add(-int64(f.counted))
	if f.room != nil {
		clear(f.items)
		f.m.rooms.Put(f.room)
		f.items, f.room = nil, nil
	}
}

// run looks at the partitions, and answers or parks. first is the look of the request itself, which counts as news of a
// follower.
func (f *fetch) run(first bool) {
	for {
		size, now := f.look(first)
		if now || size >= f.minBytes || f.maxWait <= 0 || f.late.Load() || len(f.items) == 0 || first && !f.mayPark() {
			f.state.Store(ended)
			f.answer()
			return
		}
		for i := range f.items {
			f.items[i].drop()
		}
		f.req.Reserve(0)
		if first {
			f.arm()
		}
		first = false
		if f.park() {
			return
		}
		f.state.Store(running)
	}
}

// bound is the offset that a fetch reads up to. The caller holds the lock.
func (p *partition) bound(replica int32) int64 {
	if replica >= 0 {
		return p.log.EndOffset()
	}
	return p.lead.HighWatermark()
}

// look reads what there is in each partition, within the limits: the first one that has anything gives a batch at least,
// however large. now says that the answer is due whatever its size.
func (f *fetch) look(first bool) (size int, now bool) {
	if f.plan.err != kproto.NoError {
		return 0, true
	}
	left := f.reserve()
	for i := range f.items {
		it := &f.items[i]
		if it.part == nil {
			now = true
			continue
		}
		if it.quiet != 0 && it.part.moves.Load() == it.quiet {
			if first {
				it.hw, it.start, it.startThen, it.moves = it.told.hw, it.told.start, it.told.start, it.quiet
			}
			continue
		}
		it.err, it.diverging = kproto.NoError, false
		log, err := it.part.admit(it, first)
		if err == nil && !it.diverging && it.Offset < it.bound && (left > 0 || size == 0) {
			it.chunk, err = log.Read(it.Offset, max(0, min(int(it.MaxBytes), left)), it.bound, size == 0)
			if err == nil && f.replica >= 0 && !it.part.ledBy(it.lead) {
				// What was read may be another leader's already, and need not fit what the follower has.
				err = kproto.NotLeaderOrFollower
			}
		}
		if err == nil {
			err = f.readable(it)
		}
		if err != nil {
			it.fail(codeOf(err))
		}
		if first {
			it.startThen = it.start
		}
		now = now || err != nil || it.diverging || f.replica >= 0 && it.start != it.startThen
		size += it.chunk.Size
		left -= it.chunk.Size
	}
	return size, now
}

// reserve returns how many bytes of records the answer may have: fewer than it asks for where the clients that do not read their
// answers leave no memory for it. Followers keep enough not to fall behind.
func (f *fetch) reserve() int {
	n := f.req.Reserve(f.maxBytes)
	if f.replica >= 0 {
		n = max(n, min(f.maxBytes, followerRoom))
	}
	return n
}

// followerRoom is what a follower's fetch may bring at any time.
const followerRoom = 1 << 20

// ledBy says whether the partition has been led here without a break since l did, so that its log has only grown.
func (p *partition) ledBy(l *replica.Leader) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lead == l
}

// readable says whether this version of the request may carry what was read.
func (f *fetch) readable(it *fetchItem) error {
	switch {
	case f.req.Version < codec.FetchBatches:
		return kproto.UnsupportedVersion
	case f.req.Version < fetchZstd && it.chunk.Size > 0 && hasZstd(it.chunk.Bufs):
		return kproto.UnsupportedCompressionType
	}
	return nil
}

// fetchZstd is the first version of Fetch whose readers know zstd.
const fetchZstd = 10

func (it *fetchItem) fail(code kproto.Error) {
	it.drop()
	it.err, it.hw, it.start, it.quiet = code, -1, -1, 0
}

// drop gives back what was read.
func (it *fetchItem) drop() {
	if it.chunk.Size > 0 {
		it.chunk.Release()
		it.chunk = klog.Chunk{}
	}
}

// hasZstd says whether any batch is compressed by zstd.
func hasZstd(bufs [][]byte) bool {
	for _, b := range bufs {
		for len(b) >= kproto.BatchHeaderSize {
			h, err := kproto.ParseBatchHeader(b)
			if err != nil || h.Size() > len(b) {
				break
			}
			if h.Codec() == kproto.CodecZstd {
				return true
			}
			b = b[h.Size():]
		}
	}
	return false
}

// admit checks whether the partition can be read from that offset, takes a follower's news in, and fills in where reading
// ends.
func (p *partition) admit(it *fetchItem, first bool) (*klog.Log, error) {
	var w wakes
	p.mu.Lock()
	log, err := p.admitLocked(it, first, &w)
	p.mu.Unlock()
	w.run()
	return log, err
}

func (p *partition) admitLocked(it *fetchItem, first bool, w *wakes) (*klog.Log, error) {
	l, err := p.check(it.LeaderEpoch)
	if err != nil {
		return nil, err
	}
	follower := it.f.replica
	if follower >= 0 && !l.Assigned(follower) {
		return nil, kproto.NotLeaderOrFollower
	}
	if it.LastFetchedEpoch >= 0 {
		it.endEpoch, it.endOffset, it.diverging, err = replica.Diverges(p.log, it.Offset, it.LastFetchedEpoch)
		if err != nil {
			return nil, err
		}
	}
	start, end := p.log.StartOffset(), p.log.EndOffset()
	if !it.diverging && (it.Offset < start || it.Offset > end) {
		return nil, kproto.OffsetOutOfRange
	}
	if follower >= 0 && first && !it.diverging {
		if l.Fetched(follower, it.Offset, it.LogStart, p.m.o.Now()) {
			p.moved(w)
		}
		p.due(w)
		for d := p.deletions.pop(); d != nil; d = p.deletions.pop() {
			w.deletions = append(w.deletions, d)
		}
	}
	it.lead, it.hw, it.start = l, l.HighWatermark(), start
	it.bound, it.moves, it.quiet = p.bound(follower), p.moves.Load(), 0
	if !it.diverging && it.Offset >= it.bound {
		it.quiet = it.moves
	}
	return p.log, nil
}
