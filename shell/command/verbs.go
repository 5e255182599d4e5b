package command

import (
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// Verbs are rows for Spec.Verbs of the command called within: usage lines and examples begin with it.
func Verbs(within string, verbs ...Spec) []Spec {
	for i := range verbs {
		verbs[i].Within = within
	}
	return verbs
}

// Verb is the row of a verb's name or alias, nil if there is none.
func (s *Spec) Verb(name string) *Spec {
	for i := range s.Verbs {
		for _, n := range s.Verbs[i].names() {
			if n == name {
				return &s.Verbs[i]
			}
		}
	}
	return nil
}

// verb finds the row that a line's words behind the command's name are for, and the words that are left for it. The
// error is errHelp where help is asked for of the command itself.
func (s *Spec) verb(words []lex.Word) (*Spec, []lex.Word, error) {
	if len(words) == 0 {
		return &s.Verbs[0], words, nil
	}
	first := words[0]
	switch {
	case asksHelp(first):
		return nil, nil, errHelp
	case dashed(first):
		return &s.Verbs[0], words, nil
	}
	if verb := s.Verb(first.Text); verb != nil {
		return verb, words[1:], nil
	}
	var names []string
	for i := range s.Verbs {
		names = append(names, s.Verbs[i].Name)
	}
	unknown := &UnknownError{Name: first.Text, Suggestions: suggest(first.Text, names)}
	return nil, nil, &Error{Command: s.Name + " " + lex.Quote(first.Text), Err: &verbError{unknown, names}}
}

// verbError tells that a command has no verb of a name.
type verbError struct {
	unknown *UnknownError
	names   []string
}

func (e *verbError) Error() string {
	if near := e.unknown.Suggestions; len(near) > 0 {
		return "no such verb; did you mean " + strings.Join(near, " or ") + "?"
	}
	return "no such verb; there are " + strings.Join(e.names, ", ")
}

func (e *verbError) Unwrap() error { return e.unknown }
