package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
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
	c, fresh, err := s.restore(log)
	if err == nil {
		s.tree, s.table = c.tree, c.table
		s.showConfig()
		if fresh {
			// Apache refuses a folder with logs and no snapshot: it begins with this one.
			err = s.writeSnapshot()
		}
	}
	if err != nil {
		_ = log.Close() // nothing was written
		return fmt.Errorf("load %s: %w", s.cfg.DataDir, err)
	}
	last := s.tree.LastZxid()
	s.lastZxid.Store(int64(last))
	s.decided.init(last)
	if s.cfg.Ensemble != nil {
		return s.join(log, last, c.zxid)
	}
	s.order = &standalone{last: last, log: txnlog.NewWriter(log, txnlog.WriterOptions{
		MaxBatch: s.cfg.MaxBatch, FlushDelay: s.cfg.FlushDelay,
		Persisted: s.decided.commit, Failed: s.fail,
	})}
	return nil
}

// restore reads the newest snapshot and replays the log. fresh says that there is no snapshot,
// and one may be written: a member of an ensemble does not know whether what it has replayed
// is committed.
func (s *Server) restore(log *txnlog.Log) (c content, fresh bool, err error) {
	c, snap, err := s.loadSnapshot()
	if err != nil {
		return c, false, err
	}
	replayed, err := replay(c, log, snap.Zxid+1)
	if err != nil {
		return c, false, err
	}
	s.log.Info("loaded the data", "folder", s.cfg.DataDir, "snapshot", snap.Path, "replayed", replayed,
		"zxid", c.tree.LastZxid(), "nodes", c.tree.NodeCount(), "sessions", c.table.Len())
	return c, snap.Path == "" && (replayed == 0 || s.cfg.Ensemble == nil), nil
}

// loadSnapshot reads the newest valid snapshot, or begins an empty tree where there is none.
func (s *Server) loadSnapshot() (content, txnlog.LoadedSnapshot, error) {
	var into *restoring
	snap, err := s.folder.LoadNewest(func() txnlog.SnapshotSink {
		if into != nil {
			_, _ = into.finish() // of a corrupt one
		}
		into = newRestoring(s.cfg.treeOptions())
		return into
	})
	if into == nil {
		return content{znode.New(s.cfg.treeOptions()), lease.NewTable(), 0}, snap, err
	}
	tree, refused := into.finish()
	switch {
	case err != nil:
		return content{}, snap, err
	case refused != nil:
		return content{}, snap, fmt.Errorf("%s: %w", snap.Path, refused)
	}
	tree.SetLastZxid(snap.Zxid)
	return content{tree, into.table, snap.Zxid}, snap, nil
}

// closeOrphans ends the sessions that have ephemeral nodes but are not in the table, which a
// damaged or foreign snapshot may contain. Source: ZooKeeperServer.loadData.
func (s *Server) closeOrphans(t *term) {
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
		s.own(t, id, zkproto.OpCloseSession, nil)
	}
}
