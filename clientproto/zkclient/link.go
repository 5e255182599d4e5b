package zkclient

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// link is one connection with a session on it.
type link struct {
	conn     net.Conn
	addr     string
	readOnly bool
	timeout  time.Duration // of the session
	stop     chan struct{} // closed to end the writer
}

// readTimeout is how long a link may be silent; pings see to it that it is not.
func (l *link) readTimeout() time.Duration { return l.timeout * 2 / 3 }

// pingAfter leaves time for two pings before the link is given up. Apache's client waits half
// of the read timeout, and never more than 10 s.
func (l *link) pingAfter() time.Duration { return min(l.readTimeout()/3, 10*time.Second) }

// isHangUp says that the other side has closed the connection. An in-memory connection says so
// with ErrClosedPipe.
func isHangUp(err error) bool {
	for _, hangUp := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, io.ErrClosedPipe} {
		if errors.Is(err, hangUp) {
			return true
		}
	}
	return false
}

// ProtocolError is a server that says what it cannot say; the connection is given up.
type ProtocolError struct{ Reason string }

func (e *ProtocolError) Error() string { return "protocol error: " + e.Reason }

// frameReader cuts a connection's bytes into frames.
type frameReader struct {
	conn    net.Conn
	timeout time.Duration // of each read
	heard   func(time.Time)
	buf     []byte
	r, w    int // buf[r:w] is read from the connection and not yet taken
}

func newFrameReader(conn net.Conn, timeout time.Duration, heard func(time.Time)) *frameReader {
	return &frameReader{conn: conn, timeout: timeout, heard: heard, buf: make([]byte, 64<<10)}
}

// next returns a frame without its length. It is valid until the next call.
func (f *frameReader) next() ([]byte, error) {
	if err := f.need(4); err != nil {
		return nil, err
	}
	n := int32(binary.BigEndian.Uint32(f.buf[f.r:]))
	if n < 0 || n > maxReply {
		return nil, &ProtocolError{fmt.Sprintf("a frame of %d bytes, the limit is %d", n, maxReply)}
	}
	f.r += 4
	if err := f.need(int(n)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	frame := f.buf[f.r : f.r+int(n)]
	f.r += int(n)
	return frame, nil
}

// need reads until n bytes are there. The buffer grows as they arrive, not as they are
// announced.
func (f *frameReader) need(n int) error {
	for f.w-f.r < n {
		if f.r > 0 {
			f.w = copy(f.buf, f.buf[f.r:f.w])
			f.r = 0
		}
		if f.w == len(f.buf) {
			f.buf = append(f.buf, make([]byte, len(f.buf))...)
		}
		now := time.Now()
		if err := f.conn.SetReadDeadline(now.Add(f.timeout)); err != nil {
			return err
		}
		got, err := f.conn.Read(f.buf[f.w:])
		f.w += got
		if got > 0 {
			f.heard(now)
			continue // an error comes again
		}
		if err != nil {
			if err == io.EOF && f.w > f.r {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
