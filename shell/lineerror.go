package shell

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// LineError says where in a script a command failed.
type LineError struct {
	Script string
	Line   int // from 1; 0 for the script itself
	Err    error
}

func (e *LineError) Error() string {
	var syntax *lex.Error
	if errors.As(e.Err, &syntax) {
		return fmt.Sprintf("%s:%d:%d: %s", e.Script, syntax.Line, syntax.Col, syntax.Msg)
	}
	if e.Line == 0 { // the script itself could not be read
		return fmt.Sprintf("%s: %s", e.Script, e.Err)
	}
	return fmt.Sprintf("%s:%d: %s", e.Script, e.Line, e.Err)
}

func (e *LineError) Unwrap() error { return e.Err }

// at names the line of an error, unless a script within the script has done so. Lines without a script's name
// were typed, and need none.
func at(script string, line int, err error) error {
	var there *LineError
	if err == nil || script == "" || isQuit(err) || errors.As(err, &there) {
		return err
	}
	return &LineError{Script: script, Line: line, Err: err}
}

// shownError is an error that people have seen, and that only decides about the exit code now.
type shownError struct{ error }

func (e shownError) Unwrap() error { return e.error }

func isQuit(err error) bool { return errors.Is(err, command.ErrQuit) }

// endsScript tells whether a script ends at an error. Some end it whatever the option keep-going says: nothing
// that follows could succeed.
func (s *Shell) endsScript(ctx context.Context, err error) bool {
	var noServer *command.ConnectError
	var noOutput *render.WriteError
	return isQuit(err) || ctx.Err() != nil || !s.env.Options.Now().KeepGoing ||
		errors.As(err, &noServer) || errors.As(err, &noOutput)
}
