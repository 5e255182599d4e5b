package zkserver

import (
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// tick expires sessions and purges old files.
func (s *Server) tick() {
	expiry := time.NewTimer(s.sessions.untilDue())
	defer expiry.Stop()
	var purge <-chan time.Time
	if s.cfg.PurgeInterval > 0 {
		t := time.NewTicker(s.cfg.PurgeInterval)
		defer t.Stop()
		purge = t.C
		s.purge()
	}
	for {
		select {
		case <-s.quit:
			return
		case <-expiry.C:
			expiry.Reset(s.sessions.untilDue())
			ids, t := s.sessions.expire()
			for _, id := range ids {
				s.log.Info("a session expired", "session", id)
				s.measures.expired.Add(1)
				s.own(t, id, zkproto.OpCloseSession, nil)
			}
		case <-purge:
			s.purge()
		}
	}
}

// reapLoop looks for nodes to reap, again and again.
func (s *Server) reapLoop() {
	for {
		select {
		case <-s.quit:
			return
		case <-time.After(s.cfg.ContainerCheck):
		}
		if !s.reap() {
			return
		}
	}
}

// reap asks for the removal of empty containers and of TTL nodes whose time is over, spread
// over time as maxPerMinute wants. It is false when the server stops meanwhile.
// Source: ContainerManager.checkContainers.
func (s *Server) reap() bool {
	t, leads := s.leads()
	if !leads {
		return true
	}
	s.treeMu.RLock()
	paths := slices.Collect(s.tree.Reapable(s.cfg.Now().UnixMilli(), s.cfg.ContainerNeverUsed.Milliseconds()))
	s.treeMu.RUnlock()
	pause := time.Minute / time.Duration(max(s.cfg.ContainerPerMinute, 1))
	for i, path := range paths {
		s.own(t, 0, zkproto.OpDeleteContainer, (&zkproto.PathRequest{Path: path}).AppendTo(nil))
		if i == len(paths)-1 {
			break
		}
		select {
		case <-s.quit:
			return false
		case <-time.After(pause):
		}
	}
	return true
}

func (s *Server) purge() {
	removed, err := s.folder.Purge(s.cfg.PurgeRetainCount)
	if err != nil {
		s.log.Error("cannot purge old snapshots and logs", "err", err)
	}
	if len(removed) > 0 {
		s.log.Info("purged old snapshots and logs", "files", len(removed))
	}
}
