package zkserver

import (
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// restoring takes a snapshot's content. Reading and checking a file takes about as long as
// building the tree, so a goroutine of its own does the building; finish waits for it.
type restoring struct {
	tree  *znode.Restore // the builder's from the first node on
	table *lease.Table

	batch   *copied
	full    chan *copied // to the builder; nil before there is one
	empty   chan *copied // and back
	built   chan struct{}
	refused atomic.Pointer[error] // why the tree took no more
}

// restoreChunk is how many nodes are handed over at a time; so many chunks there are.
const restoreChunk, restoreChunks = 1024, 3

func newRestoring(o znode.Options) *restoring {
	return &restoring{tree: znode.NewRestore(o), table: lease.NewTable()}
}

// Session, ACL and Node are txnlog.SnapshotSink.

func (r *restoring) Session(id zkproto.SessionID, timeout int32) error {
	r.table.Open(id, timeout)
	return nil
}

func (r *restoring) ACL(id int64, acl []zkproto.ACL) error {
	r.tree.RestoreACL(id, acl)
	return nil
}

func (r *restoring) Node(path, data []byte, acl int64, stat *zkproto.StatPersisted) error {
	if r.full == nil {
		r.begin()
	}
	r.batch.add(&znode.SnapshotNode{Path: path, Data: data, ACLID: acl, Stat: *stat})
	if len(r.batch.nodes) < restoreChunk {
		return nil
	}
	r.full <- r.batch
	r.batch = <-r.empty
	if err := r.refused.Load(); err != nil {
		return *err
	}
	return nil
}

func (r *restoring) begin() {
	r.full, r.empty, r.built = make(chan *copied, 1), make(chan *copied, restoreChunks), make(chan struct{})
	r.batch = new(copied)
	for range restoreChunks - 1 {
		r.empty <- new(copied)
	}
	go r.build()
}

// build ends when finish closes the channel. After an error it only gives the memory back.
func (r *restoring) build() {
	defer close(r.built)
	for c := range r.full {
		for i := range c.nodes {
			if r.refused.Load() != nil {
				break
			}
			n := &c.nodes[i]
			if err := r.tree.RestoreNode(string(n.Path), n.Data, n.ACLID, &n.Stat); err != nil {
				r.refused.Store(&err)
			}
		}
		c.clear()
		r.empty <- c
	}
}

// finish waits for the builder. It is called once, also for a snapshot that was given up.
func (r *restoring) finish() (*znode.Tree, error) {
	if r.full != nil {
		r.full <- r.batch
		close(r.full)
		<-r.built
	}
	if err := r.refused.Load(); err != nil {
		return nil, *err
	}
	return r.tree.Tree()
}
