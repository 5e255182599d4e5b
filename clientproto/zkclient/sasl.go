package zkclient

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// SASLMechanism is the client's side of one exchange. [DigestMD5] is one; others, such as
// GSSAPI, can be brought along.
type SASLMechanism interface {
	// Step answers a challenge of the server. The first call has none, and returns what the
	// mechanism begins with, which may be empty. The exchange is over when done is true; the
	// response is not sent then. An error says that the server is not to be trusted, or the
	// mechanism cannot go on.
	Step(challenge []byte) (response []byte, done bool, err error)
}

// maxToken bounds what the server may say in one step.
const maxToken = 1 << 20

// authenticate runs the exchange on a new connection, before its writer and reader begin.
func (c *Client) authenticate(l *link, m SASLMechanism) error {
	if err := l.conn.SetDeadline(time.Now().Add(l.readTimeout())); err != nil {
		return err
	}
	var challenge []byte
	for {
		response, done, err := m.Step(challenge)
		if err != nil {
			return fmt.Errorf("%w: SASL with %s: %w", zkproto.AuthFailed, l.addr, err)
		}
		if done {
			c.events.post(c.cfg.OnEvent, zkproto.WatchedEvent{Type: zkproto.EventNone, State: zkproto.StateSaslAuthenticated})
			return l.conn.SetDeadline(time.Time{})
		}
		if challenge, err = c.exchangeToken(l, response); err != nil {
			return err
		}
	}
}

func (c *Client) exchangeToken(l *link, token []byte) ([]byte, error) {
	c.mu.Lock()
	xid := c.nextXidLocked()
	c.mu.Unlock()
	if token == nil {
		token = []byte{}
	}
	frame := zkproto.RequestHeader{Xid: xid, Op: zkproto.OpSASL}.AppendTo(make([]byte, 4, 256))
	frame = (&zkproto.TokenRecord{Token: token}).AppendTo(frame)
	jute.PutInt(frame, int32(len(frame)-4))
	if _, err := l.conn.Write(frame); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(l.conn, head[:]); err != nil {
		return nil, err
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	if n < 0 || n > maxToken {
		return nil, &ProtocolError{fmt.Sprintf("a frame of %d bytes during SASL", n)}
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(l.conn, body); err != nil {
		return nil, err
	}
	r := jute.NewReader(body)
	var h zkproto.ReplyHeader
	h.Decode(r)
	if r.Err() == nil && h.Err != zkproto.OK {
		return nil, fmt.Errorf("%w: %s refuses SASL: %w", zkproto.AuthFailed, l.addr, h.Err)
	}
	var answer zkproto.TokenRecord
	answer.Decode(r)
	if err := r.Done(); err != nil || h.Xid != xid {
		return nil, &ProtocolError{fmt.Sprintf("reply to sasl: xid %d where %d was due, %v", h.Xid, xid, err)}
	}
	if answer.Token == nil {
		return []byte{}, nil
	}
	return answer.Token, nil
}
