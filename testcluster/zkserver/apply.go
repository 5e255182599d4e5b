package zkserver

import (
	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// applier applies committed transactions: the one goroutine that changes the tree and the
// table of sessions.
type applier struct {
	s      *Server
	events []znode.Event
	kicks  []*conn // connections with new output
	drains []*conn // connections whose queued reads may go on
	event  *znode.Event
	zxid   zkproto.Zxid
	tell   func(*conn)  // sends event to a connection; made once
	now    int64        // of the chunk, by sessions.clock
	syncs  []zab.LinkID // learners to be told that a sync is done
}

// applyChunk is how many transactions are applied under one take of the write lock.
const applyChunk = 128

func (a *applier) run() {
	a.tell = func(c *conn) {
		c.mu.Lock()
		c.event(a.event, a.zxid)
		c.stats.tell(a.s)
		c.mu.Unlock()
		a.kick(c)
	}
	var batch []*write
	for {
		batch = a.s.decided.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		for rest := batch; len(rest) > 0; {
			n := min(len(rest), applyChunk)
			if err := a.resolve(rest[:n]); err != nil {
				a.s.fail(err)
				return
			}
			a.apply(rest[:n])
			rest = rest[n:]
		}
		clear(batch)
	}
}

// apply carries out a chunk of writes and answers them.
func (a *applier) apply(ws []*write) {
	a.now = a.s.sessions.clock()
	a.s.treeMu.Lock()
	for _, w := range ws {
		if w.c != nil && w.c.drain {
			// Reads that came between this connection's writes see the one before them and
			// not this one. Only the applier changes the tree, so letting the lock go to
			// serve them, beside other readers, changes nothing.
			a.s.treeMu.Unlock()
			a.drainReads()
			a.s.treeMu.Lock()
		}
		a.applyOne(w)
	}
	a.s.treeMu.Unlock()
	a.drainReads()
	finish(ws)
	for i, c := range a.kicks {
		c.touched = false
		c.kick()
		a.kicks[i] = nil
	}
	a.kicks = a.kicks[:0]
	for _, l := range a.syncs {
		a.s.member.syncDone(l)
	}
	a.syncs = a.syncs[:0]
	for _, w := range ws {
		a.s.recycle(w)
	}
	a.s.maybeSnapshot(len(ws))
}

func (a *applier) drainReads() {
	if len(a.drains) == 0 {
		return
	}
	a.s.treeMu.RLock()
	defer a.s.treeMu.RUnlock()
	for i, c := range a.drains {
		c.drain = false
		c.drainQueue()
		a.kick(c)
		a.drains[i] = nil
	}
	a.drains = a.drains[:0]
}

// kick notes that a connection has output to be written after the chunk.
func (a *applier) kick(c *conn) {
	if !c.touched {
		c.touched = true
		a.kicks = append(a.kicks, c)
	}
}

// applyOne changes the tree, tells those who watch, and then answers.
func (a *applier) applyOne(w *write) {
	s := a.s
	if w.op == zkproto.OpSync {
		a.synced(w)
		return
	}
	var res znode.Result
	res, a.events = s.tree.Apply(&w.x, a.events[:0])
	applySession(s.table, &w.x)
	s.applied++
	a.zxid = w.x.Zxid
	for i := range a.events {
		a.event = &a.events[i]
		s.watches.deliver(a.event, a.tell)
	}
	clear(a.events)
	// A ping is answered without the tree's lock: it must not show this transaction to those
	// who have not been told of it.
	s.lastZxid.Store(int64(w.x.Zxid))
	if w.x.Type == zkproto.OpCloseSession {
		if c := s.sessions.closed(w.x.Session); c != nil && c != w.c {
			a.kick(c)
			c.mu.Lock()
			c.hangup = true
			c.mu.Unlock()
		}
	}
	if w.c != nil {
		a.answer(w, &res)
	}
}

// applySession follows a transaction in the table of sessions.
func applySession(table *lease.Table, x *txn.Txn) {
	switch body := x.Body.(type) {
	case *txn.CreateSession:
		table.Open(x.Session, body.Timeout)
	case *txn.CloseSession:
		table.Close(x.Session)
	}
}

// answer appends the reply to a write and lets the reads behind it go on.
func (a *applier) answer(w *write, res *znode.Result) {
	c := w.c
	a.kick(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.op == zkproto.OpCreateSession {
		c.establish()
	} else {
		c.answered++
		c.answerWrite(w, res)
	}
	a.answered(c, w, w.x.Zxid, anUpdate)
}

// answered counts an answer and has the reads go on that have waited for it. The
// connection's lock is held.
func (a *applier) answered(c *conn, w *write, zxid zkproto.Zxid, kind requestKind) {
	if len(c.queue) > 0 && c.queue[0].after <= c.answered && !c.drain {
		c.drain = true
		a.drains = append(a.drains, c)
	}
	c.stats.note(w.op, w.xid, zxid)
	c.stats.noted-- // its latency is known here
	c.stats.answer(a.now, max(a.now-w.arrived, 0), 1, kind)
	c.stats.tell(a.s)
}

// answerWrite appends the reply. The connection's lock is held.
func (c *conn) answerWrite(w *write, res *znode.Result) {
	if movedAway(res) {
		c.hangup = true // another server has the session: this client must not hear of it
		return
	}
	at := c.begin(w.xid, w.x.Zxid, res.Err)
	if res.Err == zkproto.OK {
		switch w.op {
		case zkproto.OpCreate:
			c.out = jute.AppendString(c.out, res.Path)
		case zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
			c.out = res.Stat.AppendTo(jute.AppendString(c.out, res.Path))
		case zkproto.OpSetData, zkproto.OpSetACL:
			c.out = res.Stat.AppendTo(c.out)
		case zkproto.OpMulti:
			c.out = (&zkproto.MultiResponse{Results: res.Multi}).AppendTo(c.out)
		}
	}
	c.end(at)
	if w.op == zkproto.OpCloseSession {
		c.hangup = true
	}
}

// movedAway tells whether a write was refused because another server has its session. A multi
// is answered with OK, and has the refusal in the results.
func movedAway(res *znode.Result) bool {
	if res.Err == zkproto.SessionMoved {
		return true
	}
	for i := range res.Multi {
		if res.Multi[i].Err == zkproto.SessionMoved {
			return true
		}
	}
	return false
}
