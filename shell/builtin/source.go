package builtin

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var source = command.Spec{
	Name:  "source",
	Group: command.Shell,
	Args:  []command.Arg{{Name: "FILE", Kind: command.File}},
	Short: "run the commands of a file",
	Long:  "It ends at the first command that fails, unless the option keep-going is on.",
	Examples: []command.Example{
		{Line: "source setup.zk", Means: "run a script"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			f, err := os.Open(args[0].Text)
			if err != nil {
				return nil, err
			}
			return Evaluated{func(yield func(render.Result, error) bool) {
				defer f.Close()
				for result, err := range env.Loop.Eval(ctx, args[0].Text, f) {
					if !yield(result, err) {
						return
					}
				}
			}}, nil
		}
	},
}

// Echo is the result of echo.
type Echo struct {
	Text string `json:"text"`
}

// View is the text.
func (e Echo) View() render.View { return render.Text{Lines: strings.Split(e.Text, "\n")} }

var echo = command.Spec{
	Name:     "echo",
	Group:    command.Shell,
	Args:     []command.Arg{{Name: "WORD", Kind: command.Text, Optional: true, Repeat: true}},
	Short:    "show words, for the output of scripts",
	Examples: []command.Example{{Line: `echo "== before"`, Means: "a headline"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
			texts := make([]string, len(args))
			for i, w := range args {
				texts[i] = w.Text
			}
			return Echo{strings.Join(texts, " ")}, nil
		}
	},
}
