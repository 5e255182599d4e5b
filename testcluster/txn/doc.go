// Package txn is a transaction as it stands in ZooKeeper's log files and in PROPOSAL
// packets: a header, a body that the operation decides, and an optional digest of the
// tree after it.
//
//	i64 session | i32 cxid | i64 zxid | i64 time ms | i32 type | body [| i32 2 | i64 digest]
//
// It does not decide anything (prep does) and does not change anything (znode does).
//
// Source: org.apache.zookeeper.txn and SerializeUtils of ZooKeeper 3.9.
package txn
