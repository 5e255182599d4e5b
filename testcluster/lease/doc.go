// Package lease is ZooKeeper's sessions by logical time.
//
// A [Table] is the replicated part, which sessions there are and with what timeout; it
// follows the transactions and goes into snapshots. A [Tracker] is the part of the one
// server that decides about expiry, a leader or a standalone server: when each session was
// last heard of, who owns it, whether it is being closed. [Password] and [FirstID] are the
// arithmetic by which all servers of an ensemble agree on passwords and ids.
//
// It has no clock, goroutine or lock: times are milliseconds handed in, and the caller
// (zkserver) guards what it shares. It does not send anything and does not remove
// ephemeral nodes; znode does that when the closeSession transaction is applied.
//
// Source: SessionTrackerImpl and ExpiryQueue of ZooKeeper 3.9.
package lease
