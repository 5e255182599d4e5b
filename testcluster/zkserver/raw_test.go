package zkserver

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// rawConn is a client that sends what it is told, right or wrong.
type rawConn struct {
	t       testing.TB
	nc      net.Conn
	session zkproto.ConnectResponse
	xid     int32
}

// rawOpen only opens the socket.
func rawOpen(t testing.TB, s *Server) *rawConn {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &rawConn{t: t, nc: nc}
}

// rawDial has a new session.
func rawDial(t testing.TB, s *Server) *rawConn {
	t.Helper()
	c := rawOpen(t, s)
	c.connect(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)})
	if c.session.SessionID == 0 {
		t.Fatal("no session")
	}
	return c
}

// connect sends a handshake and reads the answer.
func (c *rawConn) connect(q *zkproto.ConnectRequest) {
	c.t.Helper()
	c.send(zkproto.Encode(q))
	frame := c.frame()
	if err := zkproto.Decode(frame, &c.session); err != nil {
		c.t.Fatal(err)
	}
}

// tryConnect asks for a session and says whether there is one.
func (c *rawConn) tryConnect() bool {
	q := zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)})
	if _, err := c.nc.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(q))), q...)); err != nil {
		return false
	}
	frame, err := c.tryFrame()
	return err == nil && zkproto.Decode(frame, &c.session) == nil && c.session.SessionID != 0
}

func (c *rawConn) send(frame []byte) {
	c.t.Helper()
	c.raw(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
}

func (c *rawConn) raw(b []byte) {
	c.t.Helper()
	if _, err := c.nc.Write(b); err != nil {
		c.t.Error(err) // not Fatal: a test may send from a goroutine of its own
	}
}

// request sends a request without waiting and returns its xid.
func (c *rawConn) request(op zkproto.OpCode, rec zkproto.Record) int32 {
	c.t.Helper()
	c.xid++
	b := zkproto.RequestHeader{Xid: c.xid, Op: op}.AppendTo(nil)
	if rec != nil {
		b = rec.AppendTo(b)
	}
	c.send(b)
	return c.xid
}

// frame reads a frame.
func (c *rawConn) frame() []byte {
	c.t.Helper()
	b, err := c.tryFrame()
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *rawConn) tryFrame() ([]byte, error) {
	c.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	var head [4]byte
	if _, err := io.ReadFull(c.nc, head[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(c.nc, b)
	return b, err
}

// reply reads a frame as a reply or event.
func (c *rawConn) reply() (zkproto.ReplyHeader, []byte) {
	c.t.Helper()
	var h zkproto.ReplyHeader
	r := jute.NewReader(c.frame())
	h.Decode(r)
	body := r.Rest()
	if r.Err() != nil {
		c.t.Fatal(r.Err())
	}
	return h, body
}

// call waits for the answer and checks its xid.
func (c *rawConn) call(op zkproto.OpCode, rec zkproto.Record) (zkproto.ReplyHeader, []byte) {
	c.t.Helper()
	xid := c.request(op, rec)
	h, body := c.reply()
	if h.Xid != xid {
		c.t.Fatalf("%v: reply has xid %d, want %d", op, h.Xid, xid)
	}
	return h, body
}

// closed waits until the server has closed the connection.
func (c *rawConn) closed() {
	c.t.Helper()
	b, err := c.tryFrame()
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatalf("the connection is open: read %x, %v", b, err)
	}
}
