package command

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
)

// Help is the help text of one command. It is a render.Result.
type Help struct {
	Name     string        `json:"name"`
	Aliases  []string      `json:"aliases,omitempty"`
	Usage    string        `json:"usage"`
	Short    string        `json:"short"`
	Long     string        `json:"long,omitempty"`
	Flags    []FlagHelp    `json:"flags,omitempty"`
	Verbs    []IndexEntry  `json:"verbs,omitempty"`
	Examples []ExampleHelp `json:"examples"`
}

// FlagHelp is a flag in a help text.
type FlagHelp struct {
	Name    string `json:"name"`
	Short   string `json:"short,omitempty"` // one letter
	Value   string `json:"value,omitempty"` // what it wants, "" for a switch
	Default string `json:"default,omitempty"`
	Usage   string `json:"usage"`
}

// ExampleHelp is an example in a help text.
type ExampleHelp struct {
	Line  string `json:"line"`
	Means string `json:"means"`
}

// Help is the command's help text, made of its row.
func (s *Spec) Help() Help {
	h := Help{Name: s.Name, Aliases: s.Aliases, Usage: s.Usage(), Short: s.Short, Long: s.Long}
	for i := range s.Verbs {
		h.Verbs = append(h.Verbs, IndexEntry{s.Verbs[i].Name, s.Verbs[i].Usage(), s.Verbs[i].Short})
	}
	if len(h.Verbs) == 0 {
		s.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				h.Flags = append(h.Flags, flagHelp(f))
			}
		})
	}
	for _, e := range s.Examples {
		h.Examples = append(h.Examples, ExampleHelp{Line: s.within(e.Line), Means: e.Means})
	}
	return h
}

// within is a line as it is typed.
func (s *Spec) within(line string) string {
	if s.Within == "" {
		return line
	}
	return s.Within + " " + line
}

func flagHelp(f *pflag.Flag) FlagHelp {
	value, usage := pflag.UnquoteUsage(f)
	fh := FlagHelp{Name: f.Name, Short: f.Shorthand, Value: value, Usage: usage}
	if f.NoOptDefVal != "" {
		fh.Value = ""
	} else if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "[]" {
		fh.Default = f.DefValue
	}
	return fh
}

// Usage is the command with its flags and arguments: `set [-s] [-v VERSION] PATH DATA`.
func (s *Spec) Usage() string {
	parts := []string{s.within(s.Name)}
	if len(s.Verbs) > 0 {
		return parts[0] + " [VERB …]"
	}
	s.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		text := "-" + f.Shorthand
		if f.Shorthand == "" {
			text = "--" + f.Name
		}
		if f.NoOptDefVal == "" {
			text += " " + valueName(f)
		}
		parts = append(parts, "["+text+"]")
	})
	for _, a := range s.Args {
		if a.Legacy {
			continue
		}
		text := a.Name
		if a.Repeat {
			text += "…"
		}
		if a.Optional {
			text = "[" + text + "]"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// View is the text that people read.
func (h Help) View() render.View {
	lines := []string{"usage: " + h.Usage, "", h.Short}
	if len(h.Aliases) > 0 {
		lines = append(lines, "also called "+strings.Join(h.Aliases, ", "))
	}
	if h.Long != "" {
		lines = append(lines, "")
		lines = append(lines, strings.Split(h.Long, "\n")...)
	}
	if len(h.Verbs) > 0 {
		lines = append(lines, "", "VERB is one of these, the first where there is none; `"+h.Name+" VERB --help` explains it:")
		lines = append(lines, entryLines(h.Verbs)...)
	}
	if len(h.Flags) > 0 {
		lines = append(lines, "")
		lines = append(lines, flagLines(h.Flags)...)
	}
	lines = append(lines, "", "examples:")
	width := 0
	for _, e := range h.Examples {
		width = max(width, len(e.Line))
	}
	for _, e := range h.Examples {
		lines = append(lines, fmt.Sprintf("  %-*s  %s", width, e.Line, e.Means))
	}
	return render.Text{Lines: lines}
}

// FlagUsage is the table of a flag set's flags, for the help of zoka itself.
func FlagUsage(fs *pflag.FlagSet) []string {
	var flags []FlagHelp
	fs.VisitAll(func(f *pflag.Flag) { flags = append(flags, flagHelp(f)) })
	return flagLines(flags)
}

func flagLines(flags []FlagHelp) []string {
	heads := make([]string, len(flags))
	width := 0
	for i, f := range flags {
		heads[i] = "    --" + f.Name
		if f.Short != "" {
			heads[i] = "-" + f.Short + ", --" + f.Name
		}
		if f.Value != "" {
			heads[i] += " " + f.Value
		}
		width = max(width, len(heads[i]))
	}
	lines := make([]string, len(flags))
	for i, f := range flags {
		lines[i] = fmt.Sprintf("  %-*s  %s", width, heads[i], f.Usage)
		if f.Default != "" {
			lines[i] += " (default " + f.Default + ")"
		}
	}
	return lines
}

// Index is the list of all commands. It is a render.Result.
type Index struct {
	Groups []IndexGroup `json:"groups"`
}

// IndexGroup is the commands under one heading.
type IndexGroup struct {
	Name     Group        `json:"name"`
	Commands []IndexEntry `json:"commands"`
}

// IndexEntry is a command in the list.
type IndexEntry struct {
	Name  string `json:"name"`
	Usage string `json:"usage"`
	Short string `json:"short"`
}

// Index lists the commands that are not hidden, by group.
func (r *Registry) Index() Index {
	var index Index
	for _, g := range Groups {
		group := IndexGroup{Name: g}
		for _, s := range r.specs {
			if s.Group == g && !s.Hidden {
				group.Commands = append(group.Commands, IndexEntry{s.Name, s.Usage(), s.Short})
			}
		}
		if len(group.Commands) > 0 {
			index.Groups = append(index.Groups, group)
		}
	}
	return index
}

// View is the text that people read.
func (x Index) View() render.View {
	var all []IndexEntry
	for _, g := range x.Groups {
		all = append(all, g.Commands...)
	}
	rows := entryLines(all)
	var lines []string
	for _, g := range x.Groups {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, string(g.Name))
		lines, rows = append(lines, rows[:len(g.Commands)]...), rows[len(g.Commands):]
	}
	return render.Text{Lines: append(lines, "", "`help COMMAND` tells more of one")}
}

// entryLines are names with what they do, aligned.
func entryLines(entries []IndexEntry) []string {
	width := 0
	for _, e := range entries {
		width = max(width, len(e.Name))
	}
	lines := make([]string, len(entries))
	for i, e := range entries {
		lines[i] = fmt.Sprintf("  %-*s  %s", width, e.Name, e.Short)
	}
	return lines
}
