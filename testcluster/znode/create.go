package znode

import (
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// creation is what the create transactions have in common.
type creation struct {
	path           string
	data           []byte
	acl            []zkproto.ACL
	owner          int64
	parentCversion int32
}

// applyCreate makes a node. One that exists, in replay, gets the ACL; its parent is brought up to date either way.
// Source: DataTree.createNode, and the end of processTxn.
func (t *Tree) applyCreate(h *txn.Header, c *creation, events []Event) (Result, []Event) {
	parentPath, name, ok := cut(c.path)
	if !ok {
		return Result{Err: zkproto.BadArguments, Path: c.path}, events
	}
	p := t.find(parentPath)
	if p == none {
		return Result{Err: zkproto.NoNode, Path: c.path}, events
	}
	acl := t.acls.intern(c.acl)
	existing := t.lookup(p, name)
	if existing != none {
		t.setACL(existing, acl)
	}
	pn := t.nodes.at(p)
	cversion := c.parentCversion
	if cversion == -1 {
		cversion = pn.cversion + 1
	}
	if cversion > pn.cversion {
		pn.cversion, pn.pzxid = cversion, int64(h.Zxid)
		t.resum(p, parentPath)
	}
	if existing != none {
		return Result{Err: zkproto.NodeExists, Path: c.path}, events
	}
	i := t.add(p, c.path, name, c.data, acl, &zkproto.StatPersisted{
		Czxid: h.Zxid, Mzxid: h.Zxid, Pzxid: h.Zxid, Ctime: h.Time, Mtime: h.Time, EphemeralOwner: c.owner,
	})
	t.quotaCreated(parentPath, name)
	t.charge(c.path, int64(len(c.data)), 1)
	events = append(events,
		Event{zkproto.EventNodeCreated, c.path, t.ACL(Node{i})},
		Event{zkproto.EventNodeChildrenChanged, parentPath, t.ACL(Node{p})})
	return Result{Path: c.path, Stat: t.Stat(Node{i})}, events
}

// cut splits a path into the parent's path and the name, which a node cannot do without.
func cut(path string) (parent, name string, ok bool) {
	k := strings.LastIndexByte(path, '/')
	if k < 0 || k == len(path)-1 || k == 1 && path[0] == '/' {
		return "", "", false
	}
	return path[:max(k, 1)], path[k+1:], true
}

// add makes a node below p with a slot of the ACL table whose reference is already counted.
func (t *Tree) add(p uint32, path, name string, data []byte, acl uint32, stat *zkproto.StatPersisted) uint32 {
	i := t.nodes.alloc(t.opts.Digest)
	t.store(i, name, data)
	t.nodes.link(p, i)
	t.insert(i)
	n := t.nodes.at(i)
	n.setPersisted(stat)
	n.acl = acl
	t.dataSize += javaLen(path) + int64(len(data))
	t.own(i, n.owner)
	t.resum(i, path)
	return i
}

// own enters a node where its kind is looked up.
func (t *Tree) own(i uint32, owner int64) {
	switch t.opts.KindOf(owner) {
	case Container:
		t.containers[i] = struct{}{}
	case TTL:
		t.ttls[i] = struct{}{}
	case Ephemeral:
		s := zkproto.SessionID(owner)
		if t.ephemerals[s] == nil {
			t.ephemerals[s] = map[uint32]struct{}{}
		}
		t.ephemerals[s][i] = struct{}{}
		t.ephemeralCount++
	}
}

func (t *Tree) disown(i uint32, owner int64) {
	switch t.opts.KindOf(owner) {
	case Container:
		delete(t.containers, i)
	case TTL:
		delete(t.ttls, i)
	case Ephemeral:
		s := zkproto.SessionID(owner)
		delete(t.ephemerals[s], i)
		if len(t.ephemerals[s]) == 0 {
			delete(t.ephemerals, s)
		}
		t.ephemeralCount--
	}
}
