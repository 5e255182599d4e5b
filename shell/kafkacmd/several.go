package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// failure is one of several things that could not be done.
type failure struct {
	name string
	err  error
}

// incomplete is the error of a command on several things: nil where all were done. Where some were it is a
// *command.PartialError, beside which the result is shown.
func incomplete(done int, failures []failure, things string) error {
	switch {
	case len(failures) == 0:
		return nil
	case len(failures) == 1 && done == 0:
		return command.At(failures[0].name, failures[0].err)
	}
	err := &failedError{failures, done + len(failures), things}
	if done > 0 {
		return &command.PartialError{Err: err}
	}
	return err
}

// failedError names what failed.
type failedError struct {
	failures []failure
	of       int
	things   string
}

func (e *failedError) Error() string {
	const shown = 5
	var texts []string
	for _, f := range e.failures[:min(len(e.failures), shown)] {
		texts = append(texts, f.name+": "+command.Reason(f.err))
	}
	if more := len(e.failures) - shown; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d of %d %s failed: %s", len(e.failures), e.of, e.things, strings.Join(texts, "; "))
}

func (e *failedError) Unwrap() []error {
	errs := make([]error, len(e.failures))
	for i, f := range e.failures {
		errs[i] = f.err
	}
	return errs
}

// texts are the words as they are meant.
func texts(words []lex.Word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.Text
	}
	return out
}

// matchers are patterns of which each matches whole names.
func matchers(patterns []lex.Word) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, p := range patterns {
		re, err := regexp.Compile("^(?:" + p.Text + ")$")
		if err != nil {
			return nil, command.Usagef("%s: no regular expression: %v", lex.Quote(p.Text), errors.Unwrap(err))
		}
		out = append(out, re)
	}
	return out, nil
}

func matchesAny(patterns []*regexp.Regexp, name string) bool {
	for _, re := range patterns {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// confirm makes sure that something is meant that cannot be undone: by --yes, or by asking who types. It shows names
// that the line did not name itself.
func confirm(ctx context.Context, env *command.Env, yes bool, deed string, names []string) error {
	if yes {
		return nil
	}
	list := shorten(names, 20)
	if env.ReadLine == nil {
		return command.Usagef("that would %s: %s; --yes does it", deed, list)
	}
	env.Notify(deed + ": " + list)
	answer, err := env.ReadLine(ctx, "do it? (y/n) ")
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("not done: it was not confirmed")
}

// shorten joins names, the first most of them.
func shorten(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// count is a number with its noun: 1 topic, 2 topics.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
