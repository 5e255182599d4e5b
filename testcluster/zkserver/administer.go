package zkserver

import (
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Administrator tells what credentials are worth: known says that the scheme accepts them, allowed that whoever has
// them has all permissions on the root, which the AdminServer asks for before it hands out a snapshot.
func (s *Server) Administrator(scheme string, credentials []byte, peer string) (known, allowed bool) {
	ids, ok := s.auth.Login(scheme, peer, credentials)
	if !ok || len(ids) == 0 {
		return false, false
	}
	s.View(func(t *znode.Tree) {
		if root, found := t.Find("/"); found {
			allowed = s.auth.Allowed(t.ACL(root), zkproto.PermAll, ids)
		}
	})
	return true, allowed
}

// ErrSnapshotBusy says that a snapshot is being written already, or that the server ends.
var ErrSnapshotBusy = errors.New("a snapshot is being written, or the server ends")

// OpenSnapshot writes a snapshot and opens it for reading. The file is the caller's to close.
func (s *Server) OpenSnapshot() (storage.File, zkproto.Zxid, error) {
	p := &s.snap
	p.mu.Lock()
	if p.busy || s.stopped() {
		p.mu.Unlock()
		return nil, 0, ErrSnapshotBusy
	}
	p.busy = true
	p.running.Add(1)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy = false
		p.mu.Unlock()
		p.running.Done()
	}()
	if err := s.Snapshot(); err != nil {
		return nil, 0, err
	}
	list, err := s.folder.Snapshots()
	if err != nil {
		return nil, 0, err
	}
	if len(list) == 0 { // only if the server was stopped meanwhile
		return nil, 0, ErrSnapshotBusy
	}
	f, err := storage.Open(s.cfg.FS, list[0].Path)
	if err != nil {
		return nil, 0, fmt.Errorf("open the snapshot: %w", err)
	}
	return f, list[0].Zxid, nil
}
