package znode

import (
	"cmp"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// Event is what watches are to be told, in Apache's order: what happened to a node, then childrenChanged of its parent.
type Event struct {
	Type zkproto.EventType
	Path string
	ACL  []zkproto.ACL // who may read this may be told; shared, never changes
}

// Result is what the reply to a transaction's request needs.
type Result struct {
	// Err is the code of an error transaction, or of one that could not be applied as a whole, which happens in replay
	// only. It is OK for a multi: its results have their own.
	Err   zkproto.Code
	Path  string
	Stat  zkproto.Stat // of create, createContainer, createTTL, setData, reconfig and setACL
	Multi []zkproto.MultiResult
}

// Apply carries out a transaction and appends what watches are to be told to events. It keeps nothing of x's data.
// Sessions are not the tree's: createSession changes nothing, closeSession removes the session's ephemeral nodes.
// Source: DataTree.processTxn.
func (t *Tree) Apply(x *txn.Txn, events []Event) (Result, []Event) {
	var res Result
	switch body := x.Body.(type) {
	case *txn.Multi:
		res.Multi, events = t.applyMulti(&x.Header, body, events)
	default:
		res, events = t.applyOne(&x.Header, x.Type, body, events)
	}
	t.lastZxid = max(t.lastZxid, x.Zxid)
	t.compact()
	return res, events
}

// applyOne carries out a transaction or one operation of a multi.
func (t *Tree) applyOne(h *txn.Header, op zkproto.OpCode, body txn.Body, events []Event) (Result, []Event) {
	switch b := body.(type) {
	case *txn.Create:
		owner := int64(0)
		if b.Ephemeral {
			owner = int64(h.Session)
		}
		return t.applyCreate(h, &creation{b.Path, b.Data, b.ACL, owner, b.ParentCversion}, events)
	case *txn.CreateContainer:
		return t.applyCreate(h, &creation{b.Path, b.Data, b.ACL, ContainerOwner, b.ParentCversion}, events)
	case *txn.CreateTTL:
		if b.TTL <= 0 || b.TTL > zkproto.MaxTTL {
			return Result{Err: zkproto.BadArguments, Path: b.Path}, events
		}
		return t.applyCreate(h, &creation{b.Path, b.Data, b.ACL, TTLOwner(b.TTL), b.ParentCversion}, events)
	case *txn.Delete:
		return t.applyDelete(h, b.Path, events)
	case *txn.SetData:
		return t.applySetData(h, b, events)
	case *txn.SetACL:
		return t.applySetACL(b), events
	case *txn.Check:
		return Result{Path: b.Path}, events
	case *txn.CloseSession:
		return Result{}, t.applyCloseSession(h, b.Paths, events)
	case *txn.Error:
		return Result{Err: b.Code}, events
	}
	return Result{}, events // createSession
}

// applyMulti carries out all operations, or none where one is an error. Then the results are errors: OK before the
// first that failed, its own code, and after it RuntimeInconsistency unless it has a code itself.
func (t *Tree) applyMulti(h *txn.Header, m *txn.Multi, events []Event) ([]zkproto.MultiResult, []Event) {
	results := make([]zkproto.MultiResult, 0, len(m.Subs))
	if m.Failed() {
		code := zkproto.OK
		for _, s := range m.Subs {
			err := code
			if e, ok := s.Body.(*txn.Error); ok {
				err, code = e.Code, zkproto.RuntimeInconsistency
			}
			results = append(results, zkproto.MultiResult{Op: zkproto.OpError, Err: err})
		}
		return results, events
	}
	for _, s := range m.Subs {
		var res Result
		res, events = t.applyOne(h, s.Type, s.Body, events)
		results = append(results, multiResult(cmp.Or(s.Asked, s.Type), &res))
	}
	return results, events
}

// multiResult is the result of one operation as the reply to a multi has it.
func multiResult(op zkproto.OpCode, res *Result) zkproto.MultiResult {
	if res.Err != zkproto.OK {
		return zkproto.MultiResult{Op: zkproto.OpError, Err: res.Err}
	}
	switch op {
	case zkproto.OpCreate:
		return zkproto.MultiResult{Op: op, Path: res.Path}
	case zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
		return zkproto.MultiResult{Op: zkproto.OpCreate2, Path: res.Path, Stat: res.Stat}
	case zkproto.OpSetData:
		return zkproto.MultiResult{Op: op, Stat: res.Stat}
	case zkproto.OpDeleteContainer:
		return zkproto.MultiResult{Op: zkproto.OpDelete}
	}
	return zkproto.MultiResult{Op: op}
}

// applySetData sets data and version as they stand in the transaction. Source: DataTree.setData.
func (t *Tree) applySetData(h *txn.Header, b *txn.SetData, events []Event) (Result, []Event) {
	i := t.find(b.Path)
	if i == none {
		return Result{Err: zkproto.NoNode, Path: b.Path}, events
	}
	t.setData(i, b.Path, b.Data, b.Version, h.Zxid, h.Time)
	events = append(events, Event{zkproto.EventNodeDataChanged, b.Path, t.ACL(Node{i})})
	return Result{Path: b.Path, Stat: t.Stat(Node{i})}, events
}

func (t *Tree) setData(i uint32, path string, data []byte, version int32, zxid zkproto.Zxid, time int64) {
	n := t.nodes.at(i)
	before := int64(max(n.dataLen, 0))
	n.mzxid, n.mtime, n.version = int64(zxid), time, version
	t.replace(i, data)
	t.resum(i, path)
	grown := int64(len(data)) - before
	t.dataSize += grown
	t.charge(path, grown, 0)
}

// applySetACL changes the list and aclVersion alone. Source: DataTree.setACL.
func (t *Tree) applySetACL(b *txn.SetACL) Result {
	i := t.find(b.Path)
	if i == none {
		return Result{Err: zkproto.NoNode, Path: b.Path}
	}
	t.setACL(i, t.acls.intern(b.ACL))
	t.nodes.at(i).aversion = b.Version
	t.resum(i, b.Path)
	return Result{Path: b.Path, Stat: t.Stat(Node{i})}
}

// setACL gives a node another slot of the ACL table, whose reference is already counted.
func (t *Tree) setACL(i, slot uint32) {
	n := t.nodes.at(i)
	t.acls.release(n.acl)
	n.acl = slot
}
