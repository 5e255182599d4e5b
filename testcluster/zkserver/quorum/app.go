package quorum

import (
	"io"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// App is the server around a [Node].
//
// The first group is called under the node's lock, one call after the other: these neither
// block nor call the node. The second group runs on other goroutines and may block, but must
// come to an end when the node is closed or leaves the role in which the call was made.
type App interface {
	// Role tells that something of the server's role has changed. What follows belongs to it.
	Role(r zab.Role)
	// Commit has transactions to be applied, in order; a leader's own proposals are among them.
	Commit(entries []zab.Entry)
	// Packet is a packet that the core does not know. A leader gets REQUEST, REVALIDATE and
	// the answers to PING, whose Data are the sessions touched; a learner gets the answers to
	// REVALIDATE, and SYNC. They come in the order of the link: what was committed before a
	// SYNC was sent has been given to Commit. They come only while the role is Serving.
	Packet(from zab.LinkID, p *zab.Packet)
	// LinkDown tells a leader that a learner has gone. It is not called for the links that end
	// with the leadership.
	LinkDown(l zab.LinkID)
	// Confirmed has tokens of Confirm for which a quorum has answered.
	Confirmed(tokens []uint64)
	// Touched is the data of a learner's answer to PING: {i64 session, i32 timeout} of those
	// heard of since the last call. It is not nil.
	Touched() []byte
	// Failed tells that the disk has failed and the node takes part in nothing any more. It
	// may come while Start has not returned.
	Failed(err error)

	// WriteSnapshot writes the tree for a learner, as txnlog.NewSnapshotBody does, once
	// everything up to zxid is applied; more may be in it. An error breaks the link.
	WriteSnapshot(w io.Writer, zxid zab.Zxid) error
	// ReadSnapshot reads a tree as a leader's WriteSnapshot has written it, and no byte more.
	// r is a *bufio.Reader, which bufio.NewReader returns as it is; a larger buffer around it
	// would take what follows. The tree is for Install, and may never be used.
	ReadSnapshot(r io.Reader, zxid zab.Zxid) (tree any, err error)
	// Install puts tree in the place of the App's own and writes it to a snapshot file of
	// zxid, durably. It runs on the log's goroutine. The tree is of a state that contains
	// everything up to zxid. Nothing is committed meanwhile.
	Install(tree any, zxid zab.Zxid) error
	// Rebuild tells that log and snapshots now end at zxid: if the tree has more, it is to be
	// loaded from the files again. It runs on the log's goroutine; nothing is committed
	// meanwhile.
	Rebuild(zxid zab.Zxid) error
}
