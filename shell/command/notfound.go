package command

import (
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// NotFoundError tells that there is no topic, group, broker or key of a name, and which names are near.
type NotFoundError struct {
	Kind        string // topic, group, broker …
	Name        string
	Suggestions []string
}

// NotFound makes a *[NotFoundError] with the nearest of the names that there are.
func NotFound(kind, name string, known []string) error {
	return &NotFoundError{Kind: kind, Name: name, Suggestions: suggest(name, known)}
}

func (e *NotFoundError) Error() string {
	msg := "no such " + e.Kind + ": " + lex.Quote(e.Name)
	if len(e.Suggestions) > 0 {
		msg += "; did you mean " + strings.Join(e.Suggestions, " or ") + "?"
	}
	return msg
}
