package partitions

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
)

// fetchers has one fetcher for each broker that leads a partition followed here.
type fetchers struct {
	m   *Manager
	ctx context.Context
	wg  sync.WaitGroup

	mu       sync.Mutex
	byLeader map[int32]*fetcher
	stopped  bool
}

// fetcher copies from one leader, by one goroutine and one connection, as long as there is anything to copy.
type fetcher struct {
	m      *Manager
	leader int32
	wake   chan struct{}

	mu sync.Mutex
	// parts are in the order of topics and partitions, replaced at each change.
	parts   []*fetching
	added   bool   // since the last request was made
	hangup  func() // ends the request that is being waited for
	retired bool

	// due and refreshed are of the fetcher's goroutine.
	due       []*fetching
	refreshed time.Time
}

// fetching is a partition in a fetcher. What changes is the fetcher's goroutine's.
type fetching struct {
	p     *partition
	topic []byte
	delay time.Duration // after an error
	until time.Time     // not before
	// at is where it stands, as long as known: nothing moves a follower but the answers it takes in.
	at    codec.FetchItem
	known bool
	// link is the connection in whose fetch session it is, as at.
	link *leaderLink
}

func (fs *fetchers) add(leader int32, p *partition) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.stopped {
		return
	}
	f := fs.byLeader[leader]
	if f == nil {
		f = &fetcher{m: fs.m, leader: leader, wake: make(chan struct{}, 1)}
		fs.byLeader[leader] = f
		fs.wg.Go(func() { f.run(fs.ctx) })
	}
	f.add(p)
}

func (f *fetcher) add(p *partition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := append(slices.Clone(f.parts), &fetching{p: p, topic: []byte(p.topic)})
	slices.SortFunc(parts, func(a, b *fetching) int {
		return cmp.Or(cmp.Compare(a.p.topic, b.p.topic), cmp.Compare(a.p.id, b.p.id))
	})
	f.parts, f.added = parts, true
}

func (fs *fetchers) remove(leader int32, p *partition) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.byLeader[leader]
	if f == nil {
		return
	}
	f.mu.Lock()
	f.parts = slices.DeleteFunc(slices.Clone(f.parts), func(x *fetching) bool { return x.p == p })
	f.mu.Unlock()
}

// settle comes after the changes of one image. A fetcher that waits for news of its old partitions asks anew, with the new
// ones; one that has none left ends.
func (fs *fetchers) settle() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for leader, f := range fs.byLeader {
		f.mu.Lock()
		if f.added && f.hangup != nil {
			f.hangup()
		}
		if len(f.parts) == 0 {
			f.retired = true
			delete(fs.byLeader, leader)
			if f.hangup != nil {
				f.hangup()
			}
		}
		f.mu.Unlock()
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// stop has all fetchers end, and starts no more.
func (fs *fetchers) stop() {
	fs.mu.Lock()
	fs.stopped = true
	for _, f := range fs.byLeader {
		f.mu.Lock()
		f.retired = true
		if f.hangup != nil {
			f.hangup()
		}
		f.mu.Unlock()
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
	clear(fs.byLeader)
	fs.mu.Unlock()
	fs.wg.Wait()
}
