package command

import (
	"context"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/lex"
)

// echo is a verb that fails with its name and arguments, which is how the test sees them.
func echo(name string) Spec {
	return Spec{Name: name, Short: name, Args: []Arg{{Name: "ARG", Optional: true, Repeat: true}}, Examples: []Example{{Line: name, Means: name}},
		Bind: func(fs *pflag.FlagSet) Run {
			loud := fs.Bool("loud", false, "louder")
			return func(_ context.Context, _ *Env, args []lex.Word) (render.Result, error) {
				text := "ran"
				for _, w := range args {
					text += " " + w.Text
				}
				if *loud {
					text += "!"
				}
				return nil, Usagef("%s", text)
			}
		}}
}

func TestVerbs(t *testing.T) {
	r, err := NewRegistry([]Spec{{Name: "topics", Aliases: []string{"t"}, Short: "topics",
		Examples: []Example{{Line: "topics", Means: "list"}}, Verbs: Verbs("topics", echo("list"), echo("create"))}})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"topics":              "topics: ran",
		"t":                   "topics: ran",
		"topics --loud":       "topics: ran!",
		"topics list a b":     "topics list: ran a b",
		"t create --loud a":   "topics create: ran a!",
		"topics crate":        "topics crate: no such verb; did you mean create?",
		"topics xyz":          "topics xyz: no such verb; there are list, create",
		"topics create --mad": "topics create: ran --mad",
	} {
		cmds, err := lex.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		call, err := r.Parse(cmds[0].Words)
		if err == nil {
			_, err = call.Run(t.Context(), &Env{})
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	for line, want := range map[string]string{
		"topics --help": "usage: topics [VERB …]",
		"topics -h":     "  create  create",
	} {
		cmds, _ := lex.Parse(line)
		call, err := r.Parse(cmds[0].Words)
		if err != nil {
			t.Fatal(err)
		}
		result, err := call.Run(t.Context(), &Env{})
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(result.View().(render.Text).Lines, "\n"); !strings.Contains(text, want) {
			t.Errorf("%s says\n%s", line, text)
		}
	}
}
