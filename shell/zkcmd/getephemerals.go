package zkcmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Ephemerals is the result of getEphemerals.
type Ephemerals struct {
	Prefix string   `json:"prefix"`
	Paths  []string `json:"ephemerals"` // sorted
}

// View is one line, [/a, /b].
func (e Ephemerals) View() render.View { return render.List{Items: e.Paths, Role: theme.Path} }

var getEphemerals = command.Spec{
	Name:  "getEphemerals",
	Group: command.Session,
	Args:  []command.Arg{{Name: "PREFIX", Kind: command.Path, Optional: true}},
	Short: "list the ephemeral znodes of this session",
	Long:  "With PREFIX only those whose paths begin with it: /a finds /a, /a/b and /ab. Servers know this since\nZooKeeper 3.6.",
	Examples: []command.Example{
		{Line: "getEphemerals", Means: "all of this session"},
		{Line: "getEphemerals /members", Means: "those whose paths begin so"},
	},
	Pipelined: command.Always,
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			prefix := "/"
			if len(args) > 0 {
				var err error
				if prefix, err = env.Path(args[0]); err != nil {
					return nil, err
				}
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			paths, err := zk.Ephemerals(ctx, prefix)
			if err != nil {
				return nil, command.At(prefix, err)
			}
			if paths == nil {
				paths = []string{}
			}
			return Ephemerals{prefix, paths}, nil
		}
	},
}
