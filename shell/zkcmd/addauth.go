package zkcmd

import (
	"bytes"
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Authenticated is the result of addauth: nothing to see.
type Authenticated struct {
	Scheme string `json:"scheme"`
}

// View is empty.
func (Authenticated) View() render.View { return render.Empty{} }

var addauth = command.Spec{
	Name:  "addauth",
	Group: command.Access,
	Args: []command.Arg{
		{Name: "SCHEME", Kind: command.Text, Values: []string{"digest"}},
		{Name: "AUTH", Kind: command.Data, Optional: true},
	},
	Short: "add an identity to this session",
	Long: "For the scheme digest AUTH is user:password. The line is kept out of the history; AUTH can also stand in\n" +
		"a file: @FILE, of which a line end at the end does not count. No server tells a wrong password: it makes\n" +
		"another identity, which whoami shows alike.",
	Examples: []command.Example{
		{Line: "addauth digest bob:secret", Means: "a user and a password"},
		{Line: "addauth digest @bob.secret", Means: "the same from a file"},
	},
	Secret: true,
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			var auth []byte
			if len(args) > 1 {
				var err error
				if auth, err = env.Data(args[1]); err != nil {
					return nil, err
				}
				if !args[1].Quoted && args[1].Text != "" && args[1].Text[0] == '@' {
					auth = bytes.TrimSuffix(bytes.TrimSuffix(auth, []byte("\n")), []byte("\r"))
				}
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			scheme := args[0].Text
			if err := zk.AddAuth(ctx, scheme, auth); err != nil {
				return nil, &command.Error{Command: "addauth " + lex.Quote(scheme), Err: err}
			}
			return Authenticated{Scheme: scheme}, nil
		}
	},
}
