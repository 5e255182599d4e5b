package builtin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// recent is how many commands history shows unless told.
const recent = 20

// History is the result of history.
type History []HistoryEntry

// HistoryEntry is a command that was typed. Number is what redo takes.
type HistoryEntry struct {
	Number  int    `json:"number"`
	Command string `json:"command"`
}

// View has zkCli's lines: `3 - ls /`.
func (h History) View() render.View {
	var lines []string
	for _, e := range h {
		lines = append(lines, fmt.Sprintf("%d - %s", e.Number, e.Command))
	}
	return render.Text{Lines: lines}
}

var history = command.Spec{
	Name:  "history",
	Group: command.Shell,
	Args:  []command.Arg{{Name: "COUNT", Kind: command.Number, Optional: true}},
	Short: "list the last commands with their numbers",
	Long:  "The history is kept across sessions, in a file that nobody else can read. Commands that hold\nsecrets, such as addauth, are left out.",
	Examples: []command.Example{
		{Line: "history", Means: "the last 20"},
		{Line: "history 100", Means: "the last 100"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(_ context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			count := recent
			if len(args) > 0 {
				var err error
				if count, err = strconv.Atoi(args[0].Text); err != nil || count < 0 {
					return nil, command.Usagef("%s: not a number of commands", args[0].Text)
				}
			}
			lines := env.Loop.History()
			first := max(len(lines)-count, 0)
			entries := History{}
			for i, line := range lines[first:] {
				entries = append(entries, HistoryEntry{first + i, line})
			}
			return entries, nil
		}
	},
}

// Evaluated is what the commands of a script yield, one after another.
type Evaluated struct {
	Rows iter.Seq2[render.Result, error]
}

// View is the stream of the results.
func (e Evaluated) View() render.View { return render.Stream{Rows: e.Rows, Live: true} }

var redo = command.Spec{
	Name:     "redo",
	Group:    command.Shell,
	Args:     []command.Arg{{Name: "NUMBER", Kind: command.Number}},
	Short:    "run a command of the history again",
	Examples: []command.Example{{Line: "redo 3", Means: "the command with number 3"}},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			lines := env.Loop.History()
			n, err := strconv.Atoi(args[0].Text)
			if err != nil || n < 0 || n >= len(lines) {
				return nil, command.Usagef("%s: no command with that number; `history` lists them", args[0].Text)
			}
			cmds, err := lex.Parse(lines[n])
			if err != nil {
				return nil, err
			}
			for _, cmd := range cmds {
				if spec, err := env.Commands.Lookup(cmd.Words[0].Text); err == nil && spec.Name == "redo" {
					return nil, errors.New("command " + args[0].Text + " is a redo itself")
				}
			}
			return Evaluated{env.Loop.Eval(ctx, "", strings.NewReader(lines[n]))}, nil
		}
	},
}
