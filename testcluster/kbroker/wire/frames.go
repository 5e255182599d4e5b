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
)

const (
	// firstChunk is how much memory a frame gets before a byte of it has come, on a connection that has not yet sent a
	// larger one. A frame that needs no more than this needs no share of the server's budget either: whoever fills that
	// does not keep the small requests of others out.
	firstChunk = 64 << 10
	// maxProven is how much it gets at most.
	maxProven = 4 << 20
	// minProgress is what has to move within Options.MaxStall, unless less is missing: of a frame as it comes, and of the
	// answers as they leave where memory is short.
	minProgress = 64 << 10
	// minFrame is the shortest request there is: key, version, correlation id.
	minFrame = 8
)

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
	// share is what the frame in hand has of the server's budget.
	share share
}

// next returns the next frame without its length, in memory of its own, which is charged to the server's budget until
// done is called.
func (f *frames) next() ([]byte, error) {
	size, err := f.length()
	if err != nil {
		return nil, err
	}
	if size < minFrame || size > f.conn.s.o.MaxRequestBytes {
		if who := stranger(uint32(size)); who != "" {
			return nil, &frameError{who}
		}
		return nil, &frameError{fmt.Sprintf("a frame of %d bytes: they have %d to %d", size, minFrame, f.conn.s.o.MaxRequestBytes)}
	}
	frame, err := f.body(size)
	if err != nil {
		return nil, err
	}
	f.proven = min(max(f.proven, size), maxProven)
	return frame, nil
}

// done gives back what the frame in hand was charged.
func (f *frames) done() {
	if f.share.bytes > 0 {
		f.conn.s.budget.give(&f.share)
	}
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

// body reads a frame of that size.
func (f *frames) body(size int) (b []byte, err error) {
	goal := 0 // how much of it has to be there when the time is over that runs
	for len(b) < size {
		if len(b) == cap(b) {
			if b, err = f.grow(b, size); err != nil {
				return nil, err
			}
			goal = 0
		}
		if f.r.Buffered() == 0 && len(b) >= goal {
			goal = min(size, len(b)+minProgress)
			if err := f.deadline(f.conn.s.o.MaxStall); err != nil {
				return nil, err
			}
		}
		n, err := f.r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil && len(b) < size {
			return nil, f.torn(err, len(b), size)
		}
	}
	return b, nil
}

// grow returns b with more room, for a frame of that size, when the server's budget has it.
func (f *frames) grow(b []byte, size int) ([]byte, error) {
	n := min(size, max(2*cap(b), f.proven))
	if size > firstChunk {
		err := f.conn.s.budget.take(f.conn.ctx, &f.share, n-cap(b), f.conn.s.o.MaxStall)
		if errors.Is(err, errNoRoom) {
			return nil, &frameError{fmt.Sprintf("no room for a frame of %d bytes within %v: other frames take it all", size, f.conn.s.o.MaxStall)}
		} else if err != nil {
			return nil, err
		}
	}
	grown := make([]byte, len(b), n)
	copy(grown, b)
	return grown, nil
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
	return &frameError{fmt.Sprintf("%d of a frame's %d bytes have come, and in the last %v nothing, or hardly anything", have, size, f.conn.s.o.MaxStall)}
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
