package znode

import (
	"iter"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// EphemeralSessions yields the sessions that have ephemeral nodes, in no order, and how many.
func (t *Tree) EphemeralSessions() iter.Seq2[zkproto.SessionID, int] {
	return func(yield func(zkproto.SessionID, int) bool) {
		for s, set := range t.ephemerals {
			if !yield(s, len(set)) {
				return
			}
		}
	}
}

// EphemeralCount is how many ephemeral nodes there are.
func (t *Tree) EphemeralCount() int { return t.ephemeralCount }

// TTL is a node's time to live in milliseconds, 0 where it is no TTL node.
func (t *Tree) TTL(n Node) int64 {
	if t.Kind(n) != TTL {
		return 0
	}
	return t.nodes.at(n.i).owner & zkproto.MaxTTL
}

// Reapable yields the paths, in no order, of the nodes that may be removed at a time in milliseconds since 1970:
// containers that had children and have none now, or never had any and are older than neverUsed milliseconds (0: those
// stay); and TTL nodes without children whose data is older than their time to live.
// Source: ContainerManager.getCandidates.
func (t *Tree) Reapable(now, neverUsed int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range t.containers {
			n := t.nodes.at(i)
			due := n.cversion > 0 || neverUsed != 0 && now-n.mtime > neverUsed
			if n.children == 0 && due && !yield(t.path(i)) {
				return
			}
		}
		for i := range t.ttls {
			n := t.nodes.at(i)
			ttl := t.TTL(Node{i})
			if n.children == 0 && ttl != 0 && now-n.mtime > ttl && !yield(t.path(i)) {
				return
			}
		}
	}
}
