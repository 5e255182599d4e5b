package zkcmd

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Identities is the result of whoami.
type Identities []Identity

// Identity is one of the identities that the server sees in the session. Of passwords it tells nothing.
type Identity struct {
	Scheme string `json:"scheme"`
	User   string `json:"user"`
}

// View is a line for each.
func (ids Identities) View() render.View {
	f := render.Fields{Sep: ": "}
	for _, id := range ids {
		f.Items = append(f.Items, render.Field{Key: id.Scheme, Value: render.Cell{Text: id.User, Role: theme.Value}})
	}
	return f
}

var whoami = command.Spec{
	Name:  "whoami",
	Group: command.Access,
	Short: "show the identities of this session",
	Long:  "Servers know this since ZooKeeper 3.7.",
	Examples: []command.Example{
		{Line: "whoami", Means: "scheme and user of each identity"},
	},
	Pipelined: command.Always,
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			infos, err := zk.WhoAmI(ctx)
			if err != nil {
				return nil, err
			}
			ids := make(Identities, len(infos))
			for i, info := range infos {
				ids[i] = Identity(info)
			}
			slices.SortFunc(ids, func(a, b Identity) int { // servers have them in no order
				return cmp.Or(strings.Compare(a.Scheme, b.Scheme), strings.Compare(a.User, b.User))
			})
			return ids, nil
		}
	},
}
