package zkserver

import (
	"net"
	"slices"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Stats are the server's counters at one moment: what srvr and mntr print.
type Stats struct {
	Received, Sent              int64   // packets
	MinLatency, MaxLatency      int64   // milliseconds
	AvgLatency                  float64 // milliseconds
	Connections                 int
	Outstanding                 int64 // writes that are not answered
	Zxid                        zkproto.Zxid
	Nodes, Ephemerals, Watches  int
	DataSize                    int64 // of paths and data, as Apache reckons it
	Sessions                    int
	AuthFailures, RejectedConns int64
	Uptime                      time.Duration
	SnapshotsTaken              int64
	LastSnapshot                zkproto.Zxid
	LastSnapshotTime            time.Time
	Transactions                int64 // applied since the start

	Measured
	// Standing is a member's part in its ensemble, nil for a standalone server.
	Standing *Standing
}

// Mode is how srvr names what the server is.
func (st *Stats) Mode() string {
	if st.Standing == nil {
		return "standalone"
	}
	return st.Standing.Mode
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	st := s.measured()
	if at, member := s.Standing(); member {
		st.Standing = &at
	}
	st.AuthFailures, st.RejectedConns = s.authFailures.Load(), s.rejected.Load()
	st.Outstanding, st.Uptime = s.outstanding(), s.cfg.Now().Sub(s.sessions.start)
	s.snap.mu.Lock()
	st.SnapshotsTaken, st.LastSnapshot, st.LastSnapshotTime = s.snap.taken, s.snap.zxid, s.snap.at
	s.snap.mu.Unlock()
	s.connMu.Lock()
	st.Connections = len(s.conns)
	s.connMu.Unlock()

	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	st.Zxid, st.Nodes, st.Ephemerals = s.tree.LastZxid(), s.tree.NodeCount(), s.tree.EphemeralCount()
	st.DataSize, st.Sessions, st.Transactions = s.tree.DataSize(), s.table.Len(), s.applied
	if at := st.Standing; at != nil && at.Mode == "leader" {
		st.Zxid = max(st.Zxid, zkproto.Zxid(at.Epoch<<32)) // as ZooKeeper has it before the first transaction
	}
	s.watches.mu.Lock()
	st.Watches = s.watches.data.count + s.watches.child.count
	s.watches.mu.Unlock()
	return st
}

// ResetStats begins packets and latency anew, as srst does.
func (s *Server) ResetStats() {
	s.totals.mu.Lock()
	defer s.totals.mu.Unlock()
	s.totals.news = news{}
	s.measures.reset()
	if t, leads := s.leads(); leads && t != nil {
		t.lead.sizes.reset()
	}
}

// ConnStats are the counters of one connection: what cons prints.
type ConnStats struct {
	Addr                                net.Addr
	Session                             zkproto.SessionID // 0 before there is one
	Timeout                             time.Duration
	Established                         time.Time
	Outstanding                         int
	Received, Sent                      int64
	HasOp                               bool // LastOp is known
	LastOp                              zkproto.OpCode
	LastCxid                            int32 // -1: none
	LastZxid                            zkproto.Zxid
	LastReply                           time.Time
	LastLatency, MinLatency, MaxLatency int64 // milliseconds
	AvgLatency                          float64
}

// Conns lists the connections, the oldest first.
func (s *Server) Conns() []ConnStats {
	var list []ConnStats
	for _, c := range s.connections() {
		list = append(list, c.inspect())
	}
	slices.SortFunc(list, func(a, b ConnStats) int { return a.Established.Compare(b.Established) })
	return list
}

func (s *Server) connections() []*conn {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

func (c *conn) inspect() ConnStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := &c.stats
	cs := ConnStats{
		Addr: c.nc.RemoteAddr(), Established: c.since,
		Outstanding: int(c.submitted-c.answered) + len(c.queue),
		Received:    st.received, Sent: st.sent,
		HasOp: st.op, LastOp: st.lastOp, LastCxid: st.lastCxid, LastZxid: st.lastZxid,
		LastReply:   c.s.sessions.start.Add(time.Duration(st.lastReply) * time.Millisecond),
		LastLatency: st.lastLatency, MinLatency: st.latency.min, MaxLatency: st.latency.max, AvgLatency: st.latency.avg(),
	}
	select {
	case <-c.ready: // only then are these settled
		cs.Session, cs.Timeout = c.session, time.Duration(c.timeout)*time.Millisecond
	default:
	}
	return cs
}

// ResetConnStats begins the counters of all connections anew, as crst does.
func (s *Server) ResetConnStats() {
	for _, c := range s.connections() {
		c.mu.Lock()
		c.stats.tell(s)
		c.stats.reset()
		c.mu.Unlock()
	}
}

// SessionDump is what dump prints.
type SessionDump struct {
	Expiry     map[time.Time][]zkproto.SessionID // when a session expires if it stays silent
	Ephemerals map[zkproto.SessionID][]string
}

// DumpSessions lists the sessions and what they own.
func (s *Server) DumpSessions() SessionDump {
	d := SessionDump{Expiry: make(map[time.Time][]zkproto.SessionID), Ephemerals: make(map[zkproto.SessionID][]string)}
	s.sessions.mu.Lock()
	if s.sessions.tracker != nil {
		for id, at := range s.sessions.tracker.All() {
			when := s.sessions.start.Add(time.Duration(at) * time.Millisecond)
			d.Expiry[when] = append(d.Expiry[when], id)
		}
	}
	s.sessions.mu.Unlock()
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	for id := range s.tree.EphemeralSessions() {
		d.Ephemerals[id] = s.tree.Ephemerals(id)
	}
	return d
}

// WatchedBy lists the paths that each session watches: what wchc and wchp print, which tell
// of the data table alone.
func (s *Server) WatchedBy() map[zkproto.SessionID][]string {
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	by := make(map[zkproto.SessionID][]string, len(s.watches.data.conns))
	for c, paths := range s.watches.data.conns {
		for path := range paths {
			by[c.session] = append(by[c.session], strings.Clone(path))
		}
		slices.Sort(by[c.session])
	}
	return by
}

// View calls f with the tree, which must not be changed and not be kept: no transaction is
// applied meanwhile, so f must be short.
func (s *Server) View(f func(*znode.Tree)) {
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	f(s.tree)
}
