package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// load brings the tree and the sessions to where the folder's files end: the newest valid
// snapshot, then every transaction of the log after it.
func (s *Server) load() (err error) {
	s.folder, err = txnlog.OpenFolder(s.cfg.FS, txnlog.FolderConfig{
		DataDir: s.cfg.DataDir, LogDir: s.cfg.LogDir, NoCreate: s.cfg.NoCreate,
		TrustEmpty: s.cfg.TrustEmpty, Logger: s.log,
	})
	if err != nil {
		return err
	}
	log, err := s.folder.OpenLog(txnlog.Options{
		PreAlloc: s.cfg.PreAlloc, SizeLimit: s.cfg.LogSizeLimit, NoSync: s.cfg.NoSync,
		SlowSync: s.cfg.SlowSync, Synced: s.measures.synced(s.cfg.SlowSync), Logger: s.log, Now: s.cfg.Now,
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", s.cfg.DataDir, err)
	}
	if err := s.restore(log); err != nil {
		_ = log.Close() // nothing was written
		return fmt.Errorf("load %s: %w", s.cfg.DataDir, err)
	}
	last := s.tree.LastZxid()
	s.lastZxid.Store(int64(last))
	s.decided.committed = last
	s.order = &standalone{last: last, log: txnlog.NewWriter(log, txnlog.WriterOptions{
		MaxBatch: s.cfg.MaxBatch, FlushDelay: s.cfg.FlushDelay,
		Persisted: s.decided.commit, Failed: s.fail,
	})}
	return nil
}

func (s *Server) restore(log *txnlog.Log) error {
	snap, err := s.loadSnapshot()
	if err != nil {
		return err
	}
	replayed, err := s.replay(log, snap.Zxid+1)
	if err != nil {
		return err
	}
	s.log.Info("loaded the data", "folder", s.cfg.DataDir, "snapshot", snap.Path, "replayed", replayed,
		"zxid", s.tree.LastZxid(), "nodes", s.tree.NodeCount(), "sessions", s.table.Len())
	if snap.Path == "" {
		// Apache refuses a folder with logs and no snapshot: it begins with this one.
		return s.writeSnapshot()
	}
	return nil
}

// loadSnapshot reads the newest valid snapshot, or begins an empty tree where there is none.
func (s *Server) loadSnapshot() (txnlog.LoadedSnapshot, error) {
	var into *restoring
	snap, err := s.folder.LoadNewest(func() txnlog.SnapshotSink {
		if into != nil {
			_, _ = into.finish() // of a corrupt one
		}
		into = newRestoring(s.cfg.treeOptions())
		return into
	})
	if into == nil {
		s.tree = znode.New(s.cfg.treeOptions())
		return snap, err
	}
	tree, refused := into.finish()
	switch {
	case err != nil:
		return snap, err
	case refused != nil:
		return snap, fmt.Errorf("%s: %w", snap.Path, refused)
	}
	s.tree, s.table = tree, into.table
	s.tree.SetLastZxid(snap.Zxid)
	return snap, nil
}

// closeOrphans ends the sessions that have ephemeral nodes but are not in the table, which a
// damaged or foreign snapshot may contain. Source: ZooKeeperServer.loadData.
func (s *Server) closeOrphans() {
	s.treeMu.RLock()
	var gone []zkproto.SessionID
	for id := range s.tree.EphemeralSessions() {
		if _, ok := s.table.Timeout(id); !ok {
			gone = append(gone, id)
		}
	}
	s.treeMu.RUnlock()
	for _, id := range gone {
		s.log.Warn("a session that is gone has ephemeral nodes: closing it", "session", id)
		s.own(id, zkproto.OpCloseSession, nil)
	}
}
