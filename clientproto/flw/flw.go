package flw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Reasons of an [Error].
var (
	// ErrNotAllowed: the word is not in the server's 4lw.commands.whitelist.
	ErrNotAllowed = errors.New("the word is not in the server's 4lw.commands.whitelist")
	// ErrNotServing: the server runs but has no quorum, or is starting.
	ErrNotServing = errors.New("the server is not serving requests")
	// ErrNoAnswer: the connection was closed without a byte; the server does not know the word.
	ErrNoAnswer = errors.New("the server closed the connection without an answer")
	// ErrTooLong: the answer is beyond [MaxAnswer].
	ErrTooLong = errors.New("the answer is too long")
	// ErrUnexpected: the answer does not have the form that the word's answer has.
	ErrUnexpected = errors.New("unexpected answer")
)

// Error is a word that could not be asked, or was not answered.
type Error struct {
	Word, Addr string
	Err        error // one of the Err values, or the network's
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Word, e.Addr, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Dialer opens a connection; nil stands for a plain one.
type Dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

const (
	// MaxAnswer bounds an answer in bytes. The longest, wchc and cons of a busy server, have some
	// hundred bytes a session.
	MaxAnswer = 64 << 20
	// Timeout is used where the context has no deadline.
	Timeout = 5 * time.Second
)

// The texts of AbstractFourLetterCommand and NopCommand.
const (
	notAllowed = "is not executed because it is not in the whitelist."
	notServing = "This ZooKeeper instance is not currently serving requests"
)

// Do sends word to the server at addr (host:port) and returns the whole answer. Errors are
// *[Error].
func Do(ctx context.Context, addr, word string, dial Dialer) (string, error) {
	fail := func(err error) (string, error) { return "", &Error{word, addr, err} }
	if len(word) != 4 {
		return fail(errors.New("a four-letter word has four letters"))
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	answer, err := ask(conn, word)
	switch {
	case err != nil && ctx.Err() != nil:
		return fail(ctx.Err())
	case err != nil:
		return fail(err)
	case answer == "":
		return fail(ErrNoAnswer)
	case len(answer) > MaxAnswer:
		return fail(ErrTooLong)
	case strings.HasSuffix(strings.TrimSpace(answer), notAllowed):
		return fail(ErrNotAllowed)
	case strings.HasPrefix(answer, notServing):
		return fail(ErrNotServing)
	}
	return answer, nil
}

func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, Timeout)
}

// ask does not close its side after the word: a server may take that for the end.
func ask(conn net.Conn, word string) (string, error) {
	if _, err := io.WriteString(conn, word); err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(conn, MaxAnswer+1))
	return string(b), err
}

// Ruok returns nil if the server says that it runs. That is no promise that it serves.
func Ruok(ctx context.Context, addr string, dial Dialer) error {
	answer, err := Do(ctx, addr, "ruok", dial)
	if err == nil && answer != "imok" {
		err = &Error{"ruok", addr, fmt.Errorf("%w %.60q", ErrUnexpected, answer)}
	}
	return err
}

// Isro returns "rw" or "ro", or "null" where the server serves nobody.
func Isro(ctx context.Context, addr string, dial Dialer) (string, error) {
	return Do(ctx, addr, "isro", dial)
}
