package command

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/lex"
)

// Call is a command with the flags and arguments of one line, ready to run once.
type Call struct {
	Spec *Spec
	Args []lex.Word
	// Pipelined tells that the call issues exactly one request.
	Pipelined bool

	name string // as errors have it: topics create
	run  Run
}

// Run runs the command. Its errors bear the command's name. There is a result beside a *[PartialError] only: what was
// done, to be shown before what was not.
func (c *Call) Run(ctx context.Context, env *Env) (render.Result, error) {
	result, err := c.run(ctx, env, c.Args)
	if err != nil && !is[*PartialError](err) {
		result = nil
	}
	return result, named(c.name, err)
}

// Parse makes a Call of the words of a line: the command's name, then flags and arguments in any order. The
// errors are *[UnknownError] and, with the command's name before it, *[UsageError].
func (r *Registry) Parse(words []lex.Word) (*Call, error) {
	spec, err := r.Lookup(words[0].Text)
	if err != nil {
		return nil, err
	}
	call, err := spec.parse(words)
	if err != nil && spec.Habit != nil {
		if right := spec.Habit(words[1:]); right != "" {
			return nil, named(words[0].Text, OldWords(right))
		}
	}
	return call, err
}

// OldWords is the error for a line in the words of another program; right is the same in those of this shell.
func OldWords(right string) error {
	return Usagef("those are the words of another program; here it is `%s`", right)
}

// parse is Parse once it is known which command it is.
func (s *Spec) parse(words []lex.Word) (*Call, error) {
	spec := s
	typed, name, rest := words[0].Text, spec.Name, words[1:]
	if len(spec.Verbs) > 0 {
		verb, behind, err := spec.verb(rest)
		if errors.Is(err, errHelp) {
			return helpCall(spec), nil
		}
		if err != nil {
			return nil, err
		}
		if len(behind) < len(rest) {
			typed, name = typed+" "+rest[0].Text, name+" "+verb.Name
		}
		spec, rest = verb, behind
	}
	fs, run := spec.bind()
	args, err := ParseFlags(fs, rest, false)
	if err == nil {
		err = spec.checkArgs(args)
	}
	if errors.Is(err, errHelp) {
		return helpCall(spec), nil
	}
	if err != nil {
		return nil, named(typed, err)
	}
	return &Call{
		name:      name,
		Spec:      spec,
		Args:      args,
		Pipelined: spec.Pipelined != nil && spec.Pipelined(fs),
		run:       run,
	}, nil
}

// helpCall shows a row's help text.
func helpCall(spec *Spec) *Call {
	return &Call{Spec: spec, run: func(context.Context, *Env, []lex.Word) (render.Result, error) { return spec.Help(), nil }}
}

// errHelp is --help where no argument can be.
var errHelp = errors.New("help wanted")

// asksHelp tells --help from other words.
func asksHelp(w lex.Word) bool {
	return !w.Quoted && (w.Text == "--help" || w.Text == "-h" || w.Text == "-?")
}

// checkArgs compares the arguments with the row: their number, and what each may be.
func (s *Spec) checkArgs(args []lex.Word) error {
	for i, w := range args {
		a, ok := s.argAt(i)
		if dashed(w) && !(ok && a.takesDash(w.Text)) {
			if asksHelp(w) {
				return errHelp
			}
			return Usagef("%s: unknown flag; usage: %s", w.Text, s.Usage())
		}
	}
	for i, w := range args {
		a, ok := s.argAt(i)
		if !ok || a.Legacy && a.check(w) != nil {
			return s.surplus(args, i)
		}
		if err := a.check(w); err != nil {
			return Usagef("%s%s", err.Error(), s.quoteHint(args, i))
		}
	}
	if len(args) < len(s.Args) {
		if missing := s.Args[len(args)]; !missing.Optional && !missing.Legacy {
			return Usagef("missing %s; usage: %s", missing.Name, s.Usage())
		}
	}
	return nil
}

// argAt returns what stands at a position.
func (s *Spec) argAt(i int) (Arg, bool) {
	if n := len(s.Args); i >= n {
		if n > 0 && s.Args[n-1].Repeat {
			return s.Args[n-1], true
		}
		return Arg{}, false
	}
	return s.Args[i], true
}

// surplus is the error for an argument that has no place.
func (s *Spec) surplus(args []lex.Word, i int) error {
	hint := s.quoteHint(args, i)
	if hint == "" && len(s.Args) > 0 && s.Args[0].Kind == Path && (len(s.Args) == 1 || s.Args[1].Legacy) {
		hint = "; a path with blanks wants quotes: " + s.joined(args, 0)
	}
	if hint != "" {
		return Usagef("%s: one argument too many%s", lex.Quote(args[i].Text), hint)
	}
	return Usagef("%s: one argument too many; usage: %s", lex.Quote(args[i].Text), s.Usage())
}

// quoteHint says how to write the arguments from the data on as one, when that may have been meant.
func (s *Spec) quoteHint(args []lex.Word, i int) string {
	for at, a := range s.Args[:min(i, len(s.Args))] {
		if a.Kind == Data {
			return "; data with blanks wants quotes: " + s.joined(args, at)
		}
	}
	return ""
}

// joined is the line with the arguments from one on as a single word.
func (s *Spec) joined(args []lex.Word, from int) string {
	line := s.Name
	for _, w := range args[:from] {
		line += " " + lex.Quote(w.Text)
	}
	var texts []string
	for _, w := range args[from:] {
		texts = append(texts, w.Text)
	}
	return line + " " + lex.Quote(strings.Join(texts, " "))
}

// takesDash tells whether a word that begins with - can be this argument.
func (a Arg) takesDash(text string) bool {
	switch a.Kind {
	case Data, Text:
		return true
	case Version, Number:
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	}
	return false
}

// check checks an argument that is given.
func (a Arg) check(w lex.Word) error {
	switch a.Kind {
	case Version:
		_, err := ParseVersion(w)
		return err
	case Number:
		if _, err := strconv.ParseInt(w.Text, 10, 64); err != nil {
			return Usagef("%s: not a whole number", lex.Quote(w.Text))
		}
	case ACL:
		if _, err := zkproto.ParseACLs(w.Text); err != nil {
			return &UsageError{Msg: err.Error()}
		}
	case Choice:
		for _, v := range a.Values {
			if w.Text == v {
				return nil
			}
		}
		return Usagef("%s: %s is one of %s", lex.Quote(w.Text), a.Name, strings.Join(a.Values, ", "))
	}
	return nil
}

// ParseVersion reads an argument of kind Version.
func ParseVersion(w lex.Word) (int32, error) {
	v, err := strconv.ParseInt(w.Text, 10, 32)
	if err != nil {
		return 0, Usagef("%s: not a version number", lex.Quote(w.Text))
	}
	return int32(v), nil
}
