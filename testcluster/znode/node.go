package znode

import "github.com/zoka-project/zoka/clientproto/zkproto"

// node is one znode, 96 bytes. Links are numbers of other nodes; 0 is none. What a lookup reads stands in the first 32
// bytes, which lie in one line of the processor's cache.
type node struct {
	parent     uint32
	rec        uint32 // where the arena has name and data
	nameLen    uint32
	dataLen    int32  // -1: the data is null
	child      uint32 // the newest child
	next, prev uint32 // siblings: next is older. In a free slot, next is the next free one
	children   uint32 // how many

	acl                 uint32 // slot in the ACL table
	version             int32
	cversion            int32 // created children only
	aversion            int32
	czxid, mzxid, pzxid int64
	ctime, mtime        int64
	owner               int64 // as persisted: 0, a session, or the mark of a container or TTL node
}

// Numbers of special nodes.
const (
	none uint32 = 0
	root uint32 = 1
)

const (
	slabBits = 12
	slabLen  = 1 << slabBits
)

// slab holds the nodes by number. Slabs are never moved, so growing copies nothing.
type slab struct {
	slabs [][]node
	sums  [][]uint32 // each node's share of the digest, where digests are kept
	used  uint32     // numbers below it have been handed out
	free  uint32     // first of the free numbers below used
	count int        // living nodes
}

func (s *slab) at(i uint32) *node { return &s.slabs[i>>slabBits][i&(slabLen-1)] }

func (s *slab) sum(i uint32) *uint32 { return &s.sums[i>>slabBits][i&(slabLen-1)] }

// alloc returns the number of a zeroed node.
func (s *slab) alloc(sums bool) uint32 {
	s.count++
	if i := s.free; i != none {
		n := s.at(i)
		s.free = n.next
		*n = node{}
		return i
	}
	if s.used == 0 {
		s.used = 1 // 0 means none
	}
	i := s.used
	if int(i>>slabBits) == len(s.slabs) {
		s.slabs = append(s.slabs, make([]node, slabLen))
		if sums {
			s.sums = append(s.sums, make([]uint32, slabLen))
		}
	}
	s.used++
	return i
}

func (s *slab) release(i uint32) {
	*s.at(i) = node{next: s.free}
	s.free = i
	s.count--
}

// link makes i the newest child of p.
func (s *slab) link(p, i uint32) {
	pn, n := s.at(p), s.at(i)
	n.parent, n.next, n.prev = p, pn.child, none
	if pn.child != none {
		s.at(pn.child).prev = i
	}
	pn.child = i
	pn.children++
}

func (s *slab) unlink(i uint32) {
	n := s.at(i)
	pn := s.at(n.parent)
	if n.prev != none {
		s.at(n.prev).next = n.next
	} else {
		pn.child = n.next
	}
	if n.next != none {
		s.at(n.next).prev = n.prev
	}
	pn.children--
}

// after is the node that follows i and its descendants in pre-order; none at the end.
func (s *slab) after(i uint32) uint32 {
	for i != root {
		n := s.at(i)
		if n.next != none {
			return n.next
		}
		i = n.parent
	}
	return none
}

func (n *node) persisted() zkproto.StatPersisted {
	return zkproto.StatPersisted{
		Czxid: zkproto.Zxid(n.czxid), Mzxid: zkproto.Zxid(n.mzxid), Pzxid: zkproto.Zxid(n.pzxid),
		Ctime: n.ctime, Mtime: n.mtime,
		Version: n.version, Cversion: n.cversion, Aversion: n.aversion,
		EphemeralOwner: n.owner,
	}
}

func (n *node) setPersisted(s *zkproto.StatPersisted) {
	n.czxid, n.mzxid, n.pzxid = int64(s.Czxid), int64(s.Mzxid), int64(s.Pzxid)
	n.ctime, n.mtime = s.Ctime, s.Mtime
	n.version, n.cversion, n.aversion = s.Version, s.Cversion, s.Aversion
	n.owner = s.EphemeralOwner
}
