package quorum

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// item is one transaction as the tests' tree keeps it.
type item struct {
	zxid  zab.Zxid
	value string
}

// history is a tree that remembers everything: two of them agree if one begins like the other.
type history []item

func (h history) last() zab.Zxid {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1].zxid
}

// txnOf is a transaction whose body is the value, behind a header of which the log reads the zxid.
func txnOf(zxid zab.Zxid, value string) []byte {
	b := make([]byte, 32, 32+len(value))
	binary.BigEndian.PutUint64(b[12:], uint64(zxid))
	return append(b, value...)
}

func itemOf(txn []byte) item {
	return item{zab.Zxid(binary.BigEndian.Uint64(txn[12:])), string(txn[32:])}
}

// writeTo writes the history as a snapshot: a node for each transaction, whose czxid is its zxid.
func (h history) writeTo(w *txnlog.SnapshotWriter) {
	w.Sessions(0)
	w.ACLs(0)
	w.Node([]byte(""), nil, -1, &zkproto.StatPersisted{})
	for i, it := range h {
		w.Node(fmt.Appendf(nil, "/%d", i), []byte(it.value), -1, &zkproto.StatPersisted{Czxid: it.zxid})
	}
	w.End()
}

// Session, ACL and Node are txnlog.SnapshotSink.

func (h *history) Session(zkproto.SessionID, int32) error { return nil }

func (h *history) ACL(int64, []zkproto.ACL) error { return nil }

func (h *history) Node(path, data []byte, _ int64, stat *zkproto.StatPersisted) error {
	if len(path) > 0 {
		*h = append(*h, item{stat.Czxid, string(data)})
	}
	return nil
}

// app is the server around a node in these tests.
type app struct {
	c      *cluster
	id     zab.ServerID
	folder *txnlog.Folder
	log    *txnlog.Log

	mu       sync.Mutex
	changed  sync.Cond
	ended    bool
	role     zab.Role
	roles    []zab.Role
	tree     history
	packets  []zab.Packet
	from     []zab.LinkID
	down     []zab.LinkID
	tokens   []uint64
	failure  error
	installs []zab.Zxid
	rebuilds []zab.Zxid
	slow     chan struct{} // WriteSnapshot waits for it before each part; nil does not
}

// openApp loads what is on the disk.
func openApp(c *cluster, id zab.ServerID, fsys storage.FS, dir string) (*app, error) {
	a := &app{c: c, id: id}
	a.changed.L = &a.mu
	var err error
	if a.folder, err = txnlog.OpenFolder(fsys, txnlog.FolderConfig{DataDir: dir, Logger: c.logger(id)}); err != nil {
		return nil, err
	}
	if a.log, err = a.folder.OpenLog(txnlog.Options{PreAlloc: 1 << 16}); err != nil {
		return nil, err
	}
	snapshot := zab.Zxid(-1)
	if a.tree, snapshot, err = a.loadTree(); err == nil && snapshot < 0 {
		err = a.save(nil, 0) // of nothing, for what is cut later to go back to
	}
	if err != nil {
		return nil, errors.Join(err, a.log.Close())
	}
	return a, nil
}

func (a *app) loadTree() (history, zab.Zxid, error) {
	h := new(history)
	snap, err := a.folder.LoadNewest(func() txnlog.SnapshotSink {
		h = new(history)
		return h
	})
	if err != nil {
		return nil, 0, err
	}
	it := a.log.ReadFrom(snap.Zxid + 1)
	defer it.Close()
	for it.Next() {
		*h = append(*h, itemOf(it.Txn()))
	}
	return *h, snap.Zxid, it.Err()
}

func (a *app) save(h history, zxid zab.Zxid) error {
	f, err := a.folder.CreateSnapshot(zxid, txnlog.Plain)
	if err != nil {
		return err
	}
	h.writeTo(f.SnapshotWriter)
	return f.Commit()
}

// snapshot writes a snapshot of what is applied, and ends the log file.
func (a *app) snapshot(n *Node) error {
	h := a.applied()
	return errors.Join(a.save(h, h.last()), n.Roll())
}

