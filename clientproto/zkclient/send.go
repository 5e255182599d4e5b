package zkclient

import (
	"context"
	"math"
	"sync"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

type sentKey struct{}

// WithSent returns a context for one request: hook is called once, when the request has its
// place in the order of requests, or cannot have one. So a caller that starts requests from
// several goroutines can fix their order and still have them under way together.
func WithSent(ctx context.Context, hook func()) context.Context {
	return context.WithValue(ctx, sentKey{}, sync.OnceFunc(hook))
}

// start puts call into the queue, or ends it. watch is what the reply registers, nil for
// nothing.
func (c *Client) start(call *Call, req zkproto.Record, watch func(zkproto.Code)) {
	call.onReply = watch
	if err := c.enqueue(call, req); err != nil {
		call.fail(err)
	}
	if hook, ok := call.ctx.Value(sentKey{}).(func()); ok {
		hook()
	}
}

func (c *Client) enqueue(call *Call, req zkproto.Record) error {
	if err := call.ctx.Err(); err != nil {
		return err
	}
	if err := validate(call.op, req); err != nil {
		return err
	}
	if c.chroot != "" && !call.absolute {
		req = c.prefixRecord(req)
	}
	if err := call.encode(req); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.mu.terminal != nil:
		return c.mu.terminal
	case c.isClosing():
		return ErrClosed
	}
	c.mu.queue.push(call)
	c.kick()
	return nil
}

// forget counts a call that was given up in the queue, and sweeps the queue when such calls
// are more than half of it: while no server answers, nothing else would take them out.
func (c *Client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.dropped++
	if 2*c.mu.dropped <= c.mu.queue.len() {
		return
	}
	var live fifo
	for call := c.mu.queue.pop(); call != nil; call = c.mu.queue.pop() {
		if call.progress.Load() == queued {
			live.push(call)
		} else {
			call.release()
		}
	}
	c.mu.queue, c.mu.dropped = live, 0
}

// batchSize is about how much one write to the socket carries.
const batchSize = 64 << 10

// takeBatch moves calls from the queue to those sent, and appends their frames to b.
func (c *Client) takeBatch(b []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(b) < batchSize {
		call := c.mu.setup.pop()
		if call == nil {
			call = c.mu.queue.pop()
		}
		if call == nil {
			c.mu.dropped = 0
			break
		}
		if err := call.ctx.Err(); err != nil {
			call.fail(err)
		}
		if !call.progress.CompareAndSwap(queued, sent) {
			call.release()
			continue
		}
		if call.op == zkproto.OpAuth {
			call.xid = zkproto.XidAuth
			c.mu.sentAuth.push(call)
		} else {
			call.xid = c.nextXidLocked()
			c.mu.sent.push(call)
		}
		jute.PutInt((*call.frame)[4:], call.xid)
		b = append(b, *call.frame...)
		call.release()
	}
	return b
}

// nextXidLocked goes round in 1..2^31-1: zero and the negative numbers have other meanings.
func (c *Client) nextXidLocked() int32 {
	if c.mu.xid == math.MaxInt32 {
		c.mu.xid = 0
	}
	c.mu.xid++
	return c.mu.xid
}

// fifo is a queue of calls.
type fifo struct {
	calls []*Call
	head  int
}

func (q *fifo) len() int { return len(q.calls) - q.head }

func (q *fifo) push(call *Call) {
	if len(q.calls) == cap(q.calls) && q.head > len(q.calls)/2 {
		n := copy(q.calls, q.calls[q.head:])
		clear(q.calls[n:])
		q.calls, q.head = q.calls[:n], 0
	}
	q.calls = append(q.calls, call)
}

// pop returns nil where the queue is empty.
func (q *fifo) pop() *Call {
	if q.head == len(q.calls) {
		q.calls, q.head = q.calls[:0], 0
		return nil
	}
	call := q.calls[q.head]
	q.calls[q.head] = nil
	q.head++
	return call
}
