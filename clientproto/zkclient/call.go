package zkclient

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Call is a request under way.
type Call struct {
	client   *Client
	ctx      context.Context
	op       zkproto.OpCode
	path     string
	resp     zkproto.Record // nil where the reply has no body
	absolute bool           // paths are the server's, not the chroot's
	setup    bool           // one of the client's own, sent when a connection begins
	xid      int32
	frame    *[]byte            // from frames, until it has been handed to a connection
	onReply  func(zkproto.Code) // called by the reader before the call ends, unless it was given up

	progress atomic.Int32
	done     chan struct{} // closed when the rest is set
	err      error
	zxid     zkproto.Zxid
}

// The progress of a call. Whoever moves it to ended sets the result.
const (
	queued int32 = iota
	sent
	ended
)

func newCall(c *Client, ctx context.Context, op zkproto.OpCode, path string) *Call {
	return &Call{client: c, ctx: ctx, op: op, path: path, done: make(chan struct{})}
}

// Start sends a request and returns once it has its place in the order of requests. The reply
// is decoded into resp (nil: it has no body) before [Call.Wait] returns nil. A watch asked for
// in req is set with [DefaultWatch]. Paths are those of the chroot. When ctx ends before the
// request could be sent it is not sent.
func (c *Client) Start(ctx context.Context, op zkproto.OpCode, req, resp zkproto.Record) *Call {
	call := newCall(c, ctx, op, requestPath(req))
	call.resp = resp
	c.start(call, req, c.watchesOf(op, req))
	return call
}

// Done is closed when the call has ended.
func (call *Call) Done() <-chan struct{} { return call.done }

// Zxid is the zxid of the reply's header, once Wait has returned nil or a code of the server:
// the write's own transaction, or the last one that the server had applied.
func (call *Call) Zxid() zkproto.Zxid {
	<-call.done
	return call.zxid
}

// Wait waits for the reply; its error is an *[OpError]. When ctx ends first the call is given
// up: a request not yet sent never will be, of one that was the reply is ignored.
func (call *Call) Wait(ctx context.Context) error {
	select {
	case <-call.done:
		return call.err
	default:
	}
	select {
	case <-call.done:
	case <-ctx.Done():
		if was, ok := call.take(); ok {
			call.end(call.errorOf(ctx.Err(), was == sent))
			if was == queued {
				call.client.forget()
			}
		} else {
			<-call.done
		}
	}
	return call.err
}

// take moves the call to its end, and says where it was. Only one taker succeeds, and must
// call end.
func (call *Call) take() (was int32, ok bool) {
	for {
		was = call.progress.Load()
		if was == ended {
			return was, false
		}
		if call.progress.CompareAndSwap(was, ended) {
			return was, true
		}
	}
}

func (call *Call) end(err error) {
	call.err = err
	close(call.done)
}

// fail ends the call with err, if it has not ended.
func (call *Call) fail(err error) {
	if was, ok := call.take(); ok {
		call.end(call.errorOf(err, was == sent))
	}
}

func (call *Call) errorOf(err error, sent bool) error {
	return &OpError{Op: call.op, Path: call.path, Err: err, Sent: sent}
}

// reply ends the call with what the server said. The error is that of a body that cannot be
// decoded.
func (call *Call) reply(h zkproto.ReplyHeader, r *jute.Reader) error {
	if _, ok := call.take(); !ok {
		return nil
	}
	call.zxid = h.Zxid
	if h.Err == zkproto.OK && call.resp != nil {
		call.resp.Decode(r)
		if err := r.Done(); err != nil {
			call.end(call.errorOf(err, true))
			return err
		}
		own(call.resp)
		if !call.absolute {
			call.client.stripRecord(call.op, call.resp)
		}
	}
	if call.onReply != nil {
		call.onReply(h.Err)
	}
	if h.Err != zkproto.OK {
		call.end(call.errorOf(h.Err, true))
		return nil
	}
	call.end(nil)
	return nil
}

// own copies what shares the memory of the read buffer.
func own(resp zkproto.Record) {
	switch resp := resp.(type) {
	case *zkproto.DataResponse:
		resp.Data = cloneBytes(resp.Data)
	case *zkproto.MultiResponse:
		for i := range resp.Results {
			resp.Results[i].Data = cloneBytes(resp.Results[i].Data)
		}
	case *zkproto.TokenRecord:
		resp.Token = cloneBytes(resp.Token)
	}
}

// cloneBytes keeps nil, which is null, apart from empty.
func cloneBytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// frames has buffers for requests.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// encode writes the frame: its length, the xid, which is left open, the operation and req.
func (call *Call) encode(req zkproto.Record) error {
	call.frame = frames.Get().(*[]byte)
	b := append((*call.frame)[:0], 0, 0, 0, 0, 0, 0, 0, 0)
	b = jute.AppendInt(b, int32(call.op))
	if req != nil {
		b = req.AppendTo(b)
	}
	*call.frame = b
	if size, limit := len(b)-4, call.client.cfg.MaxBuffer; size > limit {
		call.release()
		return &TooLargeError{size, limit}
	}
	jute.PutInt(b, int32(len(b)-4))
	return nil
}

// release gives the frame's buffer back, unless it is so large that it would be a burden.
func (call *Call) release() {
	if call.frame != nil && cap(*call.frame) <= 64<<10 {
		frames.Put(call.frame)
	}
	call.frame = nil
}
