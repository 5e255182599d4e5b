package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
)

// resolve decodes what was decided elsewhere, and puts in its place the write of the client
// of this server that waits for it, if there is one.
func (a *applier) resolve(ws []*write) error {
	for i, w := range ws {
		if w.raw == nil {
			continue
		}
		x, err := txn.Decode(w.raw)
		if err == nil && x.Zxid != w.x.Zxid {
			err = fmt.Errorf("transaction %v has the zxid %v inside", w.x.Zxid, x.Zxid)
		}
		if err != nil {
			return fmt.Errorf("apply a committed transaction: %w", err)
		}
		if c := a.s.sessions.attached(x.Session); c != nil {
			if own := c.takePending(&x.Header); own != nil {
				ws[i], w = own, own
				restoreAsked(&x, own)
			}
		}
		w.x = x
	}
	return nil
}

// takePending returns the connection's oldest unanswered forwarded write if the transaction
// came of it. One that nobody waits for belongs to an earlier connection of the session, here
// or elsewhere, whose client may have used the same number.
func (c *conn) takePending(h *txn.Header) *write {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 || c.pending[0].xid != h.Cxid || h.Zxid <= c.floor || !comesOf(h.Type, c.pending[0].op) {
		return nil
	}
	w := c.pending[0]
	c.pending[0] = nil
	if c.pending = c.pending[1:]; len(c.pending) == 0 {
		c.pending = nil
	}
	return w
}

// comesOf says whether a transaction's type is one that a request can lead to.
func comesOf(typ, op zkproto.OpCode) bool {
	return typ == op || typ == zkproto.OpError || creates(typ) && creates(op)
}

func creates(op zkproto.OpCode) bool {
	switch op {
	case zkproto.OpCreate, zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
		return true
	}
	return false
}

// restoreAsked tells the operations of a multi that the client asked for, where the
// transaction has another one in their place: create2 is answered with a stat.
func restoreAsked(x *txn.Txn, w *write) {
	m, ok := x.Body.(*txn.Multi)
	if !ok || w.op != zkproto.OpMulti {
		return
	}
	var q zkproto.MultiRequest
	if err := zkproto.Decode(w.body, &q); err != nil || len(q.Ops) != len(m.Subs) {
		return
	}
	for i := range m.Subs {
		if m.Subs[i].Type == zkproto.OpCreate && q.Ops[i].Op != zkproto.OpCreate {
			m.Subs[i].Asked = zkproto.OpCreate2
		}
	}
}

// synced answers a sync of which everything is in the tree that it had to wait for. The
// tree's lock is held.
func (a *applier) synced(w *write) {
	if w.link != 0 {
		a.syncs = append(a.syncs, w.link)
		return
	}
	c := w.c
	a.kick(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered++
	c.syncs--
	zxid := a.s.tree.LastZxid()
	r := jute.NewReader(w.body)
	path := r.Buffer()
	if r.Err() != nil {
		c.reply(w.xid, zxid, zkproto.MarshallingError)
	} else {
		at := c.begin(w.xid, zxid, zkproto.OK)
		c.out = jute.AppendBuffer(c.out, path)
		c.end(at)
	}
	a.answered(c, w, zxid, aRead)
}
