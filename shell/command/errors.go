package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/lex"
)

// ExitCode is what a process that ran commands ends with.
type ExitCode int

const (
	ExitOK          ExitCode = 0
	ExitFailed      ExitCode = 1   // the server or the data said no
	ExitUsage       ExitCode = 2   // the line could not be understood
	ExitIncomplete  ExitCode = 3   // timed out, connection lost, outcome unknown, or only a part was done
	ExitUnknown     ExitCode = 127 // no such command
	ExitInterrupted ExitCode = 130
)

var (
	// ErrQuit is returned by the command that leaves the shell. It is no failure.
	ErrQuit = errors.New("quit")
	// ErrNotConnected is returned where a session is needed after `close`.
	ErrNotConnected = errors.New("not connected: `connect` opens a session")
)

// Error is the failure of a command, as people see it: `get /nope: no such znode`.
type Error struct {
	Command string
	Path    string // the znode that it is about, may be empty
	Err     error
}

func (e *Error) Error() string {
	subject := e.Command
	if e.Path != "" {
		subject = strings.TrimLeft(subject+" "+printablePath(e.Path), " ")
	}
	if subject == "" {
		return Reason(e.Err)
	}
	return subject + ": " + Reason(e.Err)
}

// Reason is an error's text without the operation and the path that a client's error begins with: the command and
// its path stand before it already. An end by Ctrl-C is called so.
func Reason(err error) string {
	if e, ok := err.(interface{ Reason() string }); ok {
		return e.Reason()
	}
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// printablePath keeps an error on one line whatever the path.
func printablePath(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return lex.Quote(path)
	}
	return path
}

// At says which znode an error is about. The name of the command is added by [Call.Run]. Nil stays nil.
func At(path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Path: path, Err: err}
}

// named adds the command's name to an error.
func named(command string, err error) error {
	if err == nil || errors.Is(err, ErrQuit) || is[*ConnectError](err) {
		return err
	}
	if e, ok := err.(*Error); ok {
		if e.Command != "" {
			return e
		}
		return &Error{Command: command, Path: e.Path, Err: e.Err}
	}
	return &Error{Command: command, Err: err}
}

// UsageError tells that a line could not be understood.
type UsageError struct{ Msg string }

func (e *UsageError) Error() string { return e.Msg }

// Usagef makes a *[UsageError].
func Usagef(format string, args ...any) error {
	return &UsageError{Msg: fmt.Sprintf(format, args...)}
}

// UnknownError tells that there is no command of a name.
type UnknownError struct {
	Name        string
	Suggestions []string
}

func (e *UnknownError) Error() string {
	msg := lex.Quote(e.Name) + ": no such command"
	if len(e.Suggestions) > 0 {
		return msg + "; did you mean " + strings.Join(e.Suggestions, " or ") + "?"
	}
	return msg + "; `help` lists them"
}

// ConnectError tells that no session could be opened. It is not about the command that needed one. A script ends
// at it even where it is told to keep going.
type ConnectError struct {
	Servers string
	Err     error
}

func (e *ConnectError) Error() string { return e.Err.Error() }
func (e *ConnectError) Unwrap() error { return e.Err }

// PartialError tells that a command did only a part of what it was asked for.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }
func (e *PartialError) Unwrap() error { return e.Err }

// ExitCodeOf maps an error to the code that a process ends with because of it.
func ExitCodeOf(err error) ExitCode {
	switch {
	case err == nil, errors.Is(err, ErrQuit):
		return ExitOK
	case misused(err):
		return ExitUsage
	case is[*UnknownError](err):
		return ExitUnknown
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case is[*ConnectError](err), is[*PartialError](err), is[*render.WriteError](err), is[*net.OpError](err),
		errors.Is(err, ErrNotConnected), errors.Is(err, context.DeadlineExceeded), outcomeUnknown(err):
		return ExitIncomplete
	}
	return ExitFailed
}

// misused tells that a line, or a configuration that it names, could not be understood.
func misused(err error) bool {
	var teller interface {
		error
		Misused() bool
	}
	return is[*UsageError](err) || is[*lex.Error](err) || errors.As(err, &teller) && teller.Misused()
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// outcomeUnknown asks the codes of the protocol, and any error of a client that can tell.
func outcomeUnknown(err error) bool {
	var code zkproto.Code
	if errors.As(err, &code) {
		return code.OutcomeUnknown()
	}
	var teller interface {
		error
		OutcomeUnknown() bool
	}
	return errors.As(err, &teller) && teller.OutcomeUnknown()
}
