package zkserver

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// snapshots says when to take one. The chance is Apache's too: it keeps the servers of an
// ensemble from taking theirs at the same moment.
type snapshots struct {
	running sync.WaitGroup
	chance  *rand.Rand // the applier's own, after Start
	since   int        // transactions since the last one began; the applier's own
	after   int        // so many are enough; the applier's own

	mu    sync.Mutex
	busy  bool
	taken int64
	zxid  zkproto.Zxid // of the last one
	at    time.Time
}

// maybeSnapshot counts transactions and begins a snapshot when it is time. The applier calls
// it between chunks.
func (s *Server) maybeSnapshot(applied int) {
	p := &s.snap
	if p.after == 0 {
		p.after = s.cfg.SnapCount/2 + p.chance.IntN(s.cfg.SnapCount/2)
	}
	if p.since += applied; p.since > p.after && s.Serving() && s.startSnapshot() {
		p.since, p.after = 0, 0
	}
}

// startSnapshot ends the log file and writes a snapshot in the background. It is false where
// one is under way.
func (s *Server) startSnapshot() bool {
	p := &s.snap
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy || s.stopped() {
		return false
	}
	p.busy = true
	if err := s.order.Roll(); err != nil {
		s.log.Error("cannot end the log file for a snapshot", "err", err)
	}
	p.running.Go(func() {
		if err := s.writeSnapshot(); err != nil && !errors.Is(err, errEnding) {
			// The log has everything: the next one may succeed.
			s.log.Error("no snapshot was written", "err", err)
		}
		p.mu.Lock()
		p.busy = false
		p.mu.Unlock()
	})
	return true
}

// walkChunk is how many nodes are copied under one take of the read lock.
const walkChunk = 256

// writeSnapshot writes the tree and the sessions as they are now, and what changes meanwhile
// as it may come: replaying the log mends that. The tree is copied in chunks, so that
// neither reads nor writes wait for the disk.
func (s *Server) writeSnapshot() error {
	begun := s.cfg.Now()
	v := s.freeze()
	defer s.thaw(v)
	f, err := s.folder.CreateSnapshot(v.zxid, s.cfg.Compression)
	if err != nil {
		return err
	}
	nodes := s.writeContent(f.SnapshotWriter, v)
	if s.stopped() {
		f.Abort()
		return fmt.Errorf("write a snapshot: %w", errEnding)
	}
	// No digest is kept, and Apache's servers look for the last zxid behind one only.
	f.End()
	if err := f.Commit(); err != nil {
		return err
	}
	now := s.cfg.Now()
	s.log.Info("wrote a snapshot", "file", f.Path(), "nodes", nodes, "took", now.Sub(begun))
	s.measures.snapshot.add(now.Sub(begun))
	s.snap.mu.Lock()
	defer s.snap.mu.Unlock()
	s.snap.taken++
	s.snap.zxid, s.snap.at = v.zxid, now
	return nil
}

// frozen is what a snapshot has of one moment: everything but the nodes.
type frozen struct {
	zxid     zkproto.Zxid
	walk     *znode.Walk
	timeouts map[zkproto.SessionID]int32
	acls     map[int64][]zkproto.ACL
}

// freeze begins a walk. The write lock makes it one moment for all, and the tree notes walks.
func (s *Server) freeze() *frozen {
	s.treeMu.Lock()
	defer s.treeMu.Unlock()
	return &frozen{
		zxid:     s.tree.LastZxid(),
		walk:     s.tree.StartWalk(),
		timeouts: maps.Collect(s.table.All()),
		acls:     maps.Collect(s.tree.ACLTable()),
	}
}

func (s *Server) thaw(v *frozen) {
	s.treeMu.Lock()
	defer s.treeMu.Unlock()
	v.walk.Close()
}

// writeContent writes sessions, ACLs and nodes. It copies the nodes in chunks, and writes each
// chunk without a lock.
func (s *Server) writeContent(f *txnlog.SnapshotWriter, v *frozen) (nodes int) {
	f.Sessions(len(v.timeouts))
	for id, timeout := range v.timeouts {
		f.Session(id, timeout)
	}
	f.ACLs(len(v.acls))
	for id, acl := range v.acls {
		f.ACL(id, acl)
	}
	var c copied
	for more := true; more && !s.stopped() && f.Err() == nil; {
		s.treeMu.RLock()
		more = v.walk.Next(walkChunk, c.add)
		s.treeMu.RUnlock()
		for i := range c.nodes {
			n := &c.nodes[i]
			f.Node(n.Path, n.Data, n.ACLID, &n.Stat)
		}
		nodes += len(c.nodes)
		c.clear()
	}
	return nodes
}

// copied is a chunk of nodes outside of the tree's memory.
type copied struct {
	nodes []znode.SnapshotNode
	bytes []byte
}

func (c *copied) add(n *znode.SnapshotNode) {
	cp := *n
	cp.Path = c.keep(n.Path)
	cp.Data = c.keep(n.Data)
	c.nodes = append(c.nodes, cp)
}

// keep copies b and keeps null apart from empty. A slice that append moves away from stays
// good: the old memory is not written again.
func (c *copied) keep(b []byte) []byte {
	if len(b) == 0 {
		return b // null or empty: a slice of the memory would not tell them apart
	}
	at := len(c.bytes)
	c.bytes = append(c.bytes, b...)
	return c.bytes[at:len(c.bytes):len(c.bytes)]
}

func (c *copied) clear() {
	clear(c.nodes)
	c.nodes, c.bytes = c.nodes[:0], c.bytes[:0]
}

// Snapshot writes a snapshot now and waits for it. A member of an ensemble that does not serve
// has a tree that may hold more than the ensemble, and writes none: ErrNotServing.
func (s *Server) Snapshot() error {
	if !s.Serving() {
		return fmt.Errorf("no snapshot: %w", ErrNotServing)
	}
	if err := s.order.Roll(); err != nil {
		return fmt.Errorf("end the log file for a snapshot: %w", err)
	}
	return s.writeSnapshot()
}
