package zkserver

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// headerLen is the length of a request header.
const headerLen = 8

// request handles one frame. The connection's lock is held.
func (g *chunk) request(frame []byte) error {
	c := g.c
	c.stats.receiving(4 + len(frame))
	if len(frame) < headerLen {
		return fmt.Errorf("request of %d bytes: the header alone has %d", len(frame), headerLen)
	}
	xid := int32(binary.BigEndian.Uint32(frame))
	op := zkproto.OpCode(binary.BigEndian.Uint32(frame[4:]))
	if c.s.cfg.RequireAuth != nil && op != zkproto.OpAuth && op != zkproto.OpSASL && !c.authenticated() {
		c.s.log.Warn("turned away a client that has not authenticated", "client", c.nc.RemoteAddr(), "op", op, "wanted", c.s.cfg.RequireAuth)
		c.refuse(xid, 0, zkproto.SessionClosedRequireSASLAuth)
		return nil
	}
	switch op {
	case zkproto.OpPing:
		c.stats.note(op, xid, c.s.zxid())
		c.reply(zkproto.XidPing, c.s.zxid(), zkproto.OK)
	case zkproto.OpAuth:
		c.login(xid, frame[headerLen:])
	case zkproto.OpSASL:
		c.authenticate(xid, frame[headerLen:])
	case zkproto.OpCreate, zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL, zkproto.OpDelete,
		zkproto.OpSetData, zkproto.OpSetACL, zkproto.OpMulti, zkproto.OpReconfig, zkproto.OpCloseSession:
		c.propose(xid, op, frame[headerLen:])
	case zkproto.OpSync:
		if c.term == nil {
			return g.read(frame)
		}
		c.syncs++
		c.propose(xid, op, frame[headerLen:])
	case zkproto.OpExists, zkproto.OpGetData, zkproto.OpGetACL, zkproto.OpGetChildren, zkproto.OpGetChildren2,
		zkproto.OpMultiRead, zkproto.OpGetEphemerals, zkproto.OpGetAllChildrenNumber,
		zkproto.OpSetWatches, zkproto.OpSetWatches2, zkproto.OpAddWatch, zkproto.OpRemoveWatches,
		zkproto.OpCheckWatches, zkproto.OpWhoAmI:
		return g.read(frame)
	default:
		c.s.log.Warn("refused an operation that does not exist", "client", c.nc.RemoteAddr(), "op", op)
		c.refuse(xid, -1, zkproto.Unimplemented)
	}
	return nil
}

// read serves a read, or has it wait behind the connection's unanswered writes.
func (g *chunk) read(frame []byte) error {
	c := g.c
	if c.answered < c.submitted || len(c.queue) > 0 {
		c.queue = append(c.queue, queued{c.submitted, c.arrived, append([]byte(nil), frame...)})
		return nil
	}
	g.lockTree()
	c.read(frame)
	return nil
}

// overtakes says whether a request could be answered before a sync that came earlier: a write
// may be committed before a quorum has confirmed who leads.
func (g *chunk) overtakes(frame []byte) bool {
	if len(frame) < headerLen {
		return false
	}
	switch zkproto.OpCode(binary.BigEndian.Uint32(frame[4:])) {
	case zkproto.OpCreate, zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL, zkproto.OpDelete,
		zkproto.OpSetData, zkproto.OpSetACL, zkproto.OpMulti, zkproto.OpReconfig, zkproto.OpCloseSession:
		return true
	}
	return false
}

// refuse answers with an error and closes the connection behind it.
func (c *conn) refuse(xid int32, zxid zkproto.Zxid, code zkproto.Code) {
	c.reply(xid, zxid, code)
	c.hangup = true
}

// authenticated says whether the client has an identity of a scheme that is demanded.
// Source: AuthenticationHelper.
func (c *conn) authenticated() bool {
	return slices.ContainsFunc(c.ids, func(id zkproto.ID) bool { return slices.Contains(c.s.cfg.RequireAuth, id.Scheme) })
}

// login adds identities to the connection. Writes that are under way keep the list they
// were sent with.
func (c *conn) login(xid int32, body []byte) {
	var q zkproto.AuthRequest
	if err := zkproto.Decode(body, &q); err != nil {
		c.refuse(xid, 0, zkproto.AuthFailed)
		return
	}
	ids, ok := c.s.auth.Login(q.Scheme, c.peer, q.Auth)
	if !ok {
		c.s.log.Warn("authentication failed", "client", c.nc.RemoteAddr(), "session", c.session, "scheme", q.Scheme)
		c.s.authFailures.Add(1)
		c.refuse(xid, 0, zkproto.AuthFailed)
		return
	}
	c.addIDs(ids)
	c.reply(xid, 0, zkproto.OK)
}

// addIDs makes a new list of identities, since writes under way share the old one.
func (c *conn) addIDs(ids []zkproto.ID) {
	all := slices.Clone(c.ids)
	for _, id := range ids {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	c.ids = all
}

// propose puts a write into the chunk's batch.
func (c *conn) propose(xid int32, op zkproto.OpCode, body []byte) {
	w := c.s.newWrite(c, xid, op)
	w.body = append(w.body[:0], body...)
	w.ids = c.ids
	w.arrived = c.arrived
	c.submitted++
	c.batch = append(c.batch, w)
}

// drainQueue serves the reads whose turn has come. The caller holds the tree's read lock.
func (c *conn) drainQueue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.queue) && c.queue[n].after <= c.answered && !c.hangup {
		c.read(c.queue[n].frame)
		c.stats.answerReads(c.s, c.queue[n].arrived)
		c.queue[n] = queued{}
		n++
	}
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil
	}
}
