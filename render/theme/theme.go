// Package theme gives colours to the roles that parts of the output play. It decides by its arguments alone
// whether there are colours; render, the prompt and the front ends hold one Theme each. It is the only
// package that knows github.com/fatih/color.
//
//	t := theme.For(term.IsTerminal(int(os.Stdout.Fd())), os.Getenv)
//	fmt.Println(t.Paint(theme.Path, "/brokers/ids"))
package theme

import "github.com/fatih/color"

// Role is what a piece of text is, whatever it looks like.
type Role uint8

// The roles. None is never painted.
const (
	None    Role = iota
	Path         // a znode's path or a child's name, a topic
	Key          // the name of a field
	Value        // the value of a field
	Null         // the mark of an absent value
	Header       // the heads of a table's columns
	Good         // a state that needs no one's attention
	Warning      // a state or message that may
	Error        // one that does
	Event        // what came by itself: a watch event, a change of the session
	Prompt       // the shell's prompt
	Dim          // what only frames the rest
	roles
)

// Theme paints. The zero Theme is Plain.
type Theme struct {
	colors *[roles]*color.Color
}

// Plain returns the Theme that leaves text as it is.
func Plain() Theme { return Theme{} }

// Color returns the Theme with colours, wherever the output goes.
func Color() Theme {
	colors := [roles]*color.Color{
		Path:    color.New(color.FgCyan),
		Key:     color.New(color.FgBlue),
		Null:    color.New(color.Faint, color.Italic),
		Header:  color.New(color.Bold),
		Good:    color.New(color.FgGreen),
		Warning: color.New(color.FgYellow),
		Error:   color.New(color.FgRed),
		Event:   color.New(color.FgMagenta),
		Prompt:  color.New(color.FgGreen, color.Bold),
		Dim:     color.New(color.Faint),
	}
	for _, c := range colors {
		if c != nil {
			c.EnableColor() // else the library's own look at standard output and the environment decides
		}
	}
	return Theme{colors: &colors}
}

// For returns the Theme for an output. Colours need a terminal that can show them (TERM is not dumb);
// CLICOLOR_FORCE other than 0 stands in for that, and NO_COLOR with any value but an empty one forbids them.
// env looks up a variable of the environment, as os.Getenv does.
func For(isTerminal bool, env func(string) string) Theme {
	force := env("CLICOLOR_FORCE")
	switch {
	case env("NO_COLOR") != "":
		return Plain()
	case force != "" && force != "0":
		return Color()
	case !isTerminal || env("TERM") == "dumb":
		return Plain()
	}
	return Color()
}

// Paint returns s in the colours of its role. The text must be safe for a terminal already.
func (t Theme) Paint(r Role, s string) string {
	if t.colors == nil || s == "" || r >= roles || t.colors[r] == nil {
		return s
	}
	return t.colors[r].Sprint(s)
}
