package zkcmd

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Answer is the result of 4lw: what a server says of itself.
type Answer struct {
	Server string `json:"server"`
	Word   string `json:"word"`
	Text   string `json:"answer"`
}

// View is the answer as it came.
func (a Answer) View() render.View {
	if a.Text == "" {
		return render.Empty{}
	}
	return render.Text{Lines: strings.Split(strings.TrimSuffix(a.Text, "\n"), "\n")}
}

var fourLetter = command.Spec{
	Name:  "4lw",
	Group: command.Ensemble,
	Args: []command.Arg{
		{Name: "WORD", Kind: command.Text, Values: []string{"ruok", "srvr", "stat", "mntr", "conf", "cons", "dump",
			"envi", "isro", "wchs", "wchc", "wchp", "dirs", "hash", "lsnp", "gtmk", "orst", "srst", "crst"}},
		{Name: "SERVER", Kind: command.Server, Optional: true},
	},
	Short: "ask a server with a four-letter word",
	Long: "Without SERVER it is the one that the session is connected to. Servers answer the words that their\n" +
		"4lw.commands.whitelist allows.",
	Examples: []command.Example{
		{Line: "4lw srvr", Means: "the server's role, zxid and counts"},
		{Line: "4lw ruok 127.0.0.1:2182", Means: "imok, if another server runs"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			word := args[0].Text
			if len(word) != 4 {
				return nil, command.Usagef("%s: a four-letter word has four letters", lex.Quote(word))
			}
			server := env.Session.Server()
			if server == "" {
				server = env.Session.Servers()
			}
			if len(args) > 1 {
				server = args[1].Text
			}
			text, err := env.Client.FourLetter(ctx, server, word)
			if err != nil {
				return nil, err
			}
			return Answer{Server: server, Word: word, Text: text}, nil
		}
	},
}
