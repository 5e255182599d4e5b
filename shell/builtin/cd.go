package builtin

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var cd = command.Spec{
	Name:  "cd",
	Group: command.Session,
	Args:  []command.Arg{{Name: "PATH", Kind: command.Path, Optional: true}},
	Short: "change the working znode, from which relative paths start",
	Examples: []command.Example{
		{Line: "cd /brokers", Means: "then `ls ids` is `ls /brokers/ids`"},
		{Line: "cd ..", Means: "one up"},
		{Line: "cd -", Means: "back to where it was before"},
		{Line: "cd", Means: "the root"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path := "/"
			if len(args) > 0 {
				var err error
				if path, err = env.Path(args[0]); err != nil {
					return nil, err
				}
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			if _, err := zk.Exists(ctx, path, nil); err != nil {
				return nil, command.At(path, err)
			}
			env.SetDir(path)
			return nil, nil
		}
	},
}

// Dir is the result of pwd.
type Dir struct {
	Path string `json:"path"`
}

// View is one line.
func (d Dir) View() render.View { return render.Text{Lines: []string{d.Path}, Role: theme.Path} }

var pwd = command.Spec{
	Name:     "pwd",
	Group:    command.Session,
	Short:    "show the working znode",
	Examples: []command.Example{{Line: "pwd", Means: "its path"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			return Dir{env.Dir()}, nil
		}
	},
}
