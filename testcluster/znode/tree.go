package znode

import (
	"iter"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Options are the settings of a server that decide what a tree does.
type Options struct {
	ExtendedTypes bool // zookeeper.extendedTypesEnabled: there are TTL nodes
	Emulate353TTL bool // zookeeper.emulate353TTLNodes: so are the owners that 3.5.3 wrote
	Digest        bool // zookeeper.digest.enabled: [Tree.Digest] is kept, for 4 bytes a node
}

// Paths that every tree has.
const (
	systemPath = "/zookeeper"
	quotaPath  = "/zookeeper/quota"
	// ConfigPath holds the text of the ensemble's configuration.
	ConfigPath = "/zookeeper/config"
)

// Tree is the znodes of one server. See the package comment for who may call what when.
type Tree struct {
	opts  Options
	nodes slab
	recs  arena
	index index
	acls  aclTable

	ephemerals     map[zkproto.SessionID]map[uint32]struct{}
	ephemeralCount int
	containers     map[uint32]struct{}
	ttls           map[uint32]struct{}
	quotas         map[string]struct{} // paths that have limits

	walks    []*Walk
	lastZxid zkproto.Zxid
	dataSize int64
	digest   uint64
	buf      []byte // scratch of Apply; readers must not use it
}

// Node is a handle on a node that [Tree.Find] found. It is good until the next Apply.
type Node struct{ i uint32 }

// New returns the tree that an empty server begins with.
func New(o Options) *Tree {
	t := empty(o)
	t.plant()
	for _, path := range [...]string{systemPath, quotaPath} {
		t.graft(path, []byte{}, openSlot, &zkproto.StatPersisted{})
	}
	t.graftConfig()
	return t
}

// empty is a tree without even a root.
func empty(o Options) *Tree {
	return &Tree{
		opts: o, recs: newArena(), index: newIndex(), acls: newACLTable(),
		ephemerals: map[zkproto.SessionID]map[uint32]struct{}{},
		containers: map[uint32]struct{}{}, ttls: map[uint32]struct{}{}, quotas: map[string]struct{}{},
	}
}

// plant makes the root. It has no name and no parent, and is not in the index.
func (t *Tree) plant() {
	i := t.nodes.alloc(t.opts.Digest)
	t.store(i, "", []byte{})
	t.dataSize++ // its path
	t.resum(i, "")
}

// graft makes a node at a path whose parent exists and leaves the parent's stat alone.
func (t *Tree) graft(path string, data []byte, acl uint32, stat *zkproto.StatPersisted) {
	parent := t.find(zkproto.Parent(path))
	t.add(parent, path, zkproto.Base(path), data, acl, stat)
}

// graftConfig makes /zookeeper/config, which everybody may read and only the superuser change.
func (t *Tree) graftConfig() {
	acl := t.acls.intern([]zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}})
	t.graft(ConfigPath, []byte{}, acl, &zkproto.StatPersisted{Aversion: -1})
}

// SetConfig writes the ensemble's configuration into [ConfigPath], as a server does by itself at its start and when it
// learns a new one: it is not a transaction. Source: ZKDatabase.initConfigInZKDatabase.
func (t *Tree) SetConfig(text []byte, version zkproto.Zxid, time int64) {
	if i := t.find(ConfigPath); i != none {
		t.setData(i, ConfigPath, text, -1, version, time)
	}
}

// Find returns the node of a path. The path need not be valid: one that is not has no node.
func (t *Tree) Find(path string) (Node, bool) {
	i := t.find(path)
	return Node{i}, i != none
}

// Stat is the node's metadata as clients see it: cversion counts deleted children too, and only an ephemeral node has
// an owner. Source: DataNode.copyStat.
func (t *Tree) Stat(n Node) zkproto.Stat {
	d := t.nodes.at(n.i)
	s := zkproto.Stat{
		Czxid: zkproto.Zxid(d.czxid), Mzxid: zkproto.Zxid(d.mzxid), Pzxid: zkproto.Zxid(d.pzxid),
		Ctime: d.ctime, Mtime: d.mtime,
		Version: d.version, Cversion: 2*d.cversion - int32(d.children), Aversion: d.aversion,
		DataLength: max(d.dataLen, 0), NumChildren: int32(d.children),
	}
	if t.opts.KindOf(d.owner) == Ephemeral {
		s.EphemeralOwner = zkproto.SessionID(d.owner)
	}
	return s
}

// Persisted is the node's metadata as snapshots have it.
func (t *Tree) Persisted(n Node) zkproto.StatPersisted { return t.nodes.at(n.i).persisted() }

// Data is the node's data, nil where it is null. It is the tree's memory: read it before the next Apply, do not change it.
func (t *Tree) Data(n Node) []byte { return t.data(n.i) }

// ACL is the node's access list. It is shared and never changes.
func (t *Tree) ACL(n Node) []zkproto.ACL { return t.acls.slots[t.nodes.at(n.i).acl].acl }

// Kind says how long the node lives.
func (t *Tree) Kind(n Node) Kind { return t.opts.KindOf(t.nodes.at(n.i).owner) }

// Path is the node's path.
func (t *Tree) Path(n Node) string { return t.path(n.i) }

// NumChildren is how many children the node has.
func (t *Tree) NumChildren(n Node) int { return int(t.nodes.at(n.i).children) }

// Children yields the names of the node's children, the newest first. A name is the tree's memory: read it before the
// next Apply.
func (t *Tree) Children(n Node) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for c := t.nodes.at(n.i).child; c != none; c = t.nodes.at(c).next {
			if !yield(t.name(c)) {
				return
			}
		}
	}
}

// AppendChildren appends the names of the node's children, the newest first. All names share one allocation.
func (t *Tree) AppendChildren(dst []string, n Node) []string {
	count := t.NumChildren(n)
	dst = slices.Grow(dst, count)
	lens := make([]int, 0, count)
	all := make([]byte, 0, 16*count)
	for name := range t.Children(n) {
		all = append(all, name...)
		lens = append(lens, len(name))
	}
	names := string(all)
	for _, l := range lens {
		dst = append(dst, names[:l])
		names = names[l:]
	}
	return dst
}

// Descendants is how many nodes are below a path, 0 where it does not exist. It visits all of them.
func (t *Tree) Descendants(path string) int {
	top := t.find(path)
	switch top {
	case none:
		return 0
	case root:
		return t.nodes.count - 1
	}
	count, end := 0, t.nodes.after(top)
	for i := t.next(top); i != end; i = t.next(i) {
		count++
	}
	return count
}

// next is the node after i in pre-order.
func (t *Tree) next(i uint32) uint32 {
	if c := t.nodes.at(i).child; c != none {
		return c
	}
	return t.nodes.after(i)
}

// LastZxid is the zxid of the last transaction applied.
func (t *Tree) LastZxid() zkproto.Zxid { return t.lastZxid }

// SetLastZxid is for a tree that came from a snapshot.
func (t *Tree) SetLastZxid(z zkproto.Zxid) { t.lastZxid = z }

// NodeCount is how many nodes Apache's server would report: it counts the root twice.
func (t *Tree) NodeCount() int { return t.nodes.count + 1 }

// DataSize is the sum of the lengths of all paths, in UTF-16 units, and of all data. The root's data counts twice, as
// the root has two names there. Source: DataTree.approximateDataSize.
func (t *Tree) DataSize() int64 { return t.dataSize + int64(len(t.data(root))) }

// Digest is the sum over the tree that transactions carry as digest version 2; 0 without [Options.Digest].
func (t *Tree) Digest() uint64 { return t.digest }
