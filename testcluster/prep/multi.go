package prep

import (
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// multi decides the operations one after another, each against what those before it leave.
// When one is refused the others are undone: those after it are not looked at.
func (p *Prep) multi() (txn.Body, zkproto.Code) {
	var q zkproto.MultiRequest
	if q.Decode(&p.r); p.r.Err() != nil {
		return nil, zkproto.MarshallingError
	}
	m := &txn.Multi{Subs: make([]txn.Sub, 0, len(q.Ops))}
	mark, failed := p.overlay.mark(), false
	for _, sub := range q.Ops {
		if failed {
			m.Subs = append(m.Subs, errorSub(zkproto.RuntimeInconsistency))
			continue
		}
		op, body, code := p.sub(sub)
		if code != zkproto.OK {
			failed = true
			p.overlay.rollback(mark)
			m.Subs = append(m.Subs, errorSub(code))
			continue
		}
		decided := txn.Sub{Type: op, Body: body}
		if op == zkproto.OpCreate2 {
			decided.Type, decided.Asked = zkproto.OpCreate, op
		}
		m.Subs = append(m.Subs, decided)
	}
	return m, zkproto.OK
}

func errorSub(code zkproto.Code) txn.Sub {
	return txn.Sub{Type: zkproto.OpError, Body: &txn.Error{Code: code}}
}

// sub decides one operation of a multi.
func (p *Prep) sub(sub zkproto.MultiOp) (zkproto.OpCode, txn.Body, zkproto.Code) {
	switch q := sub.Req.(type) {
	case *zkproto.CreateRequest:
		return p.create(sub.Op, &zkproto.CreateTTLRequest{CreateRequest: *q, TTL: -1})
	case *zkproto.CreateTTLRequest:
		return p.create(sub.Op, q)
	case *zkproto.SetDataRequest:
		return p.setData(q)
	case *zkproto.PathVersionRequest:
		if sub.Op == zkproto.OpCheck {
			return p.check(q)
		}
		return p.remove(q)
	}
	// A multi may hold reads on the wire, but then it is a multiRead.
	return sub.Op, nil, zkproto.MarshallingError
}
