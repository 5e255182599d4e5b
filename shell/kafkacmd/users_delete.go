package kafkacmd

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var usersDelete = command.Spec{
	Name:  "delete",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "USER", Kind: command.Text}},
	Short: "delete the credentials of a user",
	Examples: []command.Example{
		{Line: "delete alice", Means: "all that there are"},
		{Line: "delete alice --mechanism SCRAM-SHA-256", Means: "one of them"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		var mechanism mechanismFlag
		fs.Var(&mechanism, "mechanism", "only `SCRAM-SHA-256|SCRAM-SHA-512`")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			out := UserChanged{User: args[0].Text, Deleted: true}
			found, err := kafka.Scram(ctx, out.User)
			if err != nil {
				return nil, command.At(out.User, noScram(err))
			}
			var remove []kmodel.Scram
			for _, s := range found {
				if mechanism == "" || string(mechanism) == s.Mechanism.String() {
					remove = append(remove, s)
				}
			}
			switch {
			case len(found) == 0:
				return nil, noUser(ctx, kafka, out.User)
			case len(remove) == 0:
				return nil, command.At(out.User, errors.New("it has no credential for "+string(mechanism)))
			}
			return changeUser(ctx, kafka, out, remove, func(s kmodel.Scram) error {
				return kafka.AlterScram(ctx, nil, []kmodel.Scram{s})
			})
		}
	},
}
