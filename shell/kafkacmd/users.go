package kafkacmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
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
	if one, ok := kmodel.ParseScramMechanism(string(*m)); ok {
		return []kmodel.ScramMechanism{one}
	}
	return kmodel.ScramMechanisms()
}
