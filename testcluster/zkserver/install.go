package zkserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// errEnding says that something was given up because the server ends or its role has changed.
var errEnding = errors.New("the server ends, or its role has changed")

// content is what a snapshot holds.
type content struct {
	tree  *znode.Tree
	table *lease.Table
	zxid  zkproto.Zxid // the snapshot's, or 0
}

// WriteSnapshot sends a learner the tree, once everything up to zxid is in it.
func (m *member) WriteSnapshot(w io.Writer, zxid zab.Zxid) error {
	s := m.s
	reign := m.reign.Load()
	over := func() bool { return s.stopped() || m.reign.Load() != reign }
	if !s.decided.await(zxid, over) {
		return fmt.Errorf("send a snapshot of %v: %w", zxid, errEnding)
	}
	v := s.freeze()
	defer s.thaw(v)
	body := txnlog.NewSnapshotBody(w)
	nodes := s.writeContent(body, v)
	if s.stopped() {
		return fmt.Errorf("send a snapshot of %v: %w", zxid, errEnding)
	}
	body.End()
	if err := body.Flush(); err != nil {
		return fmt.Errorf("send a snapshot of %v: %w", zxid, err)
	}
	s.log.Info("sent a snapshot", "zxid", zxid, "nodes", nodes)
	return nil
}

// ReadSnapshot reads the tree that a leader sends. r is a *bufio.Reader.
func (m *member) ReadSnapshot(r io.Reader, zxid zab.Zxid) (any, error) {
	into := newRestoring(m.s.cfg.treeOptions())
	err := txnlog.ReadSnapshotBody(bufio.NewReader(r), "from the leader", into)
	tree, refused := into.finish()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the leader's snapshot of %v: %w", zxid, err)
	case refused != nil:
		return nil, fmt.Errorf("read the leader's snapshot of %v: %w", zxid, refused)
	}
	return content{tree, into.table, zxid}, nil
}

// Install takes a leader's tree in the place of the server's own.
func (m *member) Install(tree any, zxid zab.Zxid) error {
	c, ok := tree.(content)
	if !ok {
		return fmt.Errorf("install the leader's snapshot of %v: it was never read", zxid)
	}
	c.tree.SetLastZxid(zxid)
	if !m.still() {
		return fmt.Errorf("install the leader's snapshot of %v: %w", zxid, errEnding)
	}
	// A snapshot of the old tree must not come after those above it have been removed.
	m.s.snap.running.Wait()
	m.s.replace(c)
	if err := m.s.writeSnapshot(); err != nil {
		return fmt.Errorf("install the leader's snapshot of %v: %w", zxid, err)
	}
	return nil
}

// Rebuild loads the files again if the tree has more than they: what the log had at the
// start, and the ensemble has not.
func (m *member) Rebuild(zxid zab.Zxid) error {
	s := m.s
	if !m.still() {
		return fmt.Errorf("load the tree again up to %v: %w", zxid, errEnding)
	}
	if s.treeZxid() <= zxid {
		return nil
	}
	s.snap.running.Wait() // as with Install
	c, _, err := s.restore(m.log)
	if err != nil {
		return fmt.Errorf("load the tree again up to %v: %w", zxid, err)
	}
	s.replace(c)
	return nil
}

// replace puts another tree in the place of the server's. Nobody is served and nothing is
// being applied.
func (s *Server) replace(c content) {
	last := c.tree.LastZxid()
	s.treeMu.Lock()
	s.tree, s.table = c.tree, c.table
	s.showConfig()
	s.treeMu.Unlock()
	s.lastZxid.Store(int64(last))
	s.decided.restart(last)
}

// showConfig puts the ensemble's configuration into its node, as each member does by itself.
// The tree's lock is held, or nobody else has the tree yet.
func (s *Server) showConfig() {
	if e := s.cfg.Ensemble; e != nil {
		s.tree.SetConfig(e.Text, 0, s.cfg.Now().UnixMilli())
	}
}
