// Package prep decides what a write request does: it turns the request into a transaction,
// or into an error transaction where the request must be refused.
//
// The decision is made against the tree plus all transactions that were decided before but
// are not applied yet. [Prep] keeps the latter as an overlay, one record a changed path,
// and drops a record once the tree has it. Only the server that orders writes has a Prep, a
// leader or a standalone server; it is thrown away when leadership ends.
//
// [Auth] holds the rules of ACLs and identities, which reads need too.
//
// Nothing in here changes the tree (znode does, when the transaction is applied), reads a
// clock or touches a socket: zxid and time are handed in.
//
//	p := prep.New(tree, sessions, auth, prep.Options{})
//	x := p.Next(&prep.Request{Session: id, Cxid: 1, Op: zkproto.OpDelete, Body: body}, zxid, now)
//
// Source: PrepRequestProcessor of ZooKeeper 3.9; the order of the checks is its.
package prep
