package zkclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ErrClosed is the reason of calls on a client that is closed or closing.
var ErrClosed = errors.New("the client is closed")

// OpError is the error of every operation. Err is a zkproto.Code where the server, or the
// state of the session, refused; it wraps the context's error where the caller gave up; it is
// a *[TooLargeError], a *zkproto.PathError or [ErrClosed] where nothing was sent.
type OpError struct {
	Op   zkproto.OpCode
	Path string // as the caller gave it, "" where the operation has none
	Err  error
	// Sent says that the request had been handed to a connection, in part at least.
	Sent bool
}

func (e *OpError) Error() string {
	text := opName(e.Op)
	if e.Path != "" {
		text += " " + e.Path
	}
	return text + ": " + e.Reason()
}

// Reason is the error without operation and path, for callers who name both in words of their own.
func (e *OpError) Reason() string {
	text := e.Err.Error()
	switch {
	case errors.Is(e.Err, context.Canceled):
		text = "interrupted"
	case errors.Is(e.Err, context.DeadlineExceeded):
		text = "no answer in time"
	}
	switch {
	case OutcomeUnknown(e):
		text += " (it may or may not have been carried out)"
	case !e.Sent && (isContextError(e.Err) || errors.Is(e.Err, zkproto.SessionExpired)):
		text += " (not sent)"
	}
	return text
}

func (e *OpError) Unwrap() error { return e.Err }

// opName is the operation as a person calls it.
func opName(op zkproto.OpCode) string {
	switch op {
	case zkproto.OpCreate2, zkproto.OpCreateContainer, zkproto.OpCreateTTL:
		return "create"
	case zkproto.OpGetChildren2:
		return "getChildren"
	}
	return op.String()
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// OutcomeUnknown says whether the write that ended with err may or may not have been carried
// out. It is false for reads, and for a write that never left the client.
func OutcomeUnknown(err error) bool {
	var op *OpError
	if !errors.As(err, &op) || !op.Sent {
		return false
	}
	if row, ok := op.Op.Info(); !ok || !row.Write {
		return false
	}
	var code zkproto.Code
	if errors.As(op.Err, &code) {
		return code.OutcomeUnknown()
	}
	return isContextError(op.Err)
}

// TooLargeError is a request that the server would answer by dropping the connection.
type TooLargeError struct {
	Size, Limit int // bytes of the frame, and jute.maxbuffer
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the request has %d bytes, the limit (jute.maxbuffer) is %d", e.Size, e.Limit)
}

// MultiError is the failure of a multi: nothing of it was carried out.
type MultiError struct {
	Index int // of the operation that failed
	Of    int
	Op    zkproto.OpCode
	Path  string
	Code  zkproto.Code
}

func (e *MultiError) Error() string {
	return fmt.Sprintf("multi: operation %d of %d, %s %s: %v", e.Index+1, e.Of, opName(e.Op), e.Path, e.Code.Error())
}

func (e *MultiError) Unwrap() error { return e.Code }

// Attempt is one server that could not be connected to.
type Attempt struct {
	Addr string
	Err  error
}

// ConnectError says that no server took the client, and why not, in the order they were tried.
type ConnectError struct{ Attempts []Attempt }

func (e *ConnectError) Error() string {
	parts := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		parts[i] = a.Addr + ": " + reason(a.Err)
	}
	return "no ZooKeeper server: " + strings.Join(parts, "; ")
}

// electing says whether a server is there that does not serve.
func (e *ConnectError) electing() bool {
	return slices.ContainsFunc(e.Attempts, func(a Attempt) bool {
		var h *HandshakeError
		return errors.As(a.Err, &h) && h.HungUp
	})
}

// expiredError is the end of a session that no server was there to end: it can only be told why none took it back.
type expiredError struct{ why *ConnectError }

func (e *expiredError) Error() string {
	if e.why == nil {
		return zkproto.SessionExpired.Error()
	}
	return zkproto.SessionExpired.Error() + ", as no server took it back: " + e.why.Error()
}

func (e *expiredError) Unwrap() error { return zkproto.SessionExpired }

// Unwrap returns the reasons.
func (e *ConnectError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// reason is err without the address, which net repeats, and without the system call.
func reason(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return "no answer in time"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
