package zkserver

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// Standing is a member's part in its ensemble at one moment.
type Standing struct {
	// Mode is leader, follower or observer, "" where the server does not serve.
	Mode string
	// Phase is how far it has come: election, discovery, synchronization or broadcast.
	Phase string
	// ID is the server's own, Leader that of the leader, where there is one.
	ID, Leader int64
	Epoch      int64
	// QuorumSize is how many members may vote.
	QuorumSize int

	// The rest is a leader's. SyncedFollowers are those that vote.
	Learners, SyncedFollowers, SyncedObservers int
	PendingSyncs                               int
	LeaderUptime                               time.Duration
	Proposals                                  Proposals

	// Counts since the start, in any role. Commits are those applied as a leader,
	// LearnerCommits those as a learner.
	Lookings, Proposed, Commits, LearnerCommits int64
	// Claims are sessions that clients have come back with here, Revalidations those that
	// learners have asked about.
	Claims, Revalidations int64
}

// counts are what a member counts.
type counts struct {
	lookings, proposed, commits, learnerCommits, claims, revalidations atomic.Int64
}

// Proposals are sizes of transactions that a leader has proposed, in bytes; -1 before the first.
type Proposals struct{ Last, Min, Max int64 }

// modeNames are how srvr and mntr name what a server is; ongoing is what it is about.
var (
	modeNames = map[zab.State]string{zab.Leading: "leader", zab.Following: "follower", zab.Observing: "observer"}
	ongoing   = map[zab.State]string{zab.Leading: "leading", zab.Following: "following", zab.Observing: "observing"}
)

// Standing is the server's part in the ensemble; false for a standalone server.
func (s *Server) Standing() (Standing, bool) {
	m := s.member
	if m == nil {
		return Standing{}, false
	}
	st := m.node.Status()
	at := Standing{
		Phase: st.Role.Phase.String(), ID: s.cfg.ServerID, Leader: int64(st.Role.Leader), Epoch: st.Role.Epoch,
		QuorumSize: s.cfg.Ensemble.voters(), Proposals: noProposals,
		Lookings: m.counts.lookings.Load(), Proposed: m.counts.proposed.Load(), Commits: m.counts.commits.Load(),
		LearnerCommits: m.counts.learnerCommits.Load(), Claims: m.counts.claims.Load(), Revalidations: m.counts.revalidations.Load(),
	}
	t := m.open()
	if t == nil {
		return at, true
	}
	at.Mode = t.mode()
	if t.lead == nil {
		return at, true
	}
	for _, l := range st.Learners {
		at.Learners++
		switch {
		case l.Synced && l.Observer:
			at.SyncedObservers++
		case l.Synced:
			at.SyncedFollowers++
		}
	}
	at.PendingSyncs = t.lead.pendingSyncs()
	at.LeaderUptime = s.cfg.Now().Sub(t.lead.since)
	at.Proposals = t.lead.sizes.get()
	return at, true
}

// Members are all servers of the ensemble; none for a standalone server. They are not to be changed.
func (s *Server) Members() []EnsembleMember {
	if s.cfg.Ensemble == nil {
		return nil
	}
	return s.cfg.Ensemble.Members
}

// PeerState is mntr's word for what a member is about, for example "following - broadcast".
func (at *Standing) PeerState() string {
	for state, name := range modeNames {
		if name == at.Mode {
			return ongoing[state] + " - " + at.Phase
		}
	}
	return "looking - " + at.Phase
}

var noProposals = Proposals{-1, -1, -1}

// proposalSizes measures proposals. Source: BufferStats.
type proposalSizes struct {
	mu sync.Mutex
	Proposals
}

func (p *proposalSizes) add(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := int64(size)
	if p.Last < 0 {
		p.Min = n
	}
	p.Last, p.Min, p.Max = n, min(p.Min, n), max(p.Max, n)
}

func (p *proposalSizes) get() Proposals {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Proposals
}

func (p *proposalSizes) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Proposals = noProposals
}
