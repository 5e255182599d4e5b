package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// conn is a session that keeps a window of requests in flight. It does as little as a
// client can, so that what is measured is the server.
type conn struct {
	nc  net.Conn
	r   *bufio.Reader
	out []byte
	xid int32
}

// dial opens a session.
func dial(addr string) (*conn, error) { return dialSession(addr, 30*time.Second, 1<<18) }

// connectLimit bounds the opening of a session: a server that does not serve may be silent.
const connectLimit = time.Second

// dialSession opens a session with a timeout, and reads through a buffer of the size.
func dialSession(addr string, timeout time.Duration, buffer int) (*conn, error) {
	nc, err := net.DialTimeout("tcp", addr, connectLimit)
	if err != nil {
		return nil, err
	}
	c := &conn{nc: nc, r: bufio.NewReaderSize(nc, buffer)}
	if err := c.open(timeout); err != nil {
		nc.Close()
		return nil, fmt.Errorf("open a session: %w", err)
	}
	return c, nil
}

func (c *conn) open(timeout time.Duration) error {
	if err := c.nc.SetDeadline(time.Now().Add(connectLimit)); err != nil {
		return err
	}
	c.frame(func(b []byte) []byte {
		return (&zkproto.ConnectRequest{Timeout: int32(timeout.Milliseconds()), Password: make([]byte, zkproto.PasswordLen)}).AppendTo(b)
	})
	if err := c.flush(); err != nil {
		return err
	}
	body, err := c.read()
	if err != nil {
		return err
	}
	var rsp zkproto.ConnectResponse
	if err := zkproto.Decode(body, &rsp); err != nil {
		return err
	}
	if rsp.SessionID == 0 {
		return errors.New("refused")
	}
	return c.nc.SetDeadline(time.Time{})
}

// sync waits until the server has what its leader has.
func (c *conn) sync() error {
	return c.pump(1, 1, func(c *conn, _ int) { c.request(zkproto.OpSync, &zkproto.PathRequest{Path: "/"}) })
}

func (c *conn) close() { c.nc.Close() }

// frame appends a frame to the bytes to send.
func (c *conn) frame(body func([]byte) []byte) {
	at := len(c.out)
	c.out = body(append(c.out, 0, 0, 0, 0))
	jute.PutInt(c.out[at:], int32(len(c.out)-at-4))
}

// request appends a request to the bytes to send.
func (c *conn) request(op zkproto.OpCode, rec zkproto.Record) {
	c.xid++
	c.frame(func(b []byte) []byte { return rec.AppendTo(zkproto.RequestHeader{Xid: c.xid, Op: op}.AppendTo(b)) })
}

func (c *conn) flush() error {
	_, err := c.nc.Write(c.out)
	c.out = c.out[:0]
	return err
}

// read returns the next frame; it is valid until the next read.
func (c *conn) read() ([]byte, error) {
	head, err := c.r.Peek(4)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head)) + 4
	if n <= c.r.Size() {
		b, err := c.r.Peek(n)
		if err != nil {
			return nil, err
		}
		_, err = c.r.Discard(n)
		return b[4:], err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c.r, b)
	return b[4:], err
}

// reply reads a reply and reports the server's error.
func (c *conn) reply() error {
	b, err := c.read()
	if err != nil {
		return err
	}
	var h zkproto.ReplyHeader
	r := jute.NewReader(b)
	h.Decode(r)
	if r.Err() != nil {
		return r.Err()
	}
	return h.Err.Err()
}

// pump sends n requests, each made by next, with at most window of them unanswered.
func (c *conn) pump(n, window int, next func(c *conn, i int)) error {
	sent, answered := 0, 0
	for answered < n {
		for sent < n && sent-answered < window {
			next(c, sent)
			sent++
		}
		if len(c.out) > 0 {
			if err := c.flush(); err != nil {
				return err
			}
		}
		// One reply is waited for, and those that came with it are taken too.
		for first := true; answered < sent && (first || c.r.Buffered() >= 4); first = false {
			if err := c.reply(); err != nil {
				return fmt.Errorf("request %d: %w", answered, err)
			}
			answered++
		}
	}
	return nil
}
