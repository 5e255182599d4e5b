package builtin

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var connect = command.Spec{
	Name:  "connect",
	Group: command.Session,
	Args:  []command.Arg{{Name: "SERVERS", Kind: command.Server, Optional: true}},
	Short: "open a session on other servers, or a new one on the same",
	Long: "SERVERS is host:port[,host:port…][/chroot]. The session before is closed once the new one is open: its\n" +
		"ephemeral znodes and watches are gone. -b turns to other Kafka brokers instead, and leaves the session alone\n" +
		"unless SERVERS are named too. Brokers that were found through ZooKeeper are looked for again.",
	Examples: []command.Example{
		{Line: "connect 127.0.0.1:2182", Means: "another server"},
		{Line: "connect zk1:2181,zk2:2181/app", Means: "an ensemble, everything below /app"},
		{Line: "connect", Means: "again, after close"},
		{Line: "connect -b broker1:9092", Means: "another Kafka cluster"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		bootstrap := fs.StringP("bootstrap-server", "b", "", "`HOST:PORT`[,HOST:PORT…] of Kafka brokers")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if *bootstrap != "" {
				if err := env.Brokers.Connect(ctx, *bootstrap); err != nil || len(args) == 0 {
					return nil, err
				}
			}
			servers := ""
			if len(args) > 0 {
				servers = args[0].Text
			}
			return nil, env.Session.Connect(ctx, servers)
		}
	},
}

var closeSession = command.Spec{
	Name:     "close",
	Group:    command.Session,
	Short:    "end the session; its ephemeral znodes are gone at once",
	Examples: []command.Example{{Line: "close", Means: "end the session, stay in the shell"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			return nil, env.Session.Close(ctx)
		}
	},
}

var quit = command.Spec{
	Name:     "quit",
	Aliases:  []string{"exit"},
	Group:    command.Shell,
	Short:    "end the session and leave the shell",
	Examples: []command.Example{{Line: "quit", Means: "as Ctrl-D does"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(context.Context, *command.Env, []lex.Word) (render.Result, error) {
			return nil, command.ErrQuit
		}
	},
}
