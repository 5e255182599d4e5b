package complete

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// fresh is how long names are taken for true. What took long to fetch is kept longer.
	fresh = 1500 * time.Millisecond
	// patience is how long a fetch may take.
	patience = 10 * time.Second
	// Bounds: lists in the cache, names in a list, fetches under way, servers remembered.
	maxLists, maxNames, maxFetches, maxServers = 64, 100_000, 4, 16
)

// kind says what a key names.
type kind uint8

const (
	znode kind = iota
	file
	kafkaNames
)

// key names a list of names: the children of a znode, the content of a folder, or names of a Kafka cluster.
type key struct {
	kind kind
	path string
	// what and cluster are of kafkaNames: path is a topic or a broker then.
	what    KafkaNames
	cluster string
}

// list is what is known of a key.
type list struct {
	names   []string // sorted; nil: nothing is known, or nothing could be
	expires time.Time
	loading chan struct{} // closed when the fetch is over; nil: there is none
	missed  bool          // somebody asked, and got nothing of the fetch that is under way
}

// cache holds lists, and fetches them.
type cache struct {
	load  func(context.Context, key) ([]string, error)
	fresh func()

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	lists    map[key]*list
	fetches  int
	server   string
	seen     []string // servers, the latest last
	stopping bool
}

func newCache(load func(context.Context, key) ([]string, error), fresh func()) *cache {
	c := &cache{load: load, fresh: fresh, lists: map[key]*list{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *cache) close() {
	c.mu.Lock()
	c.stopping = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}

// forget drops all lists. What is being fetched will not be kept.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.lists)
}

// follow notes the servers that znodes are asked of.
func (c *cache) follow(server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if server == "" || server == c.server {
		return
	}
	c.server = server
	c.seen = append(slices.DeleteFunc(c.seen, func(s string) bool { return s == server }), server)
	if len(c.seen) > maxServers {
		c.seen = c.seen[1:]
	}
	clear(c.lists)
}

// servers are those that have been followed, the latest first.
func (c *cache) servers() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.seen)
	slices.Reverse(out)
	return out
}

// names returns what is known of a key. If that is nothing, or old, it starts a fetch and waits for it as long as
// Budget; who comes while a fetch is under way does not wait.
func (c *cache) names(k key) []string {
	c.mu.Lock()
	l := c.lists[k]
	if l == nil {
		c.makeRoom()
		l = &list{}
		c.lists[k] = l
	}
	if l.loading != nil {
		l.missed = true
	}
	if l.loading != nil || time.Now().Before(l.expires) || c.stopping || c.fetches == maxFetches {
		defer c.mu.Unlock()
		return l.names
	}
	loading := make(chan struct{})
	l.loading = loading
	c.fetches++
	c.wg.Go(func() { c.fetch(k, l) })
	c.mu.Unlock()

	timer := time.NewTimer(Budget)
	defer timer.Stop()
	select {
	case <-loading:
	case <-timer.C:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l.missed = l.missed || l.loading != nil
	return l.names
}

// fetch fills a list in.
func (c *cache) fetch(k key, l *list) {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	start := time.Now()
	names, err := c.load(ctx, k)
	took := time.Since(start)
	if err != nil {
		names = nil
	} else {
		names = append(make([]string, 0, len(names)), names...)
		slices.Sort(names)
		names = names[:min(len(names), maxNames)]
	}

	c.mu.Lock()
	l.names, l.expires = names, time.Now().Add(fresh+10*took)
	close(l.loading)
	l.loading = nil
	missed := l.missed && c.lists[k] == l && err == nil
	l.missed = false
	c.fetches--
	c.mu.Unlock()
	if missed && c.fresh != nil {
		c.fresh()
	}
}

// makeRoom drops the list that is the oldest, when there are too many.
func (c *cache) makeRoom() {
	if len(c.lists) < maxLists {
		return
	}
	var oldest key
	var when time.Time
	for k, l := range c.lists {
		if l.loading == nil && (when.IsZero() || l.expires.Before(when)) {
			oldest, when = k, l.expires
		}
	}
	delete(c.lists, oldest)
}
