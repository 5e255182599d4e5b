// Package znode is the tree of znodes that a ZooKeeper server holds in memory: [Tree.Apply] changes it by committed
// transactions, everything else reads it.
//
// It decides nothing: whether a write is allowed, and what versions and times it gets, stands in the transaction
// (package prep wrote it). It knows no sessions beyond the owners of ephemeral nodes, no watches beyond the events that
// Apply returns, and no files: a snapshot is a [Walk] out of one tree and a [Restore] into another.
//
// A tree is not safe for concurrent use. Its owner, zkserver, holds a lock around it: Apply, [Tree.StartWalk] and
// [Walk.Close] need it exclusively, the rest may run side by side under the read lock.
//
//	t := znode.New(znode.Options{ExtendedTypes: true})
//	result, events := t.Apply(&x, nil)
//	if n, ok := t.Find("/a"); ok {
//		fmt.Println(t.Stat(n), t.Data(n))
//	}
//
// # Memory
//
// Nodes are structs without pointers in slabs (node.go), so the garbage collector has nothing to look at. A node is
// found by a hash of its parent's number and its name (index.go). Its name and data lie side by side as one record in
// an arena that moves records together when a quarter of it is free (arena.go). A node with 100 bytes of data takes
// 220 to 230 bytes, all included. Slots of deleted nodes are used again but not given back; the arena gives back.
//
// # Replay
//
// Apply may see a transaction twice, because a snapshot is written while transactions are applied, and recovery replays
// all that followed its beginning. So a create of a node that exists only brings the ACL and the parent up to date, a
// delete of a missing one only the parent, and versions of parents only grow. After the whole replay the tree is the
// one that the transactions alone would have made.
//
// Source: org.apache.zookeeper.server.DataTree of ZooKeeper 3.9.
package znode
