package prep

import (
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// create decides all four create operations. op is also the transaction's type, except for a
// createTTL whose mode has no TTL: that makes an ordinary node.
func (p *Prep) create(op zkproto.OpCode, q *zkproto.CreateTTLRequest) (zkproto.OpCode, txn.Body, zkproto.Code) {
	if code := p.checkCreate(q); code != zkproto.OK {
		return op, nil, code
	}
	parentPath, ok := splitPath(q.Path)
	if !ok {
		return op, nil, zkproto.BadArguments
	}
	acl, ok := p.auth.Fix(q.ACL, p.req.IDs)
	if !ok {
		return op, nil, zkproto.InvalidACL
	}
	parent, ok := p.overlay.find(parentPath)
	if !ok {
		return op, nil, zkproto.NoNode
	}
	if !p.allowed(&parent, zkproto.PermCreate) {
		return op, nil, zkproto.NoAuth
	}
	path := q.Path
	if q.Mode.Sequential() {
		path += sequence(parent.cversion)
	}
	if zkproto.ValidatePath(path) != nil {
		return op, nil, zkproto.BadArguments
	}
	if _, exists := p.overlay.find(path); exists {
		return op, nil, zkproto.NodeExists
	}
	if p.kind(&parent) == znode.Ephemeral {
		return op, nil, zkproto.NoChildrenForEphemerals
	}
	if p.overQuota(path, len(q.Data), 1) {
		return op, nil, zkproto.QuotaExceeded
	}

	parent.zxid = p.zxid
	parent.children++
	parent.cversion++
	p.overlay.put(parentPath, parent)
	return p.createNode(op, q, path, acl, parent.cversion)
}

// checkCreate makes the checks that do not look at the tree.
func (p *Prep) checkCreate(q *zkproto.CreateTTLRequest) zkproto.Code {
	switch {
	case !q.Mode.Valid():
		return zkproto.BadArguments
	case q.Mode.TTL() && !p.opts.Tree.ExtendedTypes:
		return zkproto.Unimplemented
	case q.Mode.TTL() && (q.TTL <= 0 || q.TTL > zkproto.MaxTTL), !q.Mode.TTL() && q.TTL >= 0:
		return zkproto.BadArguments
	}
	return p.checkSession()
}

// createNode makes the transaction and the new node's record.
func (p *Prep) createNode(op zkproto.OpCode, q *zkproto.CreateTTLRequest, path string, acl []zkproto.ACL, parentCversion int32) (zkproto.OpCode, txn.Body, zkproto.Code) {
	rec := record{zxid: p.zxid, dataLen: int32(len(q.Data)), acl: acl}
	special := txn.CreateContainer{Path: path, Data: q.Data, ACL: acl, ParentCversion: parentCversion}
	switch {
	case op == zkproto.OpCreateContainer:
		rec.owner = znode.ContainerOwner
		p.overlay.put(path, rec)
		return op, &special, zkproto.OK
	case op == zkproto.OpCreateTTL && q.Mode.TTL():
		rec.owner = znode.TTLOwner(q.TTL)
		p.overlay.put(path, rec)
		return op, &txn.CreateTTL{CreateContainer: special, TTL: q.TTL}, zkproto.OK
	case op == zkproto.OpCreateTTL:
		op = zkproto.OpCreate2
	}
	if q.Mode.Ephemeral() {
		rec.owner = int64(p.req.Session)
		p.overlay.putEphemeral(path, rec, p.req.Session)
	} else {
		p.overlay.put(path, rec)
	}
	return op, &txn.Create{Path: path, Data: q.Data, ACL: acl, Ephemeral: q.Mode.Ephemeral(), ParentCversion: parentCversion}, zkproto.OK
}

// sequence is the suffix of a sequential node: at least ten digits, the sign among them.
func sequence(n int32) string {
	digits := strconv.Itoa(int(n))
	if n < 0 {
		return "-" + zeros(9-len(digits)+1) + digits[1:]
	}
	return zeros(10-len(digits)) + digits
}

func zeros(n int) string { return "0000000000"[:max(n, 0)] }

// splitPath returns the path above, and false for a path without a slash or with a NUL.
// The rest of the path rules are checked later, so that "/a//b" lacks its parent "/a/".
func splitPath(path string) (parent string, ok bool) {
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 || strings.IndexByte(path, 0) >= 0 {
		return "", false
	}
	if slash == 0 {
		return "/", true
	}
	return path[:slash], true
}
