package zkserver

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/zkserver/quorum"
)

// member is a server's part in an ensemble. It stands between the quorum's node, which says
// what the server is and what is committed, and the server, which it has serve in terms.
//
// It is the node's App: Role, Commit, Packet, LinkDown, Confirmed and Touched are called under
// the node's lock and only leave word. What follows from a role is done by one goroutine,
// direct.
type member struct {
	s    *Server
	node *quorum.Node

	mu      sync.Mutex
	changed sync.Cond // of mu: one of these
	role    zab.Role
	wanted  *term // that the role asks for; nil: it does not serve
	serving *term // in which clients are taken in; nil, or wanted
	served  int   // connections of any term that have not ended
	quiet   bool  // direct is between two terms
	closed  bool

	counts  counts
	leads   atomic.Bool
	reign   atomic.Uint64 // grows with each change of state or epoch
	log     *txnlog.Log   // the node's, to be read
	directs sync.WaitGroup
}

func newMember(s *Server) *member {
	m := &member{s: s, quiet: true}
	m.counts.lookings.Store(1) // every server begins like that
	m.changed.L = &m.mu
	return m
}

// Role ends the term, and has another one begin where the server may serve.
func (m *member) Role(r zab.Role) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.State != m.role.State || r.Epoch != m.role.Epoch {
		m.reign.Add(1)
	}
	if r.State == zab.Looking && m.role.State != zab.Looking {
		m.counts.lookings.Add(1)
	}
	m.role = r
	m.leads.Store(r.State == zab.Leading)
	if m.wanted != nil && m.wanted.is(&r) {
		return
	}
	if m.wanted != nil {
		m.wanted.end()
		m.wanted, m.serving = nil, nil
	}
	m.s.decided.drop()
	m.s.decided.nudge()
	if r.Serving() && !m.closed {
		m.wanted = newTerm(m, r)
	}
	m.changed.Broadcast()
}

// Commit is told of transactions in their order.
func (m *member) Commit(entries []zab.Entry) {
	count := &m.counts.learnerCommits
	if m.leads.Load() {
		count = &m.counts.commits
	}
	count.Add(int64(len(entries)))
	m.s.decided.commitEntries(entries)
}

// Packet takes what members' servers send each other past the core. A learner may serve, and
// forward, before its leader has begun to: that waits in the leader's queue.
func (m *member) Packet(from zab.LinkID, p *zab.Packet) {
	switch t := m.current(); {
	case t == nil:
	case t.lead != nil:
		t.lead.packet(from, p)
	case from == t.role.Link:
		t.learn.packet(p)
	}
}

// LinkDown is about a learner: its sessions are not touched any more, until they are claimed
// by another one or expire.
func (m *member) LinkDown(zab.LinkID) {}

// Confirmed tells that a quorum has answered since.
func (m *member) Confirmed(tokens []uint64) {
	if t := m.current(); t != nil && t.lead != nil {
		t.lead.confirmed(tokens)
	}
}

// Touched lists who was heard of since the last call.
func (m *member) Touched() []byte { return m.s.sessions.appendTouched([]byte{}) }

// Failed stops the server, unless it is being stopped.
func (m *member) Failed(err error) {
	if !errors.Is(err, errEnding) {
		m.s.fail(err)
	}
}

// current is the term of the role, whether or not it has begun to serve.
func (m *member) current() *term {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wanted
}

// open is the term in which clients are served, or nil.
func (m *member) open() *term {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.serving
}

// direct begins and ends terms, one after the other, until close.
func (m *member) direct() {
	for t := m.next(nil); t != nil; t = m.next(t) {
		t.serve()
	}
}

// next ends a term, which may be nil, and waits for one that follows. Nil is the end.
func (m *member) next(t *term) *term {
	if t != nil {
		m.mu.Lock()
		for m.wanted == t {
			m.changed.Wait()
		}
		m.mu.Unlock()
		t.close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quiet = true
	m.changed.Broadcast()
	for m.wanted == nil && !m.closed {
		m.changed.Wait()
	}
	m.quiet = m.wanted == nil
	return m.wanted
}

// enter takes a connection into the term that is served; nil is none.
func (m *member) enter() *term {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.serving != nil {
		m.served++
	}
	return m.serving
}

// left undoes enter.
func (m *member) left() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.served--
	m.changed.Broadcast()
}

// still waits until no client of any term is served and all that is committed is in the tree:
// then another tree may take its place. It is false when the server ends.
func (m *member) still() bool {
	m.mu.Lock()
	for (!m.quiet || m.served > 0) && !m.closed {
		m.changed.Wait()
	}
	closed := m.closed
	m.mu.Unlock()
	return !closed && m.s.decided.idle(m.s.stopped)
}

// stop ends the term for good, and waits for nothing: who waits for room in it waits no more.
func (m *member) stop() {
	m.mu.Lock()
	m.closed = true
	if m.wanted != nil {
		m.wanted.end()
		m.wanted, m.serving = nil, nil
	}
	m.changed.Broadcast()
	m.mu.Unlock()
	m.s.decided.nudge()
}

// close is stop, and waits for direct.
func (m *member) close() {
	m.stop()
	m.directs.Wait()
}

// horizon is the zxid up to which a client may have seen the state and be served here. Who
// follows an epoch's leader has everything up to the epoch's beginning.
func (s *Server) horizon(t *term) zkproto.Zxid {
	have := s.treeZxid()
	if t != nil {
		have = max(have, zkproto.Zxid(t.role.Epoch<<32))
	}
	return have
}

// syncDone tells a learner that a sync which it has forwarded is done: everything committed
// before has been sent by now.
func (m *member) syncDone(l zab.LinkID) {
	m.node.Send(l, &zab.Packet{Type: zab.Sync})
}
