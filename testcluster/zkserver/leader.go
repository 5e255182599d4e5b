package zkserver

import (
	"errors"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/zkserver/quorum"
)

// leading is a term as the leader: one queue of what its own clients and its learners want
// decided, and the sequencer that decides it. Source: LeaderZooKeeperServer, LearnerHandler.
type leading struct {
	t       *term
	queue   mailbox
	decides sync.WaitGroup

	since time.Time // when it began
	sizes proposalSizes

	mu    sync.Mutex
	token uint64            // of the last sync
	syncs map[uint64]*write // that wait for a quorum to confirm the leader
}

func newLeading(t *term) *leading {
	l := &leading{t: t, since: t.m.s.cfg.Now(), syncs: make(map[uint64]*write)}
	l.sizes.reset()
	l.queue.filled.L = &l.queue.mu
	return l
}

// begin starts to decide. The tree has all that earlier leaders have left.
func (l *leading) begin() {
	s := l.t.m.s
	s.treeMu.RLock()
	tree, table := s.tree, s.table
	s.sessions.lead(table, l.t)
	s.treeMu.RUnlock()
	seq := &sequencer{
		s: s, queue: &l.queue, order: l.t.m.node,
		prep: prep.New(tree, s.sessions, s.auth, s.cfg.prepOptions()),
		proposed: func(bytes int) {
			l.sizes.add(bytes)
			s.member.counts.proposed.Add(1)
		},
		failed: func(err error) {
			// The role ends, or the disk has failed: both are told elsewhere.
			if !errors.Is(err, zab.ErrNotLeading) && !errors.Is(err, quorum.ErrClosed) {
				s.log.Warn("cannot propose", "err", err)
			}
		},
	}
	l.decides.Go(seq.run)
}

// submit queues what this server's own clients, or the server itself, want.
func (l *leading) submit(ws []*write) {
	for _, w := range ws {
		if w.op == zkproto.OpSync {
			w.task = func() { l.sync(w) }
		}
	}
	l.queue.put(ws...)
}

// sync asks a quorum whether this server still leads: one that has been deposed without
// knowing must not tell its clients that they see the latest state.
func (l *leading) sync(w *write) {
	l.mu.Lock()
	l.token++
	token := l.token
	l.syncs[token] = w
	l.mu.Unlock()
	if err := l.t.m.node.Confirm(token); err != nil {
		l.mu.Lock()
		delete(l.syncs, token) // the term ends, and the connection with it
		l.mu.Unlock()
	}
}

func (l *leading) pendingSyncs() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.syncs)
}

// confirmed has syncs answered behind what is decided by now.
func (l *leading) confirmed(tokens []uint64) {
	for _, token := range tokens {
		l.mu.Lock()
		w := l.syncs[token]
		delete(l.syncs, token)
		l.mu.Unlock()
		if w != nil {
			l.t.m.s.decided.mark(w)
		}
	}
}

// packet takes what a learner has sent. It must not wait.
func (l *leading) packet(from zab.LinkID, p *zab.Packet) {
	s := l.t.m.s
	switch p.Type {
	case zab.Request:
		w, err := forwarded(p)
		if err != nil {
			s.log.Error("dropped a request of a learner", "link", uint64(from), "err", err)
			return
		}
		w.link, w.arrived = from, s.sessions.clock()
		// Its learner would say so with its next PING, if it lives to send it.
		s.sessions.heard(w.session, w.arrived)
		if w.op == zkproto.OpSync {
			w.task = func() { l.sync(w) }
		}
		ws := []*write{w}
		l.t.flow.begin(ws)
		l.queue.put(ws...)
	case zab.Revalidate:
		// Behind what has come by the link before.
		l.queue.put(&write{link: from, task: func() { l.revalidate(from, p) }})
	case zab.Ping:
		for r := jute.NewReader(p.Data); r.Len() >= touchedLen; {
			s.sessions.touch(zkproto.SessionID(r.Long()), r.Int())
		}
	}
}

// revalidate answers a learner to which a client has come with a session. From now on the
// session is that learner's. Source: LeaderSessionTracker, LearnerHandler.
func (l *leading) revalidate(from zab.LinkID, p *zab.Packet) {
	r := jute.NewReader(p.Data)
	session, timeout := zkproto.SessionID(r.Long()), r.Int()
	if r.Err() != nil {
		return
	}
	s := l.t.m.s
	s.member.counts.revalidations.Add(1)
	valid := s.sessions.claim(session, timeout, s.sessions.owner(from))
	data := jute.AppendBool(jute.AppendLong(nil, int64(session)), valid)
	l.t.m.node.Send(from, &zab.Packet{Type: zab.Revalidate, Zxid: -1, Data: data})
}
