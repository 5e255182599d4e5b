package zkcmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Deleted is the result of delete: nothing to see.
type Deleted struct {
	Path string `json:"deleted"`
}

// View is empty.
func (Deleted) View() render.View { return render.Empty{} }

var del = command.Spec{
	Name:  "delete",
	Group: command.Znodes,
	Args:  []command.Arg{pathArg, versionArg},
	Short: "delete a znode that has no children",
	Examples: []command.Example{
		{Line: "delete /config", Means: "delete a znode"},
		{Line: "delete -v 3 /config", Means: "only if its dataVersion is 3"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		version := versionFlag(fs, "dataVersion")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			if len(args) > 1 {
				if *version, err = command.ParseVersion(args[1]); err != nil {
					return nil, err
				}
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			if err := zk.Delete(ctx, path, *version); err != nil {
				return nil, command.At(path, err)
			}
			return Deleted{Path: path}, nil
		}
	},
}
