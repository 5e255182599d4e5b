package zabtest

import (
	"fmt"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// session is a client that numbers its writes. It sends them one behind the other without waiting for answers; what
// has become of those that a lost connection left open, it does not know, and does not send them again.
type session struct {
	id, number int
	// via is the server that it is connected to, in that server's term. Every connection has a generation: what still
	// comes in through an earlier one is refused, as a moved session's requests are.
	via        *server
	term       int
	generation int
}

// request is a write or a sync on its way to the leader.
type request struct {
	session, generation, number int
	token                       uint64 // of a sync; 0 is a write
	answer                      bool   // on its way back
}

// read is a read that waits to be confirmed.
type read struct {
	token uint64
	// want is how many transactions had been committed when it was asked for.
	want int
	// at is the leader that was asked, in that term; through is the learner's link.
	at      *server
	term    int
	through *link
}

func (w *World) session(id int) *session {
	for len(w.clients) < id {
		w.clients = append(w.clients, &session{id: len(w.clients) + 1})
	}
	return w.clients[id-1]
}

// connect has the session be at s; false: s serves nobody.
func (c *session) connect(s *server) bool {
	if !s.serves() || s.paused {
		return false
	}
	if c.via != s || c.term != s.term {
		c.via, c.term = s, s.term
		c.generation++
	}
	return true
}

// writes sends n writes through s.
func (w *World) writes(c *session, s *server, n int) {
	for range n {
		if w.err != nil || !c.connect(s) {
			return
		}
		c.number++
		s.request(&request{session: c.id, generation: c.generation, number: c.number})
	}
}

// sync asks s for a read that must see all that has been committed by now.
func (w *World) sync(c *session, s *server) {
	if !c.connect(s) {
		return
	}
	w.tokens++
	w.reads[w.tokens] = &read{token: w.tokens, want: len(w.history.entries)}
	s.request(&request{session: c.id, generation: c.generation, token: w.tokens})
}

// request takes a client's request to the leader.
func (s *server) request(r *request) {
	if s.role.State == zab.Leading {
		s.lead(s.core, nil, r)
		s.drain()
		return
	}
	if l := s.links[s.role.Link]; l != nil {
		l.out(s).put(&item{request: r}, 0)
	}
}

// handle takes a request from a link, or the answer to one.
func (s *server) handle(m Machine, l *link, i *item) {
	if !i.request.answer {
		s.lead(m, l, i.request)
		return
	}
	rd := s.w.reads[i.request.token]
	delete(s.w.reads, rd.token)
	s.see(rd)
}

// lead has the leader begin what a request asks for.
func (s *server) lead(m Machine, l *link, r *request) {
	if !s.leads() || r.generation < s.moves[r.session] {
		return
	}
	s.moves[r.session] = r.generation
	if r.token != 0 {
		rd := s.w.reads[r.token]
		rd.at, rd.term, rd.through = s, s.term, l
		if m.Confirm(r.token) != nil {
			delete(s.w.reads, r.token)
		}
		return
	}
	var got zab.Zxid
	err := m.Propose(func(z zab.Zxid) []byte {
		got = z
		return payload(r.session, r.number, z)
	})
	if err == nil && got != 0 && got.Epoch() != s.role.Epoch {
		s.w.fail(s, "it proposes %v in epoch %d", got, s.role.Epoch)
	}
}

// confirmed is the leader's proof for a read.
func (s *server) confirmed(token uint64) {
	rd := s.w.reads[token]
	if rd == nil || rd.at != s || rd.term != s.term || !s.leads() {
		s.w.fail(s, "it confirms read %d, which it has not been asked for in this term", token)
		return
	}
	if rd.through == nil {
		delete(s.w.reads, token)
		s.see(rd)
		return
	}
	if s.links[rd.through.id] == rd.through {
		rd.through.out(s).put(&item{request: &request{token: token, answer: true}}, 0)
	}
}

// see reads: everything committed before the read was asked for must be there.
func (s *server) see(rd *read) {
	w := s.w
	w.stats.Confirmed++
	w.tell.read(w, s, rd)
	if len(s.tree) < rd.want {
		w.fail(s, "a confirmed read sees %d transactions, and %d had been committed before it was asked for", len(s.tree), rd.want)
	}
}

// payload is what a write is. It tells where it belongs.
func payload(session, number int, z zab.Zxid) []byte {
	return fmt.Appendf(nil, "s%d/%d %v", session, number, z)
}

func parsePayload(data []byte) (session, number int, z string, ok bool) {
	n, err := fmt.Sscanf(string(data), "s%d/%d %s", &session, &number, &z)
	return session, number, z, err == nil && n == 3
}

// show is a transaction in words.
func show(e zab.Entry) string {
	session, number, _, ok := parsePayload(e.Data)
	if !ok {
		return fmt.Sprintf("%v", e.Zxid)
	}
	return fmt.Sprintf("%v (s%d/%d)", e.Zxid, session, number)
}
