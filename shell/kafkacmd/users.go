package kafkacmd

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Users is the result of users list: a row for each credential.
type Users []User

// User is a SCRAM credential of a user, of which brokers tell no more.
type User struct {
	User       string `json:"user"`
	Mechanism  string `json:"mechanism"`
	Iterations int32  `json:"iterations"`
}

// View is a table.
func (u Users) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "user"}, {Name: "mechanism"}, {Name: "iterations", Right: true}}}
	for _, row := range u {
		t.Rows = append(t.Rows, []render.Cell{{Text: row.User, Role: theme.Path}, {Text: row.Mechanism}, {Text: itoa(int64(row.Iterations))}})
	}
	return t
}

// UserChanged is the result of users set and users delete.
type UserChanged struct {
	User       string   `json:"user"`
	Mechanisms []string `json:"mechanisms"`
	Deleted    bool     `json:"deleted,omitempty"`
}

// View is a line.
func (u UserChanged) View() render.View {
	line := u.User + ": "
	if u.Deleted {
		line += "no "
	}
	return render.Text{Lines: []string{line + strings.Join(u.Mechanisms, ", ")}}
}

var users = command.Spec{
	Name:  "users",
	Group: command.Cluster,
	Short: "list users that log in by SCRAM, set and delete their passwords",
	Long: "Brokers keep them, of Kafka 2.7 and later. A password is typed, or read from a file or the environment, and never\n" +
		"stands in the line; brokers are sent what it was salted to. The quotas of users are configs user NAME.",
	Examples: []command.Example{
		{Line: "users", Means: "who has which credentials"},
		{Line: "users set alice", Means: "asks for a password"},
		{Line: "users delete alice", Means: "alice cannot log in by SCRAM any more"},
	},
	Verbs: command.Verbs("users", usersList, usersSet, usersDelete),
}

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

// noUser is the error for a user without credentials.
func noUser(ctx context.Context, kafka command.Kafka, name string) error {
	all, _ := kafka.Scram(ctx) // only for near names
	var names []string
	for _, s := range all {
		names = append(names, s.User)
	}
	return command.NotFound("user with a SCRAM credential", name, names)
}

// noScram says of a broker that does not know the request what it lacks.
func noScram(err error) error {
	if errors.Is(err, kproto.UnsupportedVersion) {
		return &scramError{err}
	}
	return err
}

type scramError struct{ err error }

func (*scramError) Error() string {
	return "these brokers keep no SCRAM credentials that can be asked for or changed: Kafka does since 2.7"
}
func (e *scramError) Unwrap() error { return e.err }

// leastIterations are what Kafka asks for at least, and what its own tools take.
const leastIterations = 4096

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
		iterations := fs.Int32("iterations", leastIterations, "how often the password is hashed, a `NUMBER`")
		file := fs.String("password-file", "", "a `FILE` whose first line is the password; - is standard input")
		variable := fs.String("password-env", "", "the `NAME` of an environment variable with the password")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			switch {
			case *iterations < leastIterations:
				return nil, command.Usagef("--iterations %d: at least %d", *iterations, leastIterations)
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

// changeUser changes the credentials of a user one by one, since brokers of Kafka 4 take one change of a user in a request,
// and waits until a broker answers with them.
func changeUser(ctx context.Context, kafka command.Kafka, out UserChanged, credentials []kmodel.Scram, change func(kmodel.Scram) error) (render.Result, error) {
	var failures []failure
	for _, s := range credentials {
		if err := change(s); err != nil {
			failures = append(failures, failure{out.User + " " + s.Mechanism.String(), noScram(err)})
			continue
		}
		out.Mechanisms = append(out.Mechanisms, s.Mechanism.String())
		settle(ctx, func(ctx context.Context) (bool, error) {
			found, err := kafka.Scram(ctx, out.User)
			return slices.ContainsFunc(found, func(f kmodel.Scram) bool {
				return f.Mechanism == s.Mechanism && (out.Deleted || f.Iterations == s.Iterations)
			}) != out.Deleted, err
		})
	}
	return out, incomplete(len(out.Mechanisms), failures, "credentials")
}

// mechanismFlag is the flag of a mechanism, "" for both.
type mechanismFlag string

// Set takes a name in any case.
func (m *mechanismFlag) Set(s string) error {
	return setChoice((*string)(m), strings.ToUpper(s), kmodel.ScramSHA256.String(), kmodel.ScramSHA512.String())
}

func (m *mechanismFlag) String() string { return string(*m) }

// Type names the kind of value in usage texts.
func (m *mechanismFlag) Type() string { return "MECHANISM" }

func (m *mechanismFlag) chosen() []kmodel.ScramMechanism {
	all := []kmodel.ScramMechanism{kmodel.ScramSHA256, kmodel.ScramSHA512}
	for _, one := range all {
		if one.String() == string(*m) {
			return []kmodel.ScramMechanism{one}
		}
	}
	return all
}
