package prep

import (
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// remove decides delete.
func (p *Prep) remove(q *zkproto.PathVersionRequest) (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpDelete
	if code := p.checkSession(); code != zkproto.OK {
		return op, nil, code
	}
	parentPath, ok := splitPath(q.Path)
	if !ok || isFixed(q.Path) {
		return op, nil, zkproto.BadArguments
	}
	parent, ok := p.overlay.find(parentPath)
	if !ok {
		return op, nil, zkproto.NoNode
	}
	if !p.allowed(&parent, zkproto.PermDelete) {
		return op, nil, zkproto.NoAuth
	}
	rec, ok := p.overlay.find(q.Path)
	switch {
	case !ok:
		return op, nil, zkproto.NoNode
	case q.Version != -1 && q.Version != rec.version:
		return op, nil, zkproto.BadVersion
	case rec.children > 0:
		return op, nil, zkproto.NotEmpty
	}
	p.gone(q.Path)
	return op, &txn.Delete{Path: q.Path}, zkproto.OK
}

// reap decides deleteContainer, which only the server itself asks for.
func (p *Prep) reap(path string) (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpDeleteContainer
	if _, ok := splitPath(path); !ok || isFixed(path) {
		return op, nil, zkproto.BadArguments
	}
	rec, ok := p.overlay.find(path)
	switch {
	case !ok:
		return op, nil, zkproto.NoNode
	case rec.children > 0:
		return op, nil, zkproto.NotEmpty
	case p.kind(&rec) == znode.Persistent, p.kind(&rec) == znode.Ephemeral:
		return op, nil, zkproto.BadVersion
	}
	p.gone(path)
	return op, &txn.Delete{Path: path}, zkproto.OK
}

// isFixed says whether a node can never be deleted. Source: ZKDatabase.isSpecialPath.
func isFixed(path string) bool {
	switch path {
	case "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config":
		return true
	}
	return false
}

// gone removes a node from the overlay's view.
func (p *Prep) gone(path string) {
	parentPath, _ := splitPath(path)
	if parent, ok := p.overlay.find(parentPath); ok {
		parent.zxid = p.zxid
		parent.children--
		p.overlay.put(parentPath, parent)
	}
	p.overlay.put(path, record{zxid: p.zxid, gone: true})
}

func (p *Prep) setData(q *zkproto.SetDataRequest) (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpSetData
	rec, code := p.target(q.Path, zkproto.PermWrite)
	switch {
	case code != zkproto.OK:
		return op, nil, code
	case p.overQuota(q.Path, len(q.Data)-int(rec.dataLen), 0):
		return op, nil, zkproto.QuotaExceeded
	case q.Version != -1 && q.Version != rec.version:
		return op, nil, zkproto.BadVersion
	}
	rec.zxid = p.zxid
	rec.version++
	rec.dataLen = int32(len(q.Data))
	p.overlay.put(q.Path, rec)
	return op, &txn.SetData{Path: q.Path, Data: q.Data, Version: rec.version}, zkproto.OK
}

func (p *Prep) setACL(q *zkproto.SetACLRequest) (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpSetACL
	if code := p.checkSession(); code != zkproto.OK {
		return op, nil, code
	}
	if zkproto.ValidatePath(q.Path) != nil {
		return op, nil, zkproto.BadArguments
	}
	acl, ok := p.auth.Fix(q.ACL, p.req.IDs)
	if !ok {
		return op, nil, zkproto.InvalidACL
	}
	rec, code := p.target(q.Path, zkproto.PermAdmin)
	switch {
	case code != zkproto.OK:
		return op, nil, code
	case q.Version != -1 && q.Version != rec.aversion:
		return op, nil, zkproto.BadVersion
	}
	rec.zxid = p.zxid
	rec.aversion++
	rec.acl = acl
	p.overlay.put(q.Path, rec)
	return op, &txn.SetACL{Path: q.Path, ACL: acl, Version: rec.aversion}, zkproto.OK
}

// check decides the version check of a multi.
func (p *Prep) check(q *zkproto.PathVersionRequest) (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpCheck
	rec, code := p.target(q.Path, zkproto.PermRead)
	switch {
	case code != zkproto.OK:
		return op, nil, code
	case q.Version != -1 && q.Version != rec.version:
		return op, nil, zkproto.BadVersion
	}
	return op, &txn.Check{Path: q.Path, Version: rec.version + 1}, zkproto.OK
}

// target makes the checks that setData, setACL and check have in common, in their order.
func (p *Prep) target(path string, perm zkproto.Perms) (record, zkproto.Code) {
	if code := p.checkSession(); code != zkproto.OK {
		return record{}, code
	}
	if zkproto.ValidatePath(path) != nil {
		return record{}, zkproto.BadArguments
	}
	rec, ok := p.overlay.find(path)
	if !ok {
		return record{}, zkproto.NoNode
	}
	if !p.allowed(&rec, perm) {
		return record{}, zkproto.NoAuth
	}
	return rec, zkproto.OK
}
