package zkserver

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Output is collected in conn.out, under the connection's lock, and written by one goroutine
// at a time: conn.flushing says that somebody is at it and will also take what comes later.

const (
	// maxPooled bounds the buffers that are kept for the next connection with output.
	maxPooled = 256 << 10
)

// begin starts a reply and returns where. The length comes with end.
func (c *conn) begin(xid int32, zxid zkproto.Zxid, code zkproto.Code) int {
	if c.out == nil {
		c.out = c.s.takeBuffer()
	}
	at := len(c.out)
	c.out = jute.AppendInt(c.out, 0)
	c.out = zkproto.ReplyHeader{Xid: xid, Zxid: zxid, Err: code}.AppendTo(c.out)
	return at
}

func (c *conn) end(at int) {
	size := len(c.out) - at - 4
	jute.PutInt(c.out[at:], int32(size))
	c.stats.sending(size)
}

// reply is begin and end, for a reply without a body.
func (c *conn) reply(xid int32, zxid zkproto.Zxid, code zkproto.Code) {
	c.end(c.begin(xid, zxid, code))
}

// event appends a notification, if the client may read what it is about. zxid is -1 where
// the event makes up for a change that the client missed.
func (c *conn) event(e *znode.Event, zxid zkproto.Zxid) {
	if !c.s.auth.Allowed(e.ACL, zkproto.PermRead, c.ids) {
		return
	}
	at := c.begin(zkproto.XidNotification, zxid, zkproto.OK)
	w := zkproto.WatcherEvent{Type: e.Type, State: zkproto.StateSyncConnected, Path: e.Path}
	c.out = w.AppendTo(c.out)
	c.end(at)
	c.unasked += len(c.out) - at
}

// flush writes what there is, unless somebody is at it.
func (c *conn) flush() {
	c.mu.Lock()
	if c.flushing || c.closed || len(c.out) == 0 && !c.hangup {
		c.mu.Unlock()
		return
	}
	c.flushing = true
	c.mu.Unlock()
	c.write()
}

// kick has a goroutine of its own write what there is. For output that does not come from
// the connection's goroutine: the applier must not wait for sockets. The connection waits
// for that goroutine before it ends.
func (c *conn) kick() {
	c.mu.Lock()
	stuck := c.flushing && c.hangup
	if c.unasked > c.s.cfg.MaxOutbound {
		c.out = nil
		c.overflow = true
	}
	if !c.flushing && !c.closed && (len(c.out) > 0 || c.hangup || c.overflow) {
		c.flushing = true
		go c.write()
	}
	overflow := c.overflow
	c.wake.Broadcast()
	c.mu.Unlock()
	switch {
	case overflow:
		_ = c.nc.Close()
	case stuck: // whoever is writing may wait for a client that does not read
		_ = c.nc.SetWriteDeadline(time.Now().Add(lastWords))
	}
}

// write writes until nothing is left. The caller has set flushing, which write clears.
func (c *conn) write() {
	c.mu.Lock()
	for len(c.out) > 0 && !c.closed {
		b := c.out
		c.out, c.unasked = nil, 0
		c.mu.Unlock()
		_, err := c.nc.Write(b)
		c.s.giveBuffer(b)
		c.mu.Lock()
		c.wake.Broadcast()
		if err != nil {
			c.hangup = true
			break
		}
	}
	c.flushing = false
	hangup := c.hangup || c.overflow
	c.wake.Broadcast()
	c.mu.Unlock()
	if hangup {
		// The connection's goroutine sees its read fail and ends.
		_ = c.nc.Close()
	}
}

func (s *Server) takeBuffer() []byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 2048)
}

func (s *Server) giveBuffer(b []byte) {
	if cap(b) <= maxPooled {
		s.buffers.Put(&b)
	}
}
