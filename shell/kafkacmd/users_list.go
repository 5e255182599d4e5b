package kafkacmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var usersList = command.Spec{
	Name:  "list",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "USER", Kind: command.Text, Optional: true, Repeat: true}},
	Short: "show which credentials users have",
	Examples: []command.Example{
		{Line: "list", Means: "of all users"},
		{Line: "list alice", Means: "of one"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			found, err := kafka.Scram(ctx, texts(args)...)
			if err != nil {
				return nil, noScram(err)
			}
			out := Users{}
			has := map[string]bool{}
			for _, s := range found {
				out = append(out, User{s.User, s.Mechanism.String(), s.Iterations})
				has[s.User] = true
			}
			for _, w := range args {
				if !has[w.Text] {
					return nil, noUser(ctx, kafka, w.Text)
				}
			}
			return out, nil
		}
	},
}
