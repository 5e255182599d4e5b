package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// learning is a term as a follower or an observer: clients' writes go to the leader, and are
// answered when their commits come back. Source: FollowerZooKeeperServer, Learner.
type learning struct {
	t *term
	// sending keeps syncs in the list in the order in which they are sent. It is taken
	// before the node's lock; mu after it.
	sending sync.Mutex

	mu    sync.Mutex
	syncs []*write // sent, the oldest first; answers come in the same order
	asked map[zkproto.SessionID][]*claim
}

// claim is a connection that waits for the leader's word on its session.
type claim struct {
	c     *conn
	old   *conn // that had the session, once it is valid
	valid chan bool
}

func newLearning(t *term) *learning {
	return &learning{t: t, asked: make(map[zkproto.SessionID][]*claim)}
}

// submit sends writes to the leader. Each stands in its connection's list first, so that its
// commit finds it.
func (l *learning) submit(ws []*write) {
	for _, w := range ws {
		if w.op == zkproto.OpSync {
			l.sync(w)
			continue
		}
		if w.c == nil {
			continue // only leaders have wishes of their own
		}
		// Once it is in the list, its commit may come and take it away.
		p := request(w)
		w.c.mu.Lock()
		w.c.pending = append(w.c.pending, w)
		w.c.mu.Unlock()
		l.t.m.node.Send(l.t.role.Link, p)
	}
}

// sync forwards a sync. The answer has no number: only the order tells whose it is.
func (l *learning) sync(w *write) {
	p := request(w)
	l.sending.Lock()
	defer l.sending.Unlock()
	l.mu.Lock()
	l.syncs = append(l.syncs, w)
	l.mu.Unlock()
	l.t.m.node.Send(l.t.role.Link, p)
}

// packet takes what the leader has sent. It must not wait.
func (l *learning) packet(p *zab.Packet) {
	switch p.Type {
	case zab.Sync:
		l.synced()
	case zab.Revalidate:
		r := jute.NewReader(p.Data)
		session, valid := zkproto.SessionID(r.Long()), r.Bool()
		if r.Err() == nil {
			l.revalidated(session, valid)
		}
	}
}

// synced has the oldest sync answered behind what has been committed by now.
func (l *learning) synced() {
	l.mu.Lock()
	var w *write
	if len(l.syncs) > 0 {
		w, l.syncs[0] = l.syncs[0], nil
		l.syncs = l.syncs[1:]
	}
	l.mu.Unlock()
	if w == nil {
		l.t.m.s.log.Warn("the leader has answered a sync that was not asked for")
		return
	}
	l.t.m.s.decided.mark(w)
}

// revalidate asks the leader about a session that a client has come with, and returns the
// connection that had it here, if there is one.
func (l *learning) revalidate(c *conn, session zkproto.SessionID) (old *conn, ok bool, err error) {
	q := &claim{c: c, valid: make(chan bool, 1)}
	l.mu.Lock()
	l.asked[session] = append(l.asked[session], q)
	l.mu.Unlock()
	data := jute.AppendInt(jute.AppendLong(nil, int64(session)), c.timeout)
	l.t.m.node.Send(l.t.role.Link, &zab.Packet{Type: zab.Revalidate, Zxid: -1, Data: data})
	select {
	case ok = <-q.valid:
		// Whatever earlier connections have had decided has arrived before the answer.
		logged := l.t.m.node.Status().Logged
		c.mu.Lock()
		c.floor = logged
		c.mu.Unlock()
		return q.old, ok, nil
	case <-l.t.ended:
	case <-c.s.quit:
	}
	return nil, false, errHangup
}

// revalidated attaches a session here and now: should its end be committed next, that finds
// the connection.
func (l *learning) revalidated(session zkproto.SessionID, valid bool) {
	l.mu.Lock()
	var q *claim
	if asked := l.asked[session]; len(asked) > 0 {
		if q, asked = asked[0], asked[1:]; len(asked) == 0 {
			delete(l.asked, session)
		} else {
			l.asked[session] = asked
		}
	}
	l.mu.Unlock()
	if q == nil {
		return
	}
	if valid {
		q.old = l.t.m.s.sessions.attach(session, q.c)
	}
	q.valid <- valid
}
