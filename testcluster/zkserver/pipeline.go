package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/txn"
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
	x       txn.Txn // once it is decided
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
	if cap(body) > maxPooledBody {
		body = nil
	}
	*w = write{body: body}
	s.writes.Put(w)
}

const maxPooledBody = 16 << 10

// own submits a write of the server itself.
func (s *Server) own(session zkproto.SessionID, op zkproto.OpCode, body []byte) {
	w := s.newWrite(nil, 0, op)
	w.session, w.body, w.arrived = session, append(w.body, body...), s.sessions.clock()
	s.submit([]*write{w})
}

// submit puts writes into the server's queue, in their order.
func (s *Server) submit(ws []*write) {
	size := 0
	for _, w := range ws {
		size += len(w.body)
	}
	s.inflight.Add(int64(len(ws)))
	s.inflightBytes.Add(int64(size))
	s.queue.put(ws...)
}

// busy says that too much is submitted and not answered: in number, or in bytes.
func (s *Server) busy() bool {
	limit := int64(s.cfg.GlobalOutstandingLimit)
	return limit >= 0 && s.inflight.Load() > limit || s.inflightBytes.Load() > maxInflightBytes
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
	m.list = append(m.list, ws...)
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
	prep  *prep.Prep
	req   prep.Request
	w     *write
	now   int64
	bytes []byte
}

// prepChunk is how many writes are decided under one take of the tree's read lock.
const prepChunk = 64

func (q *sequencer) run() {
	var spare []*write
	for {
		batch := q.s.queue.take(spare)
		if batch == nil {
			return
		}
		for rest := batch; len(rest) > 0; {
			n := min(len(rest), prepChunk)
			if err := q.sequence(rest[:n]); err != nil {
				q.s.fail(err)
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
	for q.s.queue.take(nil) != nil {
	}
}

func (q *sequencer) sequence(ws []*write) error {
	q.now = q.s.cfg.Now().UnixMilli()
	q.s.treeMu.RLock()
	defer q.s.treeMu.RUnlock()
	q.prep.Trim()
	build := q.build
	for _, w := range ws {
		q.w = w
		if err := q.s.order.Propose(build); err != nil {
			return err
		}
	}
	return nil
}

// build decides the write at hand and returns the transaction's bytes.
func (q *sequencer) build(zxid zkproto.Zxid) []byte {
	w := q.w
	q.req = prep.Request{Session: w.session, Cxid: w.xid, Op: w.op, Body: w.body, IDs: w.ids}
	w.x = q.prep.Next(&q.req, zxid, q.now)
	q.bytes = w.x.AppendTo(q.bytes[:0])
	q.s.decided.put(w)
	return q.bytes
}
