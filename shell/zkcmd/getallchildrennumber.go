package zkcmd

import (
	"context"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Descendants is the result of getAllChildrenNumber.
type Descendants struct {
	Path  string `json:"path"`
	Count int    `json:"descendants"`
}

// View is the number.
func (d Descendants) View() render.View { return render.Text{Lines: []string{strconv.Itoa(d.Count)}} }

var getAllChildrenNumber = command.Spec{
	Name:  "getAllChildrenNumber",
	Group: command.Znodes,
	Args:  []command.Arg{herePath},
	Short: "count all znodes below a znode",
	Long:  "Servers know this since ZooKeeper 3.6. `stat` shows the number of a znode's own children.",
	Examples: []command.Example{
		{Line: "getAllChildrenNumber /brokers", Means: "children, their children, and so on"},
	},
	Pipelined: command.Always,
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			zk, path, err := target(ctx, env, args)
			if err != nil {
				return nil, err
			}
			n, err := zk.AllChildrenNumber(ctx, path)
			if err != nil {
				return nil, command.At(path, err)
			}
			return Descendants{path, n}, nil
		}
	},
}
