// Package mirror keeps the [kzk.Image] of a live ZooKeeper: what a broker knows of its cluster.
//
// It sets persistent recursive watches, reads everything, and from then on reads again what
// they report. A server that takes a session back sets the watches again but does not repeat
// what they missed, so after each loss of the connection everything is read anew. It writes
// nothing. Its callers are the parts of a broker; the broker's root hands on the session's
// events.
package mirror
