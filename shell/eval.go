package shell

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// maxDepth bounds scripts that run scripts.
const maxDepth = 64

type depthKey struct{}

// Eval runs commands one after another, and yields their results instead of showing them. It implements
// command.Loop.
func (s *Shell) Eval(ctx context.Context, name string, r io.Reader) iter.Seq2[render.Result, error] {
	depth, _ := ctx.Value(depthKey{}).(int)
	ctx = context.WithValue(ctx, depthKey{}, depth+1)
	return func(yield func(render.Result, error) bool) {
		if depth >= maxDepth {
			yield(nil, command.Usagef("%s: scripts within scripts, %d deep", name, maxDepth))
			return
		}
		var first error
		scanner := lex.NewScanner(r)
		for {
			cmd, err := nextCommand(scanner)
			if err == io.EOF {
				break
			}
			result, err := s.evalOne(ctx, cmd, err)
			if result != nil && err != nil { // a part was done
				if !yield(result, nil) {
					return
				}
				result = nil
			}
			if err = at(name, cmd.Line, err); err != nil {
				if s.endsScript(ctx, err) || unreadable(err) {
					yield(nil, err)
					return
				}
				s.report(err)
				if first == nil {
					first = err
				}
			}
			if result != nil && !yield(result, nil) {
				return
			}
		}
		if first != nil {
			yield(nil, shownError{first})
		}
	}
}

// unreadable tells the error of a source from those of its commands: no command follows it.
func unreadable(err error) bool {
	var source *sourceError
	return errors.As(err, &source)
}

// sourceError is the error of a reader that commands come from.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// nextCommand reads a command, and marks the reader's own errors.
func nextCommand(scanner *lex.Scanner) (lex.Command, error) {
	cmd, err := scanner.Next()
	var syntax *lex.Error
	if err != nil && err != io.EOF && !errors.As(err, &syntax) {
		err = &sourceError{err}
	}
	return cmd, err
}

func (s *Shell) evalOne(ctx context.Context, cmd lex.Command, err error) (render.Result, error) {
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if cmd.Redirect != nil {
		return nil, s.command(ctx, cmd)
	}
	call, err := s.env.Commands.Parse(cmd.Words)
	if err != nil {
		return nil, err
	}
	return call.Run(ctx, s.env)
}
