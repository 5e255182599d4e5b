// Package zkserver is a ZooKeeper server: sockets on one side, the tree, the sessions and
// the transaction log on the other. It is what zoka server, zoka --embedded and
// testcluster/ensemble start; it decides nothing about znodes itself (prep and znode do) and
// writes no file format itself (txnlog does).
//
//	s, err := zkserver.New(zkserver.Config{DataDir: dir, Listeners: []net.Listener{l}})
//	err = s.Serve(ctx) // until ctx ends, or the disk fails
//
// # The way of a write
//
//	connection ─ queue ─ sequencer ─ order ─ applier ─ connection
//	(decodes the frame)  (prep: zxid,  (log,   (tree, events,
//	                      transaction)  fsync)  reply)
//
// In an ensemble a learner's connection has its writes decided elsewhere:
//
//	connection ─ link ─▶ leader's sequencer ─ order ─▶ link ─ applier ─ connection
//	(REQUEST)            (as above; ZAB)              (commit)
//
// Each arrow hands over whatever has collected meanwhile, so that all of it works in batches
// when there is much to do. The sequencer is the one goroutine that uses prep. The order is
// an interface: a standalone server's is its transaction log, where committed means
// persisted; an ensemble's is the ZAB core. The applier is the one goroutine that changes the
// tree.
//
// # Reads, watches and replies are one step
//
// A connection's goroutine serves a read under the tree's read lock: it evaluates the read,
// registers the watch and appends the reply to the connection's outbound buffer before it
// lets the lock go. The applier, under the write lock, applies a transaction, appends its
// events to the buffers of those who watch, and then its reply. So an event never overtakes
// the reply that registered its watch, nor comes after a reply that shows the change.
//
// A read behind an unanswered write of its own connection waits in the connection's queue.
// The applier serves it between that write and the connection's next one, so that a client
// that does not wait for answers still reads exactly what it has written so far. Reads of
// other connections never wait for it.
//
// # Terms
//
// A member of an ensemble serves in terms: stretches in which it leads, or follows one leader
// and is up to date. A term owns what ends with it: on a leader the sequencer with its prep
// and the tracker of sessions, on a learner the writes, syncs and claims of sessions that
// wait for its leader; and in any case the clients' connections, which are closed. What the
// ensemble's node (package quorum) tells is taken down under its lock and carried out by one
// goroutine (member.direct). The tree outlives terms; another one takes its place only while
// nobody is served.
//
// A learner's client is answered when its commit is applied here. A sync is no transaction:
// a leader has a quorum confirm that it still leads, and answers behind everything that is
// decided by then; a learner forwards it, and its answer comes behind the commits it must
// show. Writes behind a sync of the same connection wait for it, as they could be committed
// earlier.
//
// # Locks
//
// In this order: the tree's, then a connection's, then that of the watch tables or of the
// sessions. Under them there is no I/O. Sockets are written by whoever finds output and
// nobody at it: the connection's own goroutine after a batch of requests, or one started for
// output that came from elsewhere.
//
// The node's lock comes after the tree's. Under it the member's, a queue's and that of the
// sessions are taken, and never the tree's or a connection's.
//
// Source: NIOServerCnxn, ZooKeeperServer, PrepRequestProcessor, SyncRequestProcessor and
// FinalRequestProcessor of ZooKeeper 3.9.
package zkserver
