package builtin

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var help = command.Spec{
	Name:    "help",
	Aliases: []string{"?"},
	Group:   command.Shell,
	Args: []command.Arg{
		{Name: "COMMAND", Kind: command.Command, Optional: true},
		{Name: "VERB", Kind: command.Text, Optional: true},
	},
	Short: "list the commands, or explain one",
	Examples: []command.Example{
		{Line: "help", Means: "all commands"},
		{Line: "help create", Means: "usage, flags and examples of one"},
		{Line: "help topics create", Means: "of one of its verbs"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if len(args) == 0 {
				return env.Commands.Index(), nil
			}
			spec, err := env.Commands.Lookup(args[0].Text)
			if err != nil {
				return nil, err
			}
			if len(args) > 1 {
				verb := spec.Verb(args[1].Text)
				if verb == nil {
					return nil, command.Usagef("%s has no verb %s", spec.Name, lex.Quote(args[1].Text))
				}
				spec = verb
			}
			return spec.Help(), nil
		}
	},
}

// Version is the result of version.
type Version struct {
	Version string `json:"version"`
}

// View is one line.
func (v Version) View() render.View { return render.Text{Lines: []string{"zoka " + v.Version}} }

var version = command.Spec{
	Name:     "version",
	Group:    command.Shell,
	Short:    "show zoka's version",
	Examples: []command.Example{{Line: "version", Means: "zoka's version"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			return Version{env.Version}, nil
		}
	},
}
