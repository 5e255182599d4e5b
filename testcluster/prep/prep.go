package prep

import (
	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Sessions is what Prep needs of the server that decides about sessions.
type Sessions interface {
	// Check is [zkproto.OK] or the reason why a write of the session is refused.
	Check(id zkproto.SessionID, owner int64) zkproto.Code
	// Opening is told of a session whose createSession has been decided.
	Opening(id zkproto.SessionID, timeout int32, owner int64)
	// Closing is told of a session whose closeSession has been decided.
	Closing(id zkproto.SessionID)
}

// Options are the settings that decide about writes.
type Options struct {
	Tree         znode.Options // the tree's own
	EnforceQuota bool          // enforceQuota
	Reconfig     bool          // reconfigEnabled
}

// Request is one write.
type Request struct {
	Session zkproto.SessionID
	// Owner is the link by which the request came; see lease.Owner.
	Owner int64
	Cxid  int32
	Op    zkproto.OpCode
	// Body is the request record. The transaction that comes of it shares its memory.
	Body []byte
	// IDs are the identities of the connection.
	IDs []zkproto.ID
}

// Prep turns requests into transactions. It is not safe for concurrent use, and the tree
// must not change during a call (the caller holds the tree's read lock).
type Prep struct {
	overlay  overlay
	sessions Sessions
	auth     *Auth
	opts     Options

	// Of the transaction being decided:
	req  *Request
	zxid zkproto.Zxid
	r    jute.Reader
}

// New returns a Prep without undecided transactions.
func New(tree *znode.Tree, sessions Sessions, auth *Auth, opts Options) *Prep {
	return &Prep{overlay: newOverlay(tree), sessions: sessions, auth: auth, opts: opts}
}

// Trim forgets what the tree has by now. The caller calls it now and then, with the tree
// unchanging as for Next.
func (p *Prep) Trim() { p.overlay.trim(p.overlay.tree.LastZxid()) }

// Pending is the number of records that the overlay has.
func (p *Prep) Pending() int { return len(p.overlay.changed) }

// Next decides a request. now is in milliseconds since 1970. What must be refused becomes a
// transaction of type [zkproto.OpError], except that a multi keeps its type and has errors
// in its body.
func (p *Prep) Next(req *Request, zxid zkproto.Zxid, now int64) txn.Txn {
	p.req, p.zxid = req, zxid
	x := txn.Txn{Header: txn.Header{Session: req.Session, Cxid: req.Cxid, Zxid: zxid, Time: now, Type: req.Op}}
	p.r.Reset(req.Body)
	var code zkproto.Code
	if req.Op == zkproto.OpMulti {
		x.Body, code = p.multi()
	} else {
		x.Type, x.Body, code = p.single()
	}
	if code != zkproto.OK {
		x.Type, x.Body = zkproto.OpError, &txn.Error{Code: code}
	}
	p.req = nil
	return x
}

// single decodes and decides every request but a multi.
func (p *Prep) single() (zkproto.OpCode, txn.Body, zkproto.Code) {
	op := p.req.Op
	switch op {
	case zkproto.OpCreateSession:
		return p.createSession()
	case zkproto.OpCloseSession:
		return p.closeSession()
	case zkproto.OpCreate, zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
		var q zkproto.CreateTTLRequest
		if !p.decodeCreate(&q) {
			return op, nil, zkproto.MarshallingError
		}
		return p.create(op, &q)
	case zkproto.OpSetData:
		var q zkproto.SetDataRequest
		if q.Decode(&p.r); p.r.Err() != nil {
			return op, nil, zkproto.MarshallingError
		}
		return p.setData(&q)
	case zkproto.OpDelete, zkproto.OpCheck:
		var q zkproto.PathVersionRequest
		if q.Decode(&p.r); p.r.Err() != nil {
			return op, nil, zkproto.MarshallingError
		}
		if op == zkproto.OpCheck { // exists inside a multi only
			return op, nil, zkproto.Unimplemented
		}
		return p.remove(&q)
	case zkproto.OpDeleteContainer:
		var q zkproto.PathRequest
		if q.Decode(&p.r); p.r.Err() != nil {
			return op, nil, zkproto.MarshallingError
		}
		return p.reap(q.Path)
	case zkproto.OpSetACL:
		var q zkproto.SetACLRequest
		if q.Decode(&p.r); p.r.Err() != nil {
			return op, nil, zkproto.MarshallingError
		}
		return p.setACL(&q)
	case zkproto.OpReconfig:
		if !p.opts.Reconfig {
			return op, nil, zkproto.ReconfigDisabled
		}
	}
	return op, nil, zkproto.Unimplemented
}

// openACL is the ACL that nearly every create has, and its bytes.
var (
	openACL      = zkproto.OpenACL()
	openACLBytes = string(zkproto.AppendACLs(nil, openACL))
)

// decodeCreate reads any of the four create requests. A request without a TTL gets -1, as
// Apache has it. An ACL that is open to everybody is not decoded but shared.
func (p *Prep) decodeCreate(q *zkproto.CreateTTLRequest) bool {
	q.Path = p.r.String()
	q.Data = p.r.Buffer()
	if p.r.Err() != nil {
		return false
	}
	if n := len(openACLBytes); p.r.Len() >= n && string(p.req.Body[p.r.Offset():][:n]) == openACLBytes {
		q.ACL = openACL
		p.r.Reset(p.req.Body[p.r.Offset()+n:])
	} else {
		q.ACL = zkproto.DecodeACLs(&p.r)
	}
	q.Mode = zkproto.CreateMode(p.r.Int())
	if q.TTL = -1; p.req.Op == zkproto.OpCreateTTL {
		q.TTL = p.r.Long()
	}
	return p.r.Err() == nil
}

// checkSession refuses a write of a session that is gone, closing, or attached elsewhere.
func (p *Prep) checkSession() zkproto.Code {
	return p.sessions.Check(p.req.Session, p.req.Owner)
}

func (p *Prep) kind(rec *record) znode.Kind { return p.opts.Tree.KindOf(rec.owner) }

func (p *Prep) allowed(rec *record, perm zkproto.Perms) bool {
	return p.auth.Allowed(rec.acl, perm, p.req.IDs)
}
