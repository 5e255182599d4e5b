package zkclient

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// maxHandshake bounds the answer to a ConnectRequest, which has 36 or 37 bytes.
const maxHandshake = 1024

// HandshakeError is an address where something answered, but not as a server that takes the
// session does.
type HandshakeError struct {
	Reason string
	Err    error // nil or the cause
	// HungUp: the server closed the connection instead of an answer, as one does that is in an election.
	HungUp bool
}

func (e *HandshakeError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + reason(e.Err)
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// handshake asks for a session on a new connection. A timeout of 0 in the response says that
// the session is gone; that is no error here.
func handshake(conn net.Conn, req *zkproto.ConnectRequest, timeout time.Duration) (*zkproto.ConnectResponse, error) {
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	frame := req.AppendTo(make([]byte, 4, 64))
	jute.PutInt(frame, int32(len(frame)-4))
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, noAnswer(err, req)
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	if n < 0 || n > maxHandshake {
		return nil, &HandshakeError{Reason: fmt.Sprintf("not a ZooKeeper server: it answers %q", head[:])}
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, noAnswer(err, req)
	}
	resp := new(zkproto.ConnectResponse)
	// A read-only server that cannot have sessions answers with the header of a reply.
	if n == zkproto.ReplyHeaderLen {
		return nil, &HandshakeError{Reason: "the server is read-only and has no local sessions"}
	}
	if err := zkproto.Decode(body, resp); err != nil {
		return nil, &HandshakeError{Reason: "its answer to the handshake is malformed", Err: err}
	}
	// A server may hang up behind an answer that refuses the session. The answer counts all the same: a connection
	// that is gone says so at the next read.
	_ = conn.SetDeadline(time.Time{})
	return resp, nil
}

// noAnswer puts words to a connection that was closed during the handshake: servers say no so.
func noAnswer(err error, req *zkproto.ConnectRequest) error {
	if !isHangUp(err) {
		return err
	}
	why := "it is not serving (no quorum?), or has too many connections"
	if req.LastZxidSeen > 0 {
		why += fmt.Sprintf(", or is behind this client's zxid %s", req.LastZxidSeen)
	}
	return &HandshakeError{Reason: "closed the connection during the handshake: " + why, HungUp: true}
}