func (a *app) applied() history {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.tree)
}

// end has whoever waits for something give up.
func (a *app) end() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	a.changed.Broadcast()
}

func (a *app) Role(r zab.Role) {
	a.mu.Lock()
	a.role = r
	a.roles = append(a.roles, r)
	a.mu.Unlock()
	a.told()
}

func (a *app) told() {
	a.changed.Broadcast()
	a.c.told()
}

func (a *app) Commit(entries []zab.Entry) {
	a.mu.Lock()
	for _, e := range entries {
		it := itemOf(e.Data)
		last := a.tree.last()
		switch {
		case it.zxid != e.Zxid:
			a.c.errorf("server %d: entry %v has the transaction of %v", a.id, e.Zxid, it.zxid)
		case e.Zxid != last+1 && (e.Zxid.Epoch() <= last.Epoch() || e.Zxid.Counter() != 1):
			a.c.errorf("server %d: %v is committed after %v", a.id, e.Zxid, last)
		}
		a.tree = append(a.tree, it)
		a.c.committed(a.id, it)
	}
	a.mu.Unlock()
	a.told()
}

func (a *app) Packet(from zab.LinkID, p *zab.Packet) {
	a.mu.Lock()
	a.packets, a.from = append(a.packets, *p), append(a.from, from)
	a.mu.Unlock()
	a.told()
}

func (a *app) LinkDown(l zab.LinkID) {
	a.mu.Lock()
	a.down = append(a.down, l)
	a.mu.Unlock()
	a.told()
}

func (a *app) Confirmed(tokens []uint64) {
	a.mu.Lock()
	a.tokens = append(a.tokens, tokens...)
	a.mu.Unlock()
	a.told()
}

func (a *app) Touched() []byte { return fmt.Appendf([]byte{}, "touched at %d", a.id) }

func (a *app) Failed(err error) {
	a.mu.Lock()
	a.failure = err
	a.mu.Unlock()
	a.told()
}

func (a *app) WriteSnapshot(w io.Writer, zxid zab.Zxid) error {
	a.mu.Lock()
	epoch, slow := a.role.Epoch, a.slow
	for a.tree.last() < zxid && !a.ended && a.role.State == zab.Leading && a.role.Epoch == epoch {
		a.changed.Wait()
	}
	h := slices.Clone(a.tree)
	a.mu.Unlock()
	if h.last() < zxid {
		return errors.New("not applied any more")
	}
	if slow != nil {
		w = &slowWriter{w, slow}
	}
	body := txnlog.NewSnapshotBody(w)
	h.writeTo(body)
	return body.Flush()
}

type slowWriter struct {
	io.Writer
	next chan struct{}
}

func (s *slowWriter) Write(p []byte) (n int, err error) {
	for part := range slices.Chunk(p, 100<<10) {
		<-s.next
		if _, err = s.Writer.Write(part); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// ReadSnapshot leaves out what is later than zxid: it comes again, and here that is not harmless.
func (a *app) ReadSnapshot(r io.Reader, zxid zab.Zxid) (any, error) {
	h := new(history)
	err := txnlog.ReadSnapshotBody(bufio.NewReader(r), "the leader's snapshot", h)
	later := func(it item) bool { return it.zxid > zxid }
	return slices.DeleteFunc(*h, later), err
}

func (a *app) Install(tree any, zxid zab.Zxid) error {
	h := tree.(history)
	if err := a.save(h, zxid); err != nil {
		return err
	}
	a.mu.Lock()
	a.tree = h
	a.installs = append(a.installs, zxid)
	a.mu.Unlock()
	a.c.installs.Add(1)
	a.told()
	return nil
}

func (a *app) Rebuild(zxid zab.Zxid) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rebuilds = append(a.rebuilds, zxid)
	a.c.cuts.Add(1)
	if a.tree.last() <= zxid {
		return nil
	}
	tree, _, err := a.loadTree()
	if err == nil && tree.last() != zxid {
		err = fmt.Errorf("the files end at %v, not at %v", tree.last(), zxid)
	}
	a.tree = tree
	return err
}
