package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Request is a request with its place in the order of its connection's answers. Exactly one of Reply, ReplyRaw, NoReply
// and Hangup ends it; none of them blocks, and any goroutine may call them. A second end is ignored, as is one after the
// loss of the connection.
type Request struct {
	Key, Version  int16
	CorrelationID int32
	// ClientID is "" where the client sent null.
	ClientID string
	// Listener is the name of the listener that the connection came in by.
	Listener string
	// RemoteHost is the client's address without its port.
	RemoteHost string
	// Body is what follows the header. It is the request's own: handlers may change it and keep it.
	Body []byte
	// Ctx ends with the connection.
	Ctx context.Context

	conn     *conn
	flexible bool
	message  share // what it holds of Server.messages until its end
	slot     slot
}

// Flexible says whether body and header have tag sections (KIP-482).
func (r *Request) Flexible() bool { return r.flexible }

const (
	// maxDecoded is the largest body that is decoded into a message, and maxMessage how much memory the message may take,
	// with an answer to each of its elements, which is up to a hundred times the body. Only Produce is larger in earnest, and it is not read so.
	maxDecoded = 8 << 20
	maxMessage = 64 << 20
	// smallMessage is what a message may take without a share in what those of all connections may take together.
	smallMessage = 256 << 10
	maxMessages  = 2 * maxMessage
)

// Decode reads Body into req, whose byte slices then are parts of Body. After an error the connection is closed, and
// there is nothing left to do for the handler. It is to be called once. Large messages wait for one another here: until its
// request is ended, each counts as one that the server holds.
func (r *Request) Decode(req kmsg.Request) error {
	err := r.decode(req)
	if err != nil {
		err = fmt.Errorf("its body does not decode: %w", err)
		r.Hangup(err)
	}
	return err
}

func (r *Request) decode(req kmsg.Request) error {
	if n := len(r.Body); n > maxDecoded {
		return fmt.Errorf("%d bytes, more than %d", n, maxDecoded)
	}
	s := r.conn.s.apis.get(r.Key).shape
	if s == nil {
		return errors.New("its shape is not known here")
	}
	cost, err := s.Check(r.Body, r.Version, r.flexible)
	switch {
	case err != nil:
		return err
	case cost > maxMessage:
		return fmt.Errorf("a message of %d bytes in memory, more than %d", cost, maxMessage)
	case cost > smallMessage:
		if err := r.conn.s.messages.take(r.Ctx, &r.message, cost, 0); err != nil {
			return err
		}
	}
	req.SetVersion(r.Version)
	return req.ReadFrom(r.Body)
}

// Expect says that the answer may be as large as n bytes. Until it is there they count as bytes that the connection has in
// flight: it is not read while it has too many.
func (r *Request) Expect(n int) {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !r.slot.done && !c.mu.left {
		c.mu.expected += n - r.slot.expected
		r.slot.expected = n
	}
}

// Reserve asks for memory for an answer of up to n bytes, and returns for how many there is: fewer where clients that do
// not read their answers fill it, and none at all perhaps. It takes the place of what the request had reserved before,
// which is 0 after its end. One goroutine at a time may call it.
func (r *Request) Reserve(n int) int {
	c := r.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.slot.done || c.mu.left {
		return n // nobody will get it
	}
	c.s.held.bytes.Add(-int64(r.slot.reserved))
	r.slot.reserved = c.s.held.reserve(n)
	return r.slot.reserved
}

// headerSize is how much room the largest response header takes: length, correlation id, empty tag section.
const headerSize = 4 + 4 + 1

// appendHeader appends a response header for a body whose length is not known yet.
func (r *Request) appendHeader(dst []byte) []byte {
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(r.CorrelationID))
	// The answer to ApiVersions has the oldest header always: a client reads it before it knows what the broker speaks.
	if r.flexible && r.Key != apiVersionsKey {
		dst = append(dst, 0)
	}
	return dst
}

// Reply answers with a message, of which it sets the version.
func (r *Request) Reply(resp kmsg.Response) {
	resp.SetVersion(r.Version)
	b := resp.AppendTo(r.appendHeader(make([]byte, 0, 256)))
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	r.conn.settle(r, answer{head: b, size: len(b)})
}

// ReplyRaw answers with a body that is encoded already, in pieces that are written as they are, without a copy. They are
// not to be changed until release is called, once, after the write or when there will be none. Release may be nil; it
// must not block.
func (r *Request) ReplyRaw(body [][]byte, release func()) {
	b := r.appendHeader(make([]byte, 0, headerSize))
	size := len(b)
	for _, piece := range body {
		size += len(piece)
	}
	binary.BigEndian.PutUint32(b, uint32(size-4))
	r.conn.settle(r, answer{head: b, body: body, size: size, release: release})
}

// NoReply ends a request that has no answer: a Produce with acks=0.
func (r *Request) NoReply() { r.conn.settle(r, answer{}) }

// Hangup closes the connection, with one line in the log.
func (r *Request) Hangup(why error) {
	r.conn.fail(fmt.Errorf("%s version %d: %w", apiName(r.Key), r.Version, why))
	r.conn.settle(r, answer{})
}

// apiName is for messages.
func apiName(key int16) string {
	if name := kmsg.NameForKey(key); name != "Unknown" {
		return name
	}
	return fmt.Sprintf("API %d", key)
}
