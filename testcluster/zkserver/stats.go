package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// latency sums up how long requests took, in milliseconds.
type latency struct {
	min, max, total, count int64
}

func (l *latency) add(ms, n int64) {
	if l.count == 0 {
		l.min = ms
	}
	l.min, l.max = min(l.min, ms), max(l.max, ms)
	l.total += ms * n
	l.count += n
}

func (l *latency) merge(o *latency) {
	if o.count == 0 {
		return
	}
	if l.count == 0 {
		l.min = o.min
	}
	l.min, l.max = min(l.min, o.min), max(l.max, o.max)
	l.total += o.total
	l.count += o.count
}

// Avg is the mean, 0 where there was nothing.
func (l *latency) avg() float64 {
	if l.count == 0 {
		return 0
	}
	return float64(l.total) / float64(l.count)
}

// connStats are what a connection counts, under its lock. Those of all connections are
// added up when a chunk or a batch is done, not at each request.
type connStats struct {
	received, sent int64
	latency        latency
	lastOp         zkproto.OpCode
	lastCxid       int32
	lastZxid       zkproto.Zxid
	lastLatency    int64
	lastReply      int64 // by sessions.clock
	op             bool  // lastOp is known

	noted int64 // replies whose latency is not added yet
	news  news  // what the server's totals do not have yet
}

// requestKind parts what changes the tree from what does not.
type requestKind int

const (
	aRead requestKind = iota
	anUpdate
)

// news is what connections count until the server is told.
type news struct {
	received, sent, bytesReceived int64
	latency                       [2]latency // by requestKind
	size                          latency    // of what was sent, in bytes
	lastSize                      int64
}

func (st *connStats) reset() {
	*st = connStats{lastCxid: -1, lastZxid: -1}
}

// receiving takes down a packet of a length, with what stands before it.
func (st *connStats) receiving(bytes int) {
	st.received++
	st.news.received++
	st.news.bytesReceived += int64(bytes)
}

// sending takes down a reply or an event.
func (st *connStats) sending(bytes int) {
	st.sent++
	st.news.sent++
	st.news.size.add(int64(bytes), 1)
	st.news.lastSize = int64(bytes)
}

// note takes down the request that is being answered.
func (st *connStats) note(op zkproto.OpCode, cxid int32, zxid zkproto.Zxid) {
	st.op, st.lastOp, st.lastZxid = true, op, zxid
	if cxid >= 0 {
		st.lastCxid = cxid
	}
	st.noted++
}

// answerReads adds up the latency of what was noted: all of it arrived together, or that is
// how it is reckoned.
func (st *connStats) answerReads(s *Server, arrived int64) {
	if st.noted > 0 {
		now := s.sessions.clock()
		st.answer(now, max(now-arrived, 0), st.noted, aRead)
		st.noted = 0
	}
	st.tell(s)
}

// answer takes down n replies.
func (st *connStats) answer(now, ms, n int64, kind requestKind) {
	st.lastReply, st.lastLatency = now, ms
	st.latency.add(ms, n)
	st.news.latency[kind].add(ms, n)
}

// tell adds what is new to the server's totals.
func (st *connStats) tell(s *Server) {
	if st.news != (news{}) {
		s.totals.add(&st.news)
		st.news = news{}
	}
}

// totals are the server's counters.
type totals struct {
	mu sync.Mutex
	news
}

func (t *totals) add(n *news) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.received += n.received
	t.sent += n.sent
	t.bytesReceived += n.bytesReceived
	for kind := range n.latency {
		t.latency[kind].merge(&n.latency[kind])
	}
	t.size.merge(&n.size)
	if n.size.count > 0 {
		t.lastSize = n.lastSize
	}
}

// all is the latency of requests of both kinds.
func (t *totals) all() latency {
	l := t.latency[aRead]
	l.merge(&t.latency[anUpdate])
	return l
}
