package shell

import (
	"context"
	"io"
)

// Reader returns r with reads that give up when ctx ends, with its cause: nothing else ends a read from a pipe or
// a terminal that stays open. What such a read still gets is lost.
func Reader(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (c *reader) Read(b []byte) (int, error) {
	type outcome struct {
		n   int
		err error
	}
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	own := make([]byte, len(b)) // b is the caller's again when the context ends
	done := make(chan outcome, 1)
	go func() { // ends with the read, which nobody can cut short: at the latest with the process
		n, err := c.r.Read(own)
		done <- outcome{n, err}
	}()
	select {
	case o := <-done:
		return copy(b, own[:o.n]), o.err
	case <-c.ctx.Done():
		return 0, context.Cause(c.ctx)
	}
}
