// Package zkproto is ZooKeeper's client protocol as data: operation codes, records for
// both sides, error codes, stat, ACLs and the path rules, as of ZooKeeper 3.9.
//
// Every record has AppendTo, which appends its bytes to a slice, and Decode, which reads
// it from a [jute.Reader]; client and server share them. A frame on the wire is an int
// length followed by a header and a record; framing and sockets belong to the callers
// (zkclient and zkserver).
//
//	b := zkproto.RequestHeader{Xid: 1, Op: zkproto.OpGetData}.AppendTo(nil)
//	b = (&zkproto.PathWatchRequest{Path: "/a", Watch: true}).AppendTo(b)
//
// Source: zookeeper.jute and org.apache.zookeeper.ZooDefs of ZooKeeper 3.9.
package zkproto
