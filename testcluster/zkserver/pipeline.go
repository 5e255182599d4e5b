package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// write is a request that changes something, from the connection to its reply.
type write struct {
	c       *conn // nil: the server itself asks
	session zkproto.SessionID
	xid     int32
	op      zkproto.OpCode
	body    []byte // the transaction shares its memory
	ids     []zkproto.ID
	arrived int64
	flow    *flow   // that it counts in; nil: nobody waits for it
	x       txn.Txn // once it is decided

	// In an ensemble:
	raw  []byte     // a committed transaction that was decided elsewhere, still to be decoded
	link zab.LinkID // the learner that has forwarded it; 0: none
	task func()     // the sequencer calls it instead of deciding a transaction
}

// newWrite returns an empty write of a connection, or of the server itself.
func (s *Server) newWrite(c *conn, xid int32, op zkproto.OpCode) *write {
	w, ok := s.writes.Get().(*write)
	if !ok {
		w = new(write)
	}
	*w = write{c: c, xid: xid, op: op, body: w.body[:0]}
	if c != nil {
		w.session = c.session
	}
	return w
}

func (s *Server) recycle(w *write) {
	body := w.body
	if cap(body) > maxPooledBody || w.link != 0 {
		body = nil
	}
	*w = write{body: body}
	s.writes.Put(w)
}

const maxPooledBody = 16 << 10

// own submits a write of the server itself, in the term in which it has come up; nil is
// standalone.
func (s *Server) own(t *term, session zkproto.SessionID, op zkproto.OpCode, body []byte) {
	w := s.newWrite(nil, 0, op)
	w.session, w.body, w.arrived = session, append(w.body, body...), s.sessions.clock()
	s.submit(t, &s.flow, []*write{w})
}

// submit hands writes on, in their order: to the sequencer of a standalone server, or to
// where the term has them decided.
func (s *Server) submit(t *term, f *flow, ws []*write) {
	if t != nil {
		t.submit(ws)
		return
	}
	f.begin(ws)
	s.queue.put(ws...)
}

// mailbox is a queue that one goroutine empties, all at once.
type mailbox struct {
	mu     sync.Mutex
	filled sync.Cond
	list   []*write
	closed bool
}

func (m *mailbox) put(ws ...*write) {
	m.mu.Lock()
	if !m.closed { // else nobody will ever look
		m.list = append(m.list, ws...)
	}
	m.mu.Unlock()
	m.filled.Signal()
}

// take waits for writes and returns them; nil says that there will be no more. spare is
// memory for those that come next.
func (m *mailbox) take(spare []*write) []*write {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.list) == 0 && !m.closed {
		m.filled.Wait()
	}
	list := m.list
	m.list = spare[:0]
	if len(list) == 0 {
		return nil
	}
	return list
}

func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.filled.Broadcast()
}

// sequencer decides writes, one after another: the one goroutine that uses prep.
type sequencer struct {
	s     *Server
	queue *mailbox
	order order
	prep  *prep.Prep
	// failed is told why no more can be decided, proposed how long each transaction is; nil
	// need not know.
	failed   func(error)
	proposed func(bytes int)
	req      prep.Request
	w        *write
	now      int64
	bytes    []byte
}

// prepChunk is how many writes are decided under one take of the tree's read lock.
const prepChunk = 64

func (q *sequencer) run() {
	var spare []*write
	for {
		batch := q.queue.take(spare)
		if batch == nil {
			return
		}
		for rest := batch; len(rest) > 0; {
			n := min(len(rest), prepChunk)
			if err := q.sequence(rest[:n]); err != nil {
				q.failed(err)
				q.discard()
				return
			}
			rest = rest[n:]
		}
		clear(batch)
		spare = batch
	}
}

// discard drops what is still submitted after a failure: it will not be answered.
func (q *sequencer) discard() {
	for q.queue.take(nil) != nil {
	}
}

func (q *sequencer) sequence(ws []*write) error {
	q.now = q.s.cfg.Now().UnixMilli()
	q.s.treeMu.RLock()
	defer q.s.treeMu.RUnlock()
	q.prep.Trim()
	build := q.build
	for _, w := range ws {
		if w.task != nil {
			w.task()
			continue
		}
		q.w = w
		if err := q.order.Propose(build); err != nil {
			return err
		}
	}
	return nil
}

// build decides the write at hand and returns the transaction's bytes.
func (q *sequencer) build(zxid zkproto.Zxid) []byte {
	w := q.w
	q.req = prep.Request{Session: w.session, Cxid: w.xid, Op: w.op, Body: w.body, IDs: w.ids, Owner: int64(q.s.sessions.owner(w.link))}
	w.x = q.prep.Next(&q.req, zxid, q.now)
	q.bytes = w.x.AppendTo(q.bytes[:0])
	if q.proposed != nil {
		q.proposed(len(q.bytes))
	}
	q.s.decided.put(w)
	return q.bytes
}
