package zab

import "sort"

// memlog is the end of the log, in memory: what a leader hands to learners that come back, and what is not committed
// yet.
//
//	 on disk only   applied              tail
//	--------------|--------------------|--------------------|
//	              base                 applied              last
//
// The applied part is in the tree, or has been given out to be; it is bounded, and goes away from its beginning. The
// tail is logged and not known to be committed; it goes away only by a commit or when a leader cuts it off.
type memlog struct {
	base    Zxid
	entries []Entry
	done    int // entries[:done] are applied
	// doneBytes are the bytes of the applied entries.
	doneBytes int
}

func (g *memlog) last() Zxid {
	if n := len(g.entries); n > 0 {
		return g.entries[n-1].Zxid
	}
	return g.base
}

func (g *memlog) applied() Zxid {
	if g.done > 0 {
		return g.entries[g.done-1].Zxid
	}
	return g.base
}

// tail is what is not applied.
func (g *memlog) tail() []Entry { return g.entries[g.done:] }

// after is everything behind z, which is not below base.
func (g *memlog) after(z Zxid) []Entry {
	i := sort.Search(len(g.entries), func(i int) bool { return g.entries[i].Zxid > z })
	return g.entries[i:]
}

// before is the greatest known zxid not above z, which is not below base.
func (g *memlog) before(z Zxid) Zxid {
	i := len(g.entries) - len(g.after(z))
	if i == 0 {
		return g.base
	}
	return g.entries[i-1].Zxid
}

func (g *memlog) append(e Entry) { g.entries = append(g.entries, e) }

// apply takes the first entry of the tail over into the applied part.
func (g *memlog) apply() Entry {
	e := g.entries[g.done]
	g.done++
	g.doneBytes += len(e.Data)
	return e
}

// evict forgets applied entries from the oldest on while there are more than count or bytes. What is not durable yet
// stays, for it could not be read from the files either.
func (g *memlog) evict(count, bytes int, durable Zxid) {
	for g.done > 0 && (g.done > count || g.doneBytes > bytes) && g.entries[0].Zxid <= durable {
		g.base = g.entries[0].Zxid
		g.doneBytes -= len(g.entries[0].Data)
		g.entries[0] = Entry{}
		g.entries = g.entries[1:]
		g.done--
	}
}

// cut removes everything above z, also from the applied part.
func (g *memlog) cut(z Zxid) {
	if z <= g.base {
		g.reset(z)
		return
	}
	keep := len(g.entries) - len(g.after(z))
	for i := keep; i < g.done; i++ {
		g.doneBytes -= len(g.entries[i].Data)
	}
	clear(g.entries[keep:])
	g.entries = g.entries[:keep]
	g.done = min(g.done, keep)
}

// reset forgets everything: the log and the tree end at z.
func (g *memlog) reset(z Zxid) { *g = memlog{base: z} }
