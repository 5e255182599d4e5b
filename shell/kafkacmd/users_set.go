package kafkacmd

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var usersSet = command.Spec{
	Name:  "set",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "USER", Kind: command.Text}},
	Short: "set the password of a user, who is made by it",
	Long:  "Without --mechanism it is set for both, SCRAM-SHA-256 and SCRAM-SHA-512.",
	Examples: []command.Example{
		{Line: "set alice", Means: "asks for the password, twice"},
		{Line: "set alice --mechanism SCRAM-SHA-512 --iterations 8192", Means: "for one mechanism, harder to guess"},
		{Line: "set alice --password-file alice.secret", Means: "the first line of a file; - is standard input"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		var mechanism mechanismFlag
		fs.Var(&mechanism, "mechanism", "only for `SCRAM-SHA-256|SCRAM-SHA-512`")
		iterations := fs.Int32("iterations", kmodel.LeastScramIterations, "how often the password is hashed, a `NUMBER`")
		file := fs.String("password-file", "", "a `FILE` whose first line is the password; - is standard input")
		variable := fs.String("password-env", "", "the `NAME` of an environment variable with the password")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			switch {
			case *iterations < kmodel.LeastScramIterations:
				return nil, command.Usagef("--iterations %d: at least %d", *iterations, kmodel.LeastScramIterations)
			case *file != "" && *variable != "":
				return nil, command.Usagef("--password-file and --password-env exclude each other")
			}
			password, err := readPassword(ctx, env, args[0].Text, *file, *variable)
			if err != nil {
				return nil, err
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			var credentials []kmodel.Scram
			for _, m := range mechanism.chosen() {
				credentials = append(credentials, kmodel.Scram{User: args[0].Text, Mechanism: m, Iterations: *iterations})
			}
			return changeUser(ctx, kafka, UserChanged{User: args[0].Text}, credentials, func(s kmodel.Scram) error {
				return kafka.AlterScram(ctx, []kmodel.ScramPassword{{Scram: s, Password: password}}, nil)
			})
		}
	},
}

// readPassword reads a password from where the flags say, or asks who types, twice.
func readPassword(ctx context.Context, env *command.Env, user, file, variable string) (string, error) {
	password := ""
	switch {
	case variable != "":
		value, set := os.LookupEnv(variable)
		if !set {
			return "", command.Usagef("--password-env %s: it is not set", variable)
		}
		password = value
	case file != "":
		data, err := env.Data(lex.Word{Text: "@" + file})
		if err != nil {
			return "", err
		}
		password, _, _ = strings.Cut(string(data), "\n")
		password = strings.TrimSuffix(password, "\r")
	case env.ReadSecret == nil:
		return "", command.Usagef("nobody types the password here: --password-file or --password-env says where it is")
	default:
		var again string
		var err error
		if password, err = env.ReadSecret(ctx, "password of "+user+": "); err == nil {
			again, err = env.ReadSecret(ctx, "once more: ")
		}
		switch {
		case errors.Is(err, io.EOF):
			return "", errors.New("not done: no password was typed")
		case err != nil:
			return "", err
		case again != password:
			return "", errors.New("not done: the two passwords are not the same")
		}
	}
	if password == "" {
		return "", command.Usagef("the password is empty")
	}
	return password, nil
}
