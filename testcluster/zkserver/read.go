package zkserver

import (
	"strings"
	"unsafe"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// read serves one request that changes nothing. The tree's read lock and the connection's
// lock are held, and stay so from the look at the tree to the reply in the buffer.
// Source: FinalRequestProcessor.
func (c *conn) read(frame []byte) {
	var h zkproto.RequestHeader
	r := &c.reader
	r.Reset(frame)
	h.Decode(r)
	zxid := c.s.tree.LastZxid()
	c.stats.note(h.Op, h.Xid, zxid)
	at := c.begin(h.Xid, zxid, zkproto.OK)
	if h.Op == zkproto.OpSetWatches || h.Op == zkproto.OpSetWatches2 {
		// Its events come before its reply.
		c.out = c.out[:at]
		code := c.setWatches(h.Op, r)
		c.reply(h.Xid, zxid, code)
		return
	}
	code := c.serveRead(h.Op, r)
	if r.Err() != nil {
		code = zkproto.MarshallingError
	}
	if code != zkproto.OK {
		c.out = zkproto.ReplyHeader{Xid: h.Xid, Zxid: zxid, Err: code}.AppendTo(c.out[:at+4])
	}
	c.end(at)
}

// serveRead appends the body of the reply, or returns an error code.
func (c *conn) serveRead(op zkproto.OpCode, r *jute.Reader) zkproto.Code {
	switch op {
	case zkproto.OpGetData:
		path, watch := pathAndWatch(r)
		return c.getData(path, watch)
	case zkproto.OpExists:
		path, watch := pathAndWatch(r)
		return c.exists(path, watch)
	case zkproto.OpGetChildren, zkproto.OpGetChildren2:
		path, watch := pathAndWatch(r)
		return c.getChildren(path, watch, op == zkproto.OpGetChildren2)
	case zkproto.OpGetACL:
		return c.getACL(view(r.Buffer()))
	case zkproto.OpSync:
		c.out = jute.AppendBuffer(c.out, r.Buffer())
	case zkproto.OpMultiRead:
		return c.multiRead(r)
	case zkproto.OpGetEphemerals:
		return c.getEphemerals(r.String())
	case zkproto.OpGetAllChildrenNumber:
		return c.countDescendants(view(r.Buffer()))
	case zkproto.OpWhoAmI:
		c.whoAmI()
	default:
		return c.serveWatch(op, r)
	}
	return zkproto.OK
}

// pathAndWatch reads the body of the four reads that may set a watch. The path is the
// frame's memory.
func pathAndWatch(r *jute.Reader) (path string, watch bool) {
	b := r.Buffer()
	return view(b), r.Bool()
}

// view is b as a string, without a copy: for look-ups that keep nothing.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// find looks a path up. Apache has the root under "" too.
func (c *conn) find(path string) (znode.Node, bool) {
	if path == "" {
		path = "/"
	}
	return c.s.tree.Find(path)
}

// readable looks up a node that the client must be allowed to read.
func (c *conn) readable(path string, perms zkproto.Perms) (znode.Node, zkproto.Code) {
	n, ok := c.find(path)
	switch {
	case !ok:
		return n, zkproto.NoNode
	case !c.s.auth.Allowed(c.s.tree.ACL(n), perms, c.ids):
		return n, zkproto.NoAuth
	}
	return n, zkproto.OK
}

func (c *conn) getData(path string, watch bool) zkproto.Code {
	n, code := c.readable(path, zkproto.PermRead)
	if code != zkproto.OK {
		return code
	}
	if watch {
		c.s.watches.watchData(c, strings.Clone(path))
	}
	c.out = jute.AppendBuffer(c.out, c.s.tree.Data(n))
	c.appendStat(n)
	return zkproto.OK
}

func (c *conn) appendStat(n znode.Node) {
	st := c.s.tree.Stat(n)
	c.out = st.AppendTo(c.out)
}

// exists watches also what is not there.
func (c *conn) exists(path string, watch bool) zkproto.Code {
	if strings.IndexByte(path, 0) >= 0 {
		return zkproto.BadArguments
	}
	n, code := c.readable(path, zkproto.PermRead)
	if code == zkproto.NoAuth {
		return code
	}
	if watch {
		c.s.watches.watchData(c, strings.Clone(path))
	}
	if code == zkproto.OK {
		c.appendStat(n)
	}
	return code
}

func (c *conn) getChildren(path string, watch, withStat bool) zkproto.Code {
	n, code := c.readable(path, zkproto.PermRead)
	if code != zkproto.OK {
		return code
	}
	if watch {
		c.s.watches.watchChildren(c, strings.Clone(path))
	}
	c.appendChildren(n)
	if withStat {
		c.appendStat(n)
	}
	return zkproto.OK
}

func (c *conn) appendChildren(n znode.Node) {
	c.out = jute.AppendInt(c.out, int32(c.s.tree.NumChildren(n)))
	for name := range c.s.tree.Children(n) {
		c.out = jute.AppendBuffer(c.out, name)
	}
}

// getACL shows who may not change the list only whose entries there are, not their hashes.
func (c *conn) getACL(path string) zkproto.Code {
	n, code := c.readable(path, zkproto.PermRead|zkproto.PermAdmin)
	if code != zkproto.OK {
		return code
	}
	acl := c.s.tree.ACL(n)
	if !c.s.auth.Allowed(acl, zkproto.PermAdmin, c.ids) {
		acl = append([]zkproto.ACL(nil), acl...)
		for i := range acl {
			if user, _, ok := strings.Cut(acl[i].ID.ID, ":"); ok && acl[i].Scheme == "digest" {
				acl[i].ID.ID = user + ":x"
			}
		}
	}
	c.out = zkproto.AppendACLs(c.out, acl)
	c.appendStat(n)
	return zkproto.OK
}

func (c *conn) getEphemerals(prefix string) zkproto.Code {
	// As Java's trim has it, control characters are blank too.
	if t := strings.TrimFunc(prefix, func(r rune) bool { return r <= ' ' }); t == "/" || t == "" {
		prefix = ""
	}
	paths := []string{}
	for _, path := range c.s.tree.Ephemerals(c.session) {
		if strings.HasPrefix(path, prefix) {
			paths = append(paths, path)
		}
	}
	c.out = jute.AppendStrings(c.out, paths)
	return zkproto.OK
}

func (c *conn) countDescendants(path string) zkproto.Code {
	if _, code := c.readable(path, zkproto.PermRead); code != zkproto.OK {
		return code
	}
	c.out = jute.AppendInt(c.out, int32(c.s.tree.Descendants(path)))
	return zkproto.OK
}

// whoAmI lists the identities; of a digest only the user.
func (c *conn) whoAmI() {
	var w zkproto.WhoAmIResponse
	for _, id := range c.ids {
		info := zkproto.ClientInfo{Scheme: id.Scheme, User: id.ID}
		if id.Scheme == "digest" {
			info.User, _, _ = strings.Cut(id.ID, ":")
		}
		w.Infos = append(w.Infos, info)
	}
	c.out = w.AppendTo(c.out)
}

// multiRead answers each operation for itself; watches cannot be set. It fails when the reply
// grows beyond what may be unsent: a small request must not make the server hold gigabytes.
func (c *conn) multiRead(r *jute.Reader) zkproto.Code {
	var q zkproto.MultiRequest
	if q.Decode(r); r.Err() != nil {
		return zkproto.MarshallingError
	}
	begun := len(c.out)
	for i := range q.Ops {
		op := q.Ops[i].Op
		read, ok := q.Ops[i].Req.(*zkproto.PathWatchRequest)
		if !ok {
			return zkproto.MarshallingError
		}
		n, code := c.readable(read.Path, zkproto.PermRead)
		if code != zkproto.OK {
			c.out = zkproto.MultiHeader{Op: zkproto.OpError, Err: code}.AppendTo(c.out)
			c.out = jute.AppendInt(c.out, int32(code))
			continue
		}
		c.out = zkproto.MultiHeader{Op: op}.AppendTo(c.out)
		if op == zkproto.OpGetData {
			c.out = jute.AppendBuffer(c.out, c.s.tree.Data(n))
			c.appendStat(n)
		} else {
			c.appendChildren(n)
		}
		if len(c.out)-begun > c.s.cfg.MaxOutbound {
			c.s.log.Warn("refused a multiRead whose reply is too large", "client", c.nc.RemoteAddr(), "operations", len(q.Ops))
			return zkproto.SystemError
		}
	}
	c.out = zkproto.MultiHeader{Op: zkproto.OpError, Done: true, Err: -1}.AppendTo(c.out)
	return zkproto.OK
}
