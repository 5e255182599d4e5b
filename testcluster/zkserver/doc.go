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
// # Locks
//
// In this order: the tree's, then a connection's, then that of the watch tables or of the
// sessions. Under them there is no I/O. Sockets are written by whoever finds output and
// nobody at it: the connection's own goroutine after a batch of requests, or one started for
// output that came from elsewhere.
//
// Source: NIOServerCnxn, ZooKeeperServer, PrepRequestProcessor, SyncRequestProcessor and
// FinalRequestProcessor of ZooKeeper 3.9.
package zkserver
