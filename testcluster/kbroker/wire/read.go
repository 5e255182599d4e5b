package wire

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

const (
	// readBuffer holds a burst of small requests; the rest of a larger one goes straight into its own memory.
	readBuffer = 16 << 10
	// firstChunk is how much memory a frame gets before a byte of it has come, on a connection that has not yet sent a
	// larger one.
	firstChunk = 64 << 10
	// minFrame is the shortest request there is: key, version, correlation id.
	minFrame = 8
)

// read is the goroutine that reads frames and hands requests to their rows.
func (c *conn) read() {
	defer c.s.wg.Done()
	in := frames{conn: c, r: bufio.NewReaderSize(c.nc, readBuffer), proven: firstChunk}
	for {
		frame, err := in.next()
		if err != nil {
			c.endReading(err)
			return
		}
		ok := c.handle(frame)
		c.s.budget.give(len(frame))
		if !ok || !c.waitForRoom() {
			return
		}
	}
}

// endReading decides whether the end of the input is worth a line.
func (c *conn) endReading(err error) {
	var bad *frameError
	switch {
	case errors.Is(err, errFinished):
		signal(c.wake) // the writer closes when it has written what is there
	case errors.As(err, &bad):
		c.fail(err)
	default:
		c.hangup(err)
	}
}

// handle gives a frame's request to its row; it returns false when the connection is to be read no more.
func (c *conn) handle(frame []byte) bool {
	h, body, err := kproto.ParseRequestHeader(frame, c.s.apis.flexible)
	if err != nil {
		c.fail(fmt.Errorf("bad request header: %w", err))
		return false
	}
	a := c.s.apis.get(h.Key)
	if a == nil || h.Version < a.Min || h.Version > a.Max && h.Key != apiVersionsKey {
		c.fail(fmt.Errorf("%s version %d of client %q is not served here", apiName(h.Key), h.Version, h.ClientID))
		return false
	}
	r := &Request{
		Key: h.Key, Version: h.Version, CorrelationID: h.CorrelationID, ClientID: h.ClientID,
		Listener: c.listener, RemoteHost: c.host, Body: body, Ctx: c.ctx,
		conn: c, flexible: h.Version >= a.flexibleFrom, slot: slot{charge: len(frame)},
	}
	c.mu.Lock()
	c.mu.served = true
	c.mu.queue.push(r)
	c.mu.bytes += len(frame)
	c.mu.Unlock()
	a.Handle(r)
	if r.message > 0 {
		c.s.messages.give(r.message)
	}
	return true
}

// waitForRoom waits until the connection has less in flight than its bounds; false when it has ended.
func (c *conn) waitForRoom() bool {
	for {
		c.mu.Lock()
		full := c.mu.queue.len() >= c.s.o.MaxInFlight || c.mu.bytes > c.s.o.MaxConnBytes
		finished := c.mu.finished
		c.mu.Unlock()
		switch {
		case finished || c.ctx.Err() != nil:
			return false
		case !full:
			return true
		}
		select {
		case <-c.room:
		case <-c.ctx.Done():
		}
	}
}

// frameError is input that ends a connection and is worth a line in the log.
type frameError struct{ reason string }

func (e *frameError) Error() string { return e.reason }

// errFinished says that the server does not want more requests.
var errFinished = errors.New("closing")

// frames reads frames, and takes memory for them no faster than they come.
type frames struct {
	conn *conn
	r    *bufio.Reader
	// proven is the size up to which a frame gets its memory at once: what this connection has sent in one frame before.
	proven int
}

// next returns the next frame without its length, in memory of its own, charged to the server's budget.
func (f *frames) next() ([]byte, error) {
	size, err := f.length()
	if err != nil {
		return nil, err
	}
	if size < minFrame || size > f.conn.s.o.MaxRequestBytes {
		return nil, &frameError{fmt.Sprintf("a frame of %d bytes: they have %d to %d", size, minFrame, f.conn.s.o.MaxRequestBytes)}
	}
	if err := f.conn.s.budget.take(f.conn.ctx, size); err != nil {
		return nil, err
	}
	frame, err := f.body(size)
	if err != nil {
		f.conn.s.budget.give(size)
		return nil, err
	}
	f.proven = max(f.proven, size)
	return frame, nil
}

// length waits for the next frame as long as the connection may be silent.
func (f *frames) length() (int, error) {
	for {
		if err := f.deadline(f.conn.s.o.MaxIdle); err != nil {
			return 0, err
		}
		head, err := f.r.Peek(4)
		switch {
		case err == nil:
			_, _ = f.r.Discard(4) // they are there
			return int(int32(binary.BigEndian.Uint32(head))), nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := f.silence(); err != nil {
				return 0, err
			}
		case len(head) > 0 && errors.Is(err, io.EOF):
			return 0, &frameError{"it ends in the middle of a frame's length"}
		default:
			return 0, err
		}
	}
}

// silence is nil where the connection waits for answers, which is no idleness.
func (f *frames) silence() error {
	c := f.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.mu.finished:
		return errFinished
	case f.r.Buffered() > 0:
		return &frameError{"a frame's length has not come whole"}
	case c.mu.queue.len() > 0:
		return nil
	}
	return fmt.Errorf("idle for %v", c.s.o.MaxIdle)
}

func (f *frames) body(size int) ([]byte, error) {
	b := make([]byte, 0, min(size, f.proven))
	for len(b) < size {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(size, 2*cap(b)))
			copy(grown, b)
			b = grown
		}
		if err := f.deadline(f.conn.s.o.MaxStall); err != nil {
			return nil, err
		}
		n, err := f.r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil && len(b) < size {
			return nil, f.torn(err, len(b), size)
		}
	}
	return b, nil
}

func (f *frames) torn(err error, have, size int) error {
	switch {
	case errors.Is(err, io.EOF):
		return &frameError{fmt.Sprintf("it ends after %d of a frame's %d bytes", have, size)}
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	}
	f.conn.mu.Lock()
	defer f.conn.mu.Unlock()
	if f.conn.mu.finished {
		return errFinished
	}
	return &frameError{fmt.Sprintf("nothing came for %v after %d of a frame's %d bytes", f.conn.s.o.MaxStall, have, size)}
}

// deadline bounds the next read, unless its bytes are there already, or the server is closing, which has set its own.
func (f *frames) deadline(d time.Duration) error {
	if f.r.Buffered() >= 4 {
		return nil
	}
	c := f.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.finished {
		return errFinished
	}
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	if err := c.nc.SetReadDeadline(at); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("read deadline: %w", err)
	}
	return context.Cause(c.ctx)
}
