package prep

import (
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// createSession has the negotiated timeout as its body.
func (p *Prep) createSession() (zkproto.OpCode, txn.Body, zkproto.Code) {
	const op = zkproto.OpCreateSession
	timeout := p.r.Int()
	if p.r.Err() != nil {
		return op, nil, zkproto.MarshallingError
	}
	p.sessions.Opening(p.req.Session, timeout, p.req.Owner)
	return op, &txn.CreateSession{Timeout: timeout}, zkproto.OK
}

// closeSession does not ask whether the session is there or whose it is: expiry closes
// sessions too, and a second close does no harm.
func (p *Prep) closeSession() (zkproto.OpCode, txn.Body, zkproto.Code) {
	paths := p.overlay.ephemerals(p.req.Session)
	for _, path := range paths {
		p.gone(path)
	}
	p.sessions.Closing(p.req.Session)
	return zkproto.OpCloseSession, &txn.CloseSession{Paths: paths}, zkproto.OK
}
