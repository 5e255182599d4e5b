package zkserver

import (
	"encoding/binary"
	"fmt"
	"io"
)

// inbuf collects what a client sends and hands out its frames. It starts small, because
// most connections are idle, and grows as bytes arrive, never because a length claims so.
type inbuf struct {
	b     []byte
	r, w  int // b[r:w] is received and not handed out
	small int // reads in a row that used little of the buffer
}

const (
	minInbuf = 128
	// maxIdleInbuf bounds what a buffer keeps between frames.
	maxIdleInbuf = 64 << 10
	// shrinkAfter is how many small reads in a row show that a buffer is too large.
	shrinkAfter = 32
)

// FrameError is a frame whose length no server accepts. The connection is closed.
type FrameError struct{ Length, Max int32 }

func (e *FrameError) Error() string {
	return fmt.Sprintf("frame of %d bytes: a length must be between 0 and %d (jute.maxbuffer)", e.Length, e.Max)
}

// next returns a complete frame, without its length, or nil where more bytes are needed. The
// frame is good until fill is called.
func (in *inbuf) next(limit int32) ([]byte, error) {
	if in.w-in.r < 4 {
		return nil, nil
	}
	n := int32(binary.BigEndian.Uint32(in.b[in.r:]))
	if n < 0 || n > limit {
		return nil, &FrameError{n, limit}
	}
	end := in.r + 4 + int(n)
	if in.w < end {
		return nil, nil
	}
	frame := in.b[in.r+4 : end : end]
	in.r = end
	return frame, nil
}

// unread takes back the frame that next has returned last.
func (in *inbuf) unread(frame []byte) { in.r -= 4 + len(frame) }

// buffered is what has been received and not handed out.
func (in *inbuf) buffered() []byte { return in.b[in.r:in.w] }

// fill reads once. What was handed out before is overwritten.
func (in *inbuf) fill(src io.Reader) error {
	in.makeRoom()
	n, err := src.Read(in.b[in.w:])
	in.w += n
	if in.w < len(in.b)/8 {
		in.small++
	} else {
		in.small = 0
	}
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (in *inbuf) makeRoom() {
	left := in.w - in.r
	size := len(in.b)
	switch {
	case size == 0:
		size = minInbuf
	case left == size, left == 0 && in.w == size && size < maxIdleInbuf:
		size *= 2
	case left == 0 && (size > maxIdleInbuf || in.small > shrinkAfter && size > minInbuf):
		size = max(minInbuf, min(maxIdleInbuf, size/2))
		in.small = 0
	}
	if size != len(in.b) {
		b := make([]byte, size)
		copy(b, in.buffered())
		in.b = b
	} else if in.r > 0 {
		copy(in.b, in.buffered())
	}
	in.r, in.w = 0, left
}
