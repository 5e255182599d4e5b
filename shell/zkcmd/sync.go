package zkcmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Synced is the result of sync.
type Synced struct {
	Path   string `json:"path"`
	Synced bool   `json:"synced"` // true
}

// View is zkCli's line.
func (Synced) View() render.View { return render.Text{Lines: []string{"Sync is OK"}} }

var syncPath = command.Spec{
	Name:  "sync",
	Group: command.Ensemble,
	Args:  []command.Arg{herePath},
	Short: "wait until the server has caught up with the leader",
	Long:  "What is read after it is at least as new as the moment it was called. The znode need not exist.",
	Examples: []command.Example{
		{Line: "sync /", Means: "then `get` shows the latest state"},
	},
	Pipelined: command.Always,
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			zk, path, err := target(ctx, env, args)
			if err != nil {
				return nil, err
			}
			if err := zk.Sync(ctx, path); err != nil {
				return nil, command.At(path, err)
			}
			return Synced{path, true}, nil
		}
	},
}
